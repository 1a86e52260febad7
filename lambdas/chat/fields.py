"""Types of fields that several bodies have, and what is made of values that are not quite so."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

from msgspec import Meta

from lambdas.common.tolerance import Bounds, Rule

JsonObject = dict[str, Any]
# Names and ids as others gave them; lambdas.chat.tools makes what Bedrock takes of them.
Name = Annotated[str, Meta(min_length=1, max_length=256)]
NonEmptyText = Annotated[str, Meta(pattern=r"\S")]
SessionId = Annotated[str, Meta(min_length=1, max_length=64)]
Results = Annotated[int, Meta(ge=1, le=100)]
Tokens = Annotated[int, Meta(ge=1, le=1_000_000)]
StopText = Annotated[str, Meta(max_length=500)]

# OpenAI's range; Bedrock's ends at 1.
TEMPERATURE: Final = Bounds(minimum=0, maximum=1, widest=2)
MOST_TOKENS: Final = Bounds(minimum=1, maximum=1_000_000, widest=2**63)

# What other products call a field of the documents' or of sessions, and what it is called here. Without it the answer
# would be of all documents, or of nothing that was said before.
FILTER: Final = ("filter", ("filters", "where", "metadata_filter"))
SESSION: Final = ("session", ("session_id", "conversation_id"))


def misnamed(place: str, names: tuple[str, Sequence[str]]) -> Iterator[Rule]:
    """Yield rules that refuse other names of a field.

    Args:
        place: what stands before it, as ``quarry.``.
        names: its own, and the others.
    """
    name, others = names
    for other in others:
        yield Rule(
            field=f"{place}{other}",
            neutral=("", {}, [], 0, {"type": "text"}),
            otherwise="refuse",
            about=f"the field is `{name}`.",
        )
