"""The body of ``POST /v1/embeddings``, as OpenAI's API has it, and what is made of values that are not quite so."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from lambdas.common.errors import InvalidRequestError
from lambdas.common.tolerance import Reader, Rule

# Source: OpenAI's limit of texts per request. A text has 50,000 characters with Titan.
MOST_TEXTS: Final = 2_048
MOST_CHARACTERS: Final = 50_000

Text = Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]

RULES: Final = (
    Rule(field="user", otherwise="ignore", about="a label for OpenAI's own abuse detection"),
    Rule(field="encoding_format", neutral=("",), about="the default"),
    Rule(field="dimensions", neutral=(0,), about="the model's own"),
)


class EmbeddingRequest(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/embeddings``."""

    model: Annotated[str, Meta(min_length=1)]
    input: Text | Annotated[list[Text], Meta(min_length=1, max_length=MOST_TEXTS)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, Meta(ge=1)] | None = None
    user: str | None = None

    @property
    def texts(self) -> list[str]:
        """The texts, one or many."""
        return [self.input] if isinstance(self.input, str) else self.input


class _EmbeddingReader(Reader[EmbeddingRequest]):
    """Tells who sends tokens which setting helps: clients make them by themselves for models of OpenAI's."""

    def convert(self, given: Any) -> Any:
        texts = given.get("input") if isinstance(given, dict) else None
        first = texts[0] if isinstance(texts, list) and texts else None
        if isinstance(first, int | list) and not isinstance(first, bool):
            raise InvalidRequestError(
                "`input` has tokens of one of OpenAI's models, which mean nothing to this one. Send texts: with "
                "LangChain's OpenAIEmbeddings set `check_embedding_ctx_length=False`.",
                param="input",
                code="unsupported_parameter",
            )
        return super().convert(given)


READER: Final = _EmbeddingReader(EmbeddingRequest, RULES)
