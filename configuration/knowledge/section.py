"""The section `knowledge` of an environment file: documents, how they are indexed, and how they answer.

What AWS refuses of it is refused when the file is loaded: single values here, relations in ``rules``.
Sources: Bedrock user guide (knowledge-base-setup, kb-chunking, knowledge-base-supported), the registry schemas of
AWS::Bedrock::KnowledgeBase and DataSource, and CreateDataSource's own refusals as cdk-preflight recorded them.
"""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from configuration.section import Alias, ModelId, Section, within
from lambdas.knowledge.fields import FieldType, is_bedrocks_own
from lambdas.knowledge.filters import GROUPS

MAX_CHUNK_TOKENS: Final = 8192
FIELD_NAME: Final = r"[A-Za-z][A-Za-z0-9_-]{0,62}"

# Least scores by what gives them. Vectors of length 1 at the Euclidean distance d score 1/(1 + d²) in OpenSearch (k-NN,
# "Spaces"): a third where they have nothing in common, one half at a cosine of 0.5; 0.4 is a cosine of 0.25. S3 Vectors
# measures the same distance; AWS does not say how it becomes a score.
EUCLIDEAN: Final = 0.4
# Binary vectors score 1/(1 + the number of bits that differ): 0.004 where a quarter of 1,024 do, 0.002 where half do,
# as of texts that have nothing in common. No number in between holds for other lengths.
HAMMING: Final = 0.0
# Rerankers score relevance from 0 to 1, whatever found the passages: near 0 what has nothing to do with the question.
RERANKED: Final = 0.1

_BEDROCKS_CHUNKS: Final = (
    "Bedrock takes chunks of up to 8,192 tokens. Write 300, Bedrock's default, unless measurements say otherwise"
)
ChunkTokens = Annotated[int, Field(ge=1, le=MAX_CHUNK_TOKENS), within(1, MAX_CHUNK_TOKENS, _BEDROCKS_CHUNKS)]
OverlapPercent = Annotated[
    int,
    Field(ge=1, le=99),
    within(1, 99, "each chunk has to bring something that the one before it does not have, so 100 cannot be. Write 20"),
]
Percentile = Annotated[
    int,
    Field(ge=50, le=99),
    within(50, 99, "chunks are split where neighbouring sentences differ more than so many per cent do. Write 95"),
]
BufferSize = Annotated[
    int,
    Field(ge=0, le=1),
    within(0, 1, "a sentence is compared alone (0) or together with its neighbours (1). Write 0"),
]


def _field_name(name: Any) -> Any:
    """Return a metadata field's name if Bedrock, the store and our filters take it."""
    if not isinstance(name, str):
        return name
    if not re.fullmatch(FIELD_NAME, name):
        raise ValueError(
            f"{name!r} is not accepted: a name is a letter and then up to 62 letters, digits, _ or -; OpenSearch reads "
            "more into other characters. Give the field another name, here and in the documents' sidecars"
        )
    if is_bedrocks_own(name):
        raise ValueError(
            f"{name!r} is not accepted: names that begin with x-amz-bedrock- or AMAZON_BEDROCK_ are Bedrock's own. "
            "Give the field another name, here and in the documents' sidecars"
        )
    if name in GROUPS:
        raise ValueError(
            f"{name!r} is not accepted: any and all are words of the filters. Give the field another name, here and in "
            "the documents' sidecars"
        )
    return name


FieldName = Annotated[str, Field(pattern=f"^{FIELD_NAME}$"), BeforeValidator(_field_name)]
VpcEndpoint = Annotated[str, Field(pattern=r"^vpce-[0-9a-z]{8,17}$", examples=["vpce-0123456789abcdef0"])]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]


class WholeDocuments(Section):
    """No chunking: each document is one chunk. Citations have no page then."""

    strategy: Literal["none"]


class FixedChunks(Section):
    """Chunks of about the same size, cut at sentences."""

    strategy: Literal["fixed"]

    max_tokens: ChunkTokens = 300
    """Tokens of a chunk at most; 512 at most with Cohere's embedding models."""

    overlap_percent: OverlapPercent = 20
    """How much of a chunk repeats the one before it. What is repeated is embedded and stored twice."""


class HierarchicalChunks(Section):
    """Small chunks are found, and the large ones around them are what the model reads."""

    strategy: Literal["hierarchical"]

    parent_tokens: ChunkTokens = 1500
    """Tokens of what the model reads."""

    child_tokens: ChunkTokens = 300
    """Tokens of what is searched; fewer than the parent's."""

    overlap_tokens: ChunkTokens = 60
    """Tokens that neighbours share; fewer than the child's."""


class SemanticChunks(Section):
    """Chunks end where the meaning changes. Bedrock bills the embedding model for finding out where."""

    strategy: Literal["semantic"]

    max_tokens: ChunkTokens = 300
    """Tokens of a chunk at most."""

    buffer_size: BufferSize = 0
    """Neighbours that a sentence is compared together with."""

    breakpoint_percentile: Percentile = 95
    """How unlike two neighbours must be for a chunk to end: of all neighbours, the share that is more alike."""


STRATEGIES: Final = ("fixed", "none", "hierarchical", "semantic")


def _known_strategy(value: Any) -> Any:
    strategy = value.get("strategy") if isinstance(value, dict) else getattr(value, "strategy", None)
    if strategy not in STRATEGIES:
        raise ValueError(f"strategy: {strategy!r} is not accepted: expected one of {', '.join(STRATEGIES)}")
    return value


def _strategy_tag(value: Any) -> str:
    return f"[{value['strategy'] if isinstance(value, dict) else value.strategy}]"


# The tags are in brackets because environment_file leaves such parts of a path out.
Chunking = Annotated[
    Annotated[FixedChunks, Tag("[fixed]")]
    | Annotated[WholeDocuments, Tag("[none]")]
    | Annotated[HierarchicalChunks, Tag("[hierarchical]")]
    | Annotated[SemanticChunks, Tag("[semantic]")],
    Discriminator(_strategy_tag),
    BeforeValidator(_known_strategy),
]


class Parsing(Section):
    """How text is taken out of documents."""

    strategy: Literal["default", "foundation_model"] = "default"
    """`default` reads text and is free. `foundation_model` has a model look at each page, tables and pictures too."""

    model: Alias | None = None
    """Alias of the model that looks, with `foundation_model`; one that reads images. A page of some 1,600 tokens in and
    800 out costs about 0.0003 USD with Nova Lite, 0.006 USD with Claude Haiku 4.5, again whenever it changes."""

    prompt: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    """What it is told; null is Bedrock's own prompt."""


class Reranking(Section):
    """A second model that puts the passages found into a better order, and keeps the best of them."""

    model: ModelId
    """cohere.rerank-v3-5:0 (about 2 USD per thousand questions) or amazon.rerank-v1:0 (about 1 USD), where the region
    has it."""

    results: Annotated[int, Field(ge=1, le=100)] = 5
    """How many passages it keeps."""


class IngestionOptions(Section):
    """What happens after documents have changed."""

    quiet_seconds: Annotated[int, Field(ge=0, le=900)] = 30
    """How long a change waits for others, so that many uploads make one job."""

    max_minutes: Annotated[int, Field(ge=5, le=1440)] = 60
    """How long a job may take; then it is stopped and reported."""

    alarm_email: Email | None = None
    """Who is written to when documents fail; they confirm the subscription once. Null: whoever subscribes."""


class Knowledge(Section):
    """Documents that questions are answered from. Left out, there is none of it."""

    vector_store: Literal["opensearch_serverless", "s3_vectors"] = "opensearch_serverless"
    """Where vectors live. opensearch_serverless costs 0.24 USD per OCU and hour, whether it is used or not: without
    standby 1 OCU, about 175 USD a month. s3_vectors costs next to nothing idle (0.06 USD per GB and month, 2.50 USD
    per million queries), and has neither hybrid search nor binary vectors. A change builds the new store, fills it
    from the documents, and then takes the old one away."""

    standby: bool = False
    """Whether OpenSearch keeps replicas in a second zone: 2 OCU instead of 1, about 350 USD a month. A change replaces
    the collection."""

    vpc_endpoints: Annotated[list[VpcEndpoint], Field(max_length=10)] = Field(default=[])
    """OpenSearch's own VPC endpoints (about 0.01 USD per zone and hour each). With any, the collection is reached from
    them and by Bedrock only, apart from the minutes in which CloudFormation makes or deletes the index."""

    embedding: Alias = "embed"
    """Alias of the model that makes the vectors: the first of its models that the region itself has. There is no
    fallback, because vectors of two models cannot be compared; a change replaces the index. Titan Text Embeddings V2
    costs 0.02 USD per million tokens."""

    dimensions: int | None = None
    """Numbers per vector; null is the model's best. Fewer make a smaller, faster index. A change replaces the index."""

    vector_type: Literal["float32", "binary"] = "float32"
    """binary takes a thirty-second of the memory and finds a little less well; OpenSearch only. A change replaces the
    index."""

    chunking: Chunking = FixedChunks(strategy="fixed")
    """How documents are cut. A change replaces the data source: all documents are indexed anew."""

    parsing: Parsing = Parsing()

    metadata: dict[FieldName, FieldType] = Field(default={})
    """Fields of the documents' sidecars that can be filtered by, and their types. With OpenSearch a change replaces the
    index, because OpenSearch fixes a field's type when it first sees it."""

    alias: Alias | None = None
    """Which of `models.aliases` answers; null is the first one there that can chat."""

    results: Annotated[int, Field(ge=1, le=100)] = 5
    """Passages that are found per question. The model reads, and bills, all that pass the threshold."""

    search: Literal["semantic", "hybrid"] = "semantic"
    """hybrid looks for the words as well as for the meaning; OpenSearch only."""

    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """Passages with a lower score are not given to the model. If none is left, the answer is that the documents do not
    say, without a call. null goes by what gives the score: 0.4 of float32 vectors, 0 (all pass) of binary ones, whose
    good matches score some 0.004, and 0.1 of a reranker. Measure with your own questions: docs/knowledge.md."""

    reranking: Reranking | None = None

    grounding_check: bool = False
    """Whether the guardrail stops answers that the passages do not support, by `grounding` of its policy: 0.10 USD per
    1,000 text units of passages, question and answer. An answer has up to 1,000 tokens then."""

    ingestion: IngestionOptions = IngestionOptions()

    propagation_seconds: Annotated[int, Field(ge=0, le=300)] = 90
    """How long a deployment waits, twice, for policies and the index to be known everywhere in AWS."""

    @property
    def least_score(self) -> float:
        """``score_threshold``, or what it is where it is left out: by what gives the score that a passage has last."""
        if self.score_threshold is not None:
            return self.score_threshold
        if self.reranking is not None:
            return RERANKED
        return HAMMING if self.vector_type == "binary" else EUCLIDEAN
