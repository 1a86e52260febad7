"""What a function has to be told to answer chat requests."""

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from lambdas.common.settings import EnvSettings


class CalledByArn(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A candidate that is the account's own: a custom model, or an application inference profile.

    Attributes:
        arn: what Converse is given.
        stands_for: id of the model that it was made of, or of the model or system inference profile that it copies.
    """

    arn: str
    stands_for: str


class Promoted(Struct, frozen=True):
    """A candidate that was tuned and stands before the configured ones, until it falls back.

    Attributes:
        arn: of its deployment or provisioned throughput: what Converse is given.
        stands_for: id of the model that it was made of.
        run: the run of tuning that made it.
    """

    arn: str
    stands_for: str
    run: str


# Where Bedrock is asked to keep what it has read. ``asked``: where a request has `cache_control`; ``automatic``: where
# no request says so, behind what is long; ``off``: nowhere.
PromptCaching = Literal["asked", "automatic", "off"]

# A candidate as the function is told of it. What its id does not say, the catalogue does: so 30 aliases fit into the
# 4 KB of Lambda's environment.
CandidateEntry = str | CalledByArn


@dataclass(frozen=True, kw_only=True)
class ChatSettings(EnvSettings):
    """How models are called. Which ones, ``lambdas.chat.aliases`` knows.

    Attributes:
        guardrail_id: id of the guardrail that every call passes through.
        guardrail_version: its immutable version.
        read_timeout_seconds: how long a call to Bedrock may take; below the function's own time-out.
        max_attempts: calls to Bedrock per candidate while it throttles or fails, the first included.
        default_max_tokens: tokens that an answer may have where a request does not say.
        default_max_tokens_of: the same for single aliases.
        strict: whether only what the reference has is accepted of a request.
        reply_model: whether the `model` of an answer is what was ``asked`` for or who ``answered``.
        prompt_caching: where Bedrock is asked to keep what it has read, as ``lambdas.chat.caching`` has it.
        judge_tool_descriptions: whether the guardrail is shown the descriptions of a request's tools.
        call_seconds: how long the function itself may run; older reservations are swept.
    """

    guardrail_id: str
    guardrail_version: str
    read_timeout_seconds: float
    max_attempts: int
    default_max_tokens: int
    default_max_tokens_of: dict[str, int]
    call_seconds: int
    # The knobs' own defaults are not written: a function's variables have 4,096 bytes in all.
    strict: bool = False
    reply_model: Literal["asked", "answered"] = "asked"
    prompt_caching: PromptCaching = "asked"
    judge_tool_descriptions: bool = True
