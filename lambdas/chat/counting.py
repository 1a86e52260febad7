"""How many tokens a model would read: counted by Bedrock where the model's tokeniser is to be had, else estimated.

Bedrock counts for Claude alone, by the model's own id, never by a profile's. Source: Bedrock user guide, "Monitor your
token usage by counting tokens before running inference"; counting costs nothing.
"""

from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from lambdas.allowances.estimate import input_tokens
from lambdas.chat.blocks import Block
from lambdas.chat.candidates import Candidate
from lambdas.chat.errors import error_code
from lambdas.common.observability import logger

_COUNTED: Final = "anthropic."
# Of Converse's arguments, those that CountTokens takes.
_TAKEN: Final = ("messages", "system", "toolConfig", "additionalModelRequestFields")


class CountingClient(Protocol):
    """The one call that is made, with Bedrock's own shapes."""

    def count_tokens(self, **kwargs: Any) -> dict[str, Any]:
        """Count."""
        ...


class Count(Struct, frozen=True):
    """Tokens, and whether they are an estimate."""

    tokens: int
    estimated: bool


def is_counted(base_model_id: str) -> bool:
    """Return whether Bedrock counts tokens for a model."""
    return base_model_id.startswith(_COUNTED)


def count(client: CountingClient, candidate: Candidate, arguments: Block) -> Count:
    """Return how many tokens a candidate would read of Converse's arguments."""
    if is_counted(candidate.base_model_id):
        read = {name: arguments[name] for name in _TAKEN if name in arguments}
        try:
            reply = client.count_tokens(modelId=candidate.base_model_id, input={"converse": read})
            return Count(reply["inputTokens"], estimated=False)
        except (ClientError, BotoCoreError, KeyError) as error:
            # Not every Claude is counted everywhere: an estimate is worth more than an error.
            logger.info("tokens not counted", extra={"model_id": candidate.base_model_id, "reason": error_code(error)})
    return Count(input_tokens(arguments).likely, estimated=True)
