"""The knowledge base as the inference functions see it: what they are told of it, and that they may search it."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm

from configuration import regions
from configuration.knowledge.models import resolve
from configuration.knowledge.section import Chunking, FixedChunks, HierarchicalChunks, SemanticChunks
from configuration.parameters import ParameterNames
from lambdas.knowledge.settings import LONGEST_PASSAGE, KnowledgeSettings, Reranking
from stacks.components.environment_stack import EnvironmentStack
from stacks.knowledge import permissions


def asked_knowledge(stack: EnvironmentStack) -> KnowledgeSettings | None:
    """Return what the functions are told; None if the environment has no knowledge base."""
    knowledge = stack.config.knowledge
    if knowledge is None:
        return None
    models = resolve(knowledge, aliases=stack.config.alias_targets)
    reranking = None
    if knowledge.reranking and models.reranker:
        arn = permissions.reranker_arn(stack=stack, model=models.reranker)
        reranking = Reranking(model_arn=arn, results=knowledge.reranking.results)
    return KnowledgeSettings(
        id=_knowledge_base_id(stack),
        alias=models.alias,
        results=knowledge.results,
        search=knowledge.search,
        score_threshold=knowledge.least_score,
        metadata=dict(knowledge.metadata),
        reranking=reranking,
        grounding_check=knowledge.grounding_check,
        grounding_characters=_grounding_characters(stack.config.region) if knowledge.grounding_check else 50_000,
        passage_tokens=passage_tokens(knowledge.chunking) or LONGEST_PASSAGE,
        parameter=ParameterNames(stack.config).knowledge_id,
    )


def grant_ask(grantee: iam.IRole, *, stack: EnvironmentStack) -> None:
    """Allow finding passages, if the environment has a knowledge base: in this one, and in one that takes its place."""
    config = stack.config
    if config.knowledge:
        permissions.grant_retrieve(
            grantee, stack=stack, knowledge_base_id=_knowledge_base_id(stack), environment=config.name
        )
        permissions.grant_read_id(grantee, stack=stack, parameter=ParameterNames(config).knowledge_id)


def passage_tokens(chunking: Chunking) -> int | None:
    """Return how many tokens a passage that is found can have; None if nothing limits it."""
    match chunking:
        case FixedChunks() | SemanticChunks():
            return chunking.max_tokens
        case HierarchicalChunks():
            # A child is found, and its parent is what comes back.
            return chunking.parent_tokens
        case _:
            return None


def _grounding_characters(region: str) -> int:
    return 100_000 if region in regions.offers().long_grounding_sources.regions else 50_000


def _knowledge_base_id(stack: EnvironmentStack) -> str:
    return ssm.StringParameter.value_for_string_parameter(stack, ParameterNames(stack.config).knowledge_id)
