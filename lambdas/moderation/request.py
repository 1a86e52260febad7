"""The body of ``POST /v1/moderations``, as OpenAI's API has it."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from lambdas.common.errors import InvalidRequestError
from lambdas.common.tolerance import Reader, Rule

# Bounds of our own: each text is a call of the guardrail, a long one several.
MOST_TEXTS: Final = 32
MOST_CHARACTERS: Final = 100_000

ModeratedText = Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]


class ModeratedPart(Struct, tag_field="type", tag="text", forbid_unknown_fields=True):
    """A part of what is judged: text. The guardrail sees no images here."""

    text: ModeratedText


class ModerationRequest(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/moderations``: a text, texts that are judged each by itself, or one text in parts.

    Attributes:
        model: accepted and not used: who judges is the environment's guardrail.
        source: what it is judged as: ``input`` as prompts are, ``output`` as answers are.
    """

    input: ModeratedText | Annotated[list[ModeratedText | ModeratedPart], Meta(min_length=1, max_length=MOST_TEXTS)]
    model: str | None = None
    source: Literal["input", "output"] = "input"

    @property
    def texts(self) -> list[str]:
        """What is judged, each by itself."""
        if isinstance(self.input, str):
            return [self.input]
        parts = [part.text for part in self.input if isinstance(part, ModeratedPart)]
        texts = [part for part in self.input if isinstance(part, str)]
        return [*texts, "\n".join(parts)] if parts else texts


class _ModerationReader(Reader[ModerationRequest]):
    """Tells who sends images that they are not judged: an answer without them would look as if they had been."""

    def convert(self, given: Any) -> Any:
        parts = given.get("input") if isinstance(given, dict) else None
        for place, part in enumerate(parts if isinstance(parts, list) else ()):
            if isinstance(part, dict) and part.get("type") == "image_url":
                raise InvalidRequestError(
                    "The guardrail judges no images here. Send texts.",
                    param=f"input[{place}].type",
                    code="unsupported_parameter",
                )
        return super().convert(given)


RULES: Final = (Rule(field="model", kind=str, about="who judges is the environment's guardrail"),)
READER: Final = _ModerationReader(ModerationRequest, RULES)
