"""What AWS refuses of a knowledge base only when it is half deployed, told when the environment file is loaded.

Each rule raises ValueError with the path in the file, the value, the rule and what would do.
"""

from configuration import regions
from configuration.aliases import AliasTargets
from configuration.guardrail import GuardrailPolicy
from configuration.knowledge import s3_vectors
from configuration.knowledge.models import KnowledgeModels, refusal, resolve
from configuration.knowledge.section import HierarchicalChunks, Knowledge, WholeDocuments
from configuration.names import physical_name


def check(knowledge: Knowledge, *, environment: str, aliases: AliasTargets, guardrail: GuardrailPolicy) -> None:
    """Check everything of the section that a single value cannot tell.

    Args:
        environment: name of the environment.
        guardrail: its policy, which a grounding check goes by.

    Raises:
        ValueError: the first rule that does not hold.
    """
    if "--" in physical_name(environment, "knowledge"):
        raise ValueError(
            f"name: {environment!r} is not accepted: Bedrock takes no two hyphens in a row in a knowledge base's name. "
            "Leave one out, or the section knowledge"
        )
    models = resolve(knowledge, aliases=aliases)
    if isinstance(knowledge.chunking, HierarchicalChunks):
        _check_levels(knowledge.chunking)
    _check_chunks_fit_the_model(knowledge, models)
    _check_vectors(knowledge, models)
    if knowledge.vector_store == "s3_vectors":
        _check_s3_vectors(knowledge, region=aliases.region)
    if knowledge.reranking and knowledge.reranking.results > knowledge.results:
        raise refusal(
            "reranking.results",
            knowledge.reranking.results,
            f"a reranker keeps the best of the passages found, and only {knowledge.results} are. Raise "
            "knowledge.results, to about four times as many",
        )
    if knowledge.grounding_check and guardrail.grounding is None:
        raise refusal(
            "grounding_check",
            True,
            "the guardrail's policy says nothing of grounding. Add to the policy's file, for example: "
            "grounding: {grounding: 0.7, relevance: 0.5}",
        )


def _check_levels(chunking: HierarchicalChunks) -> None:
    parent, child, overlap = chunking.parent_tokens, chunking.child_tokens, chunking.overlap_tokens
    if parent <= child:
        raise refusal(
            "chunking.parent_tokens",
            parent,
            f"a parent holds several children, so it has to be larger than child_tokens, {child}. Write {5 * child} "
            "or make the children smaller",
        )
    if overlap >= child:
        raise refusal(
            "chunking.overlap_tokens",
            overlap,
            f"each child has to bring something new, so it has to be smaller than child_tokens, {child}. Write "
            f"{max(1, child // 5)}",
        )


def _check_chunks_fit_the_model(knowledge: Knowledge, models: KnowledgeModels) -> None:
    chunking, limit = knowledge.chunking, models.embedding.capabilities.chunk_tokens
    if isinstance(chunking, WholeDocuments) or limit is None:
        return
    name = "child_tokens" if isinstance(chunking, HierarchicalChunks) else "max_tokens"
    tokens = getattr(chunking, name)
    if tokens > limit:
        raise refusal(
            f"chunking.{name}",
            tokens,
            f"{models.embedding.model_id} takes chunks of up to {limit} tokens. Write {limit} or less",
        )


def _check_vectors(knowledge: Knowledge, models: KnowledgeModels) -> None:
    offered = models.embedding.capabilities.vector_types
    if not offered:
        raise refusal(
            "embedding",
            knowledge.embedding,
            f"no knowledge base takes {models.embedding.model_id}. Put amazon.titan-embed-text-v2:0 behind it, or name "
            "another alias",
        )
    if knowledge.vector_type == "binary" and "BINARY" not in offered:
        raise refusal(
            "vector_type",
            "binary",
            f"{models.embedding.model_id} makes no binary vectors. Write float32",
        )


def _check_s3_vectors(knowledge: Knowledge, *, region: str) -> None:
    if region not in regions.offers().s3_vectors.regions:
        raise refusal(
            "vector_store",
            knowledge.vector_store,
            f"{region} has no S3 Vectors. Write opensearch_serverless, or take another region",
        )
    instead = "Leave it out, or write vector_store: opensearch_serverless"
    if knowledge.vector_type == "binary":
        raise refusal("vector_type", "binary", f"S3 Vectors keeps float32 only. {instead}")
    if knowledge.search == "hybrid":
        raise refusal("search", "hybrid", f"S3 Vectors searches by meaning only. {instead}")
    if knowledge.standby:
        raise refusal("standby", True, f"replicas are those of OpenSearch collections. {instead}")
    if knowledge.vpc_endpoints:
        raise refusal("vpc_endpoints", knowledge.vpc_endpoints, f"they are those of OpenSearch collections. {instead}")
    if len(knowledge.metadata) > s3_vectors.MAX_FIELDS:
        raise refusal(
            "metadata",
            f"{len(knowledge.metadata)} fields",
            f"a vector in S3 Vectors carries up to {s3_vectors.MAX_FIELDS}. Leave out those that nobody filters by",
        )
    chunking = knowledge.chunking
    if isinstance(chunking, HierarchicalChunks):
        most = s3_vectors.MAX_FAMILY_TOKENS
        if chunking.parent_tokens + chunking.child_tokens > most:
            raise refusal(
                "chunking.parent_tokens",
                chunking.parent_tokens,
                "S3 Vectors keeps 40 KB with a vector, and Bedrock puts the child's text and its parent's there; "
                f"together they may have {most:,} tokens. Write {most - chunking.child_tokens} or less, or "
                "vector_store: opensearch_serverless",
            )
