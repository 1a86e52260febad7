"""What is asked of a model, whoever asks and in whichever API's words: the one type between dialects and Bedrock.

A dialect (``lambdas.api.dialects``) reads its request and makes a ``Conversation`` of it; from there on nobody knows
which API it came by. What was said stands in Converse's blocks, which hold everything that any of the APIs can say:
see ``lambdas.chat.spoken``. The answer comes back as a ``Completion`` (``lambdas.chat.told``) or as events
(``lambdas.chat.events``).

Values have Bedrock's ranges. A dialect refuses or fits what is outside of them, in its own words, before.
"""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Literal

from msgspec import Struct

from lambdas.chat.fields import JsonObject, Results
from lambdas.chat.schemas import InexpressibleError, Schema, answer_schema
from lambdas.chat.spoken import Spoken
from lambdas.chat.tools import NO_TOOLS, Toolbox

Effort = Literal["low", "medium", "high"]


class NamedTool(Struct, frozen=True):
    """The one tool that the model has to call, by the caller's name."""

    name: str


ToolChoice = Literal["auto", "none", "required"] | NamedTool


class AnyJson(Struct, frozen=True):
    """An answer that is one JSON object, whichever."""


class JsonOf(Struct, frozen=True, kw_only=True, dict=True):
    """An answer that is JSON of a schema.

    Attributes:
        name: what the caller calls it; any text.
        schema: JSON Schema as the caller wrote it, of an object or of anything else.
    """

    name: str
    schema: Mapping[str, Any]
    description: str | None = None

    @cached_property
    def enforced(self) -> Schema | None:
        """The schema as Bedrock enforces it where the model's family can; None where it cannot be put so."""
        try:
            return answer_schema(self.schema)
        except InexpressibleError:
            return None


# None is any text: the default.
AnswerFormat = AnyJson | JsonOf | None


class Reasoning(Struct, frozen=True, kw_only=True):
    """How much the model is to think before it answers; without one, it is not asked to.

    Attributes:
        effort: how hard, in words; what that is, each family says.
        budget: tokens that it may think at most; wins over ``effort`` where the family counts so.
        told: whether the caller is told what was thought. Signatures, which have to come back with it, go the same way.
    """

    effort: Effort | None = None
    budget: int | None = None
    told: bool = False

    @property
    def is_asked_for(self) -> bool:
        """Whether the model is asked to think. Who only wants to be told what is thought anyway asks for nothing."""
        return self.effort is not None or self.budget is not None


class DocumentSearch(Struct, frozen=True, forbid_unknown_fields=True):
    """What of the documents is searched; `{}` is everything.

    Attributes:
        filter: only documents whose own fields are so.
        results: how many passages are looked for; the environment's number by default.
    """

    filter: JsonObject | None = None
    results: Results | None = None


# Fields of a conversation -> what the dialect's callers call them; those that are not in it go by their own names.
Names = Mapping[str, str]
OWN_NAMES: Final[Names] = MappingProxyType({})


class Conversation(Struct, frozen=True, kw_only=True):
    """What is asked.

    Attributes:
        alias: who is asked.
        spoken: what is said, in Converse's blocks, the caller's own part: a session's past comes before it later.
        toolbox: the tools that the model may call; the caller's names and Bedrock's.
        parallel_tool_calls: whether more than the first of several calls at once is told.
        answer: what form the answer has to have.
        max_tokens: tokens that the answer may have; the alias's number by default.
        stop: texts at which the answer ends; none of only white space.
        tells_stop: whether the caller is told which of them it was, where the model tells.
        labels: Bedrock's ``requestMetadata``, a caller's name for its user among them, as
            ``lambdas.common.request_metadata`` lets them through.
        session: id of a session, whose history goes before ``spoken``, and which keeps this turn.
        goes_on: whether a stored response goes before ``spoken``, which is not read yet.
        documents: what the question is answered from, with citations.
        guardrail_trace: whether the caller is told what the guardrail found.
        waived: fields that are left out, and named, where a model has no word for them; others are refused then. Only
            ``top_k`` may be.
        names: what callers call these fields: errors and ``x-quarry-dropped-parameters`` speak so. Keys are ``alias``,
            ``tools``, ``tool_choice``, ``answer``, ``max_tokens``, ``temperature``, ``top_p``, ``top_k``, ``stop``,
            ``reasoning``, ``session``, ``documents``, ``guardrail_trace``, and ``filter``, of the documents.
    """

    alias: str
    spoken: Spoken
    toolbox: Toolbox = NO_TOOLS
    tool_choice: ToolChoice = "auto"
    parallel_tool_calls: bool = True
    answer: AnswerFormat = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: tuple[str, ...] = ()
    tells_stop: bool = False
    reasoning: Reasoning | None = None
    labels: Mapping[str, str] = {}
    session: str | None = None
    goes_on: bool = False
    documents: DocumentSearch | None = None
    guardrail_trace: bool = False
    waived: frozenset[str] = frozenset()
    names: Names = OWN_NAMES

    def named(self, field: str) -> str:
        """Return what the caller calls a field of this."""
        return self.names.get(field, field)
