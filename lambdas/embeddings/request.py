"""The body of ``POST /v1/embeddings``, as OpenAI's API has it. Other fields are refused by name."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from lambdas.common.json_body import decode

# Source: Cohere's limit of texts per call, kept for all families; a text has 50,000 characters with Titan.
MOST_TEXTS: Final = 96
MOST_CHARACTERS: Final = 50_000

Text = Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]


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


_decoder: Final = msgspec.json.Decoder(EmbeddingRequest)


def parse(body: bytes) -> EmbeddingRequest:
    """Parse and validate a request body.

    Raises:
        InvalidRequestError: with ``param`` naming the field.
    """
    return decode(body, _decoder)
