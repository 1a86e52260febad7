"""What people who call at the same time take of an account. Arithmetic only: nothing here asks AWS.

Everybody is taken to ask at the same moment, and to have asked once before in the same minute. Bedrock takes a call's
input and its ``maxTokens`` off the quota when it begins, and at its end counts the input and the output times the
model's burn-down rate (Bedrock user guide, "quotas-token-burndown"). A stream holds one of Lambda's concurrent
executions for as long as it runs, a call of the authorizer another.
"""

from typing import Final

from lambdas.common.text_units import text_units
from lambdas.common.tokens import CHARACTERS_PER_TOKEN

REQUESTS_PER_MINUTE: Final = 2
# Of a call with some history or a few passages, and of its answer.
INPUT_TOKENS: Final = 2_000
OUTPUT_TOKENS: Final = 500
# So many streams per call of the authorizer at the same time: API Gateway remembers what it said of a key.
STREAMS_PER_AUTHORIZATION: Final = 10


def tokens_per_minute(*, people: int, max_tokens: int, output_burndown: int) -> int:
    """Return what of a model's quota of tokens that many people take in their busiest minute.

    Args:
        max_tokens: how long an answer may be whose request does not say.
        output_burndown: tokens of the quota that a token of the answer takes.
    """
    started = INPUT_TOKENS + max_tokens
    settled = INPUT_TOKENS + min(OUTPUT_TOKENS, max_tokens) * output_burndown
    return people * (max(started, settled) + (REQUESTS_PER_MINUTE - 1) * settled)


def text_units_per_second(*, people: int) -> int:
    """Return how many of them the guardrail is to judge in the second in which all of them ask."""
    return people * text_units(INPUT_TOKENS * CHARACTERS_PER_TOKEN)


def concurrent_executions(*, people: int) -> int:
    """Return how many functions run at once while all of them have a stream open."""
    return people + -(-people // STREAMS_PER_AUTHORIZATION)
