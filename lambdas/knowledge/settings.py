"""What a function is told of the knowledge base: the member ``knowledge`` of its settings.

Settings are read in every cold start, also where nobody asks the documents: nothing that asks is imported here.
"""

from typing import Final, Literal

from msgspec import Struct

from lambdas.knowledge.fields import FieldType

# No passage has more tokens: it could not have been embedded (Titan Text Embeddings V2 reads 8,192).
LONGEST_PASSAGE: Final = 8_192
# The grounding check takes answers of 5,000 characters; English has four to five to a token.
MOST_GROUNDED_TOKENS: Final = 1_000


class Reranking(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which model puts the passages in a better order, and how many of them it keeps."""

    model_arn: str
    results: int


class KnowledgeSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """The knowledge base and how it is asked. Knobs of the environment file have their names from there.

    Attributes:
        id: of the knowledge base, when the functions were deployed.
        parameter: name of the SSM parameter that has the id as it is now; "" leaves it at ``id``.
        alias: who answers unless the request names another.
        results: passages per question unless the request says otherwise.
        search: by meaning alone, or by words too.
        score_threshold: the least score, from 0 to 1, of a passage that is given to the model.
        metadata: the documents' own fields that requests may filter by, and what each holds.
        grounding_check: whether the guardrail holds answers against the passages.
        grounding_characters: how many of passages the region's grounding check takes together.
        passage_tokens: the most tokens of one passage, as the documents were cut.
    """

    id: str
    alias: str
    results: int
    score_threshold: float
    metadata: dict[str, FieldType]
    # What is not written takes nothing of the 4,096 bytes that a function's variables have.
    search: Literal["semantic", "hybrid"] = "semantic"
    reranking: Reranking | None = None
    grounding_check: bool = False
    grounding_characters: int = 50_000
    passage_tokens: int = LONGEST_PASSAGE
    parameter: str = ""
