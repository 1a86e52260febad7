"""The body of ``POST /v1/rerank``, as Cohere's and Jina's APIs have it. Bounds are those of Bedrock's Rerank."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from lambdas.common.tolerance import Reader, Rule

# Source: API reference of Agents for Amazon Bedrock Runtime, Rerank.
MOST_DOCUMENTS: Final = 1_000
MOST_CHARACTERS: Final = 32_000

RerankText = Annotated[str, Meta(min_length=1, max_length=MOST_CHARACTERS)]


class RerankDocument(Struct, forbid_unknown_fields=True):
    """A text in an object."""

    text: RerankText


class RerankRequest(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/rerank``.

    Attributes:
        model: an alias whose model reranks.
        query: what the documents are to answer.
        top_n: how many are returned, best first; all by default.
        return_documents: whether each result has its text.
    """

    model: Annotated[str, Meta(min_length=1)]
    query: RerankText
    documents: Annotated[list[RerankText | RerankDocument], Meta(min_length=1, max_length=MOST_DOCUMENTS)]
    top_n: Annotated[int, Meta(ge=1)] | None = None
    return_documents: bool = False

    @property
    def texts(self) -> list[str]:
        """The documents' texts."""
        return [one if isinstance(one, str) else one.text for one in self.documents]


RULES: Final = (
    Rule(field="top_n", neutral=(0,), about="all of them"),
    Rule(field="max_tokens_per_doc", otherwise="drop", about="the model cuts long documents by itself"),
    Rule(field="max_chunks_per_doc", otherwise="drop", about="the model cuts long documents by itself"),
    Rule(field="priority", otherwise="ignore", about="all calls are of one tier"),
    Rule(field="truncation", neutral=(True,), otherwise="drop", about="the model cuts long documents by itself"),
    Rule(
        field="rank_fields",
        neutral=([], ["text"]),
        otherwise="refuse",
        about="documents are texts here; put what counts into one text.",
    ),
)
READER: Final = Reader(RerankRequest, RULES)
