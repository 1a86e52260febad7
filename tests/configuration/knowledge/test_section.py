"""The section `knowledge`: what AWS would refuse is refused when the file is loaded, with the rule and the way out."""

from typing import Any

import pytest
from pydantic import ValidationError

from configuration.config import Config
from configuration.environment_file import load
from configuration.knowledge import models
from configuration.knowledge.section import Knowledge
from configuration.section import sentence
from tests.stacks.knowledge.variants import S3
from tests.varying import Vary

HIERARCHICAL = {"strategy": "hierarchical", "parent_tokens": 1500, "child_tokens": 300, "overlap_tokens": 60}
SEMANTIC = {"strategy": "semantic", "max_tokens": 300, "buffer_size": 0, "breakpoint_percentile": 95}


def problems(change: dict[str, Any], *, region: str = "us-east-1", aliases: dict[str, Any] | None = None) -> list[str]:
    """Return what is told of dev with its section changed, as environment_file tells it."""
    document = load("dev").model_dump()
    document["region"] = region
    document["models"]["aliases"] |= aliases or {}
    document["knowledge"] = {**document["knowledge"], **change}
    with pytest.raises(ValidationError) as refused:
        Config.model_validate(document)
    return [sentence(detail) for detail in refused.value.errors(include_url=False)]


# What is changed; the path and the value; the rule; the way out.
REFUSED: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {"chunking": {"strategy": "fixed", "overlap_percent": 100}},
        "knowledge.chunking.overlap_percent: 100 is not accepted: expected 1 to 99",
        "each chunk has to bring something",
        "Write 20",
    ),
    ({"chunking": {"strategy": "fixed", "overlap_percent": 0}}, "overlap_percent: 0 is not", "1 to 99", "Write 20"),
    (
        {"chunking": {"strategy": "fixed", "max_tokens": 8193}},
        "knowledge.chunking.max_tokens: 8193 is not accepted: expected 1 to 8192",
        "Bedrock takes chunks of up to 8,192 tokens",
        "Write 300",
    ),
    (
        {"chunking": {"strategy": "sliding"}},
        "knowledge.chunking: strategy: 'sliding' is not accepted",
        "expected one of",
        "fixed, none, hierarchical, semantic",
    ),
    (
        {"chunking": {**HIERARCHICAL, "parent_tokens": 300}},
        "knowledge.chunking.parent_tokens: 300 is not accepted",
        "larger than child_tokens, 300",
        "Write 1500",
    ),
    (
        {"chunking": {**HIERARCHICAL, "overlap_tokens": 300}},
        "knowledge.chunking.overlap_tokens: 300 is not accepted",
        "smaller than child_tokens, 300",
        "Write 60",
    ),
    (
        {"chunking": {**SEMANTIC, "breakpoint_percentile": 49}},
        "knowledge.chunking.breakpoint_percentile: 49 is not accepted: expected 50 to 99",
        "chunks are split where",
        "Write 95",
    ),
    (
        {"chunking": {**SEMANTIC, "buffer_size": 2}},
        "knowledge.chunking.buffer_size: 2 is not accepted: expected 0 to 1",
        "compared alone (0) or",
        "Write 0",
    ),
    (
        {"dimensions": 1536},
        "knowledge.dimensions: 1536 is not accepted",
        "amazon.titan-embed-text-v2:0 makes 1024 or 512 or 256",
        "Write one of them",
    ),
    (
        {"embedding": "nope"},
        "knowledge.embedding: 'nope' is not accepted",
        "expected an alias of models.aliases with an embedding model",
        "embed",
    ),
    (
        {"embedding": "fast"},
        "knowledge.embedding: 'fast' is not accepted",
        "its models make no vectors",
        "Name an alias with an embedding model: embed",
    ),
    (
        {"parsing": {"strategy": "foundation_model", "model": "embed"}},
        "knowledge.parsing.model: 'embed' is not accepted",
        "pages are looked at as images",
        "fast, smart",
    ),
    (
        {"parsing": {"strategy": "foundation_model"}},
        "knowledge.parsing.model: None is not accepted",
        "expected an alias whose model reads images",
        "fast, smart",
    ),
    (
        {"parsing": {"prompt": "Read tables."}},
        "knowledge.parsing.prompt: 'Read tables.' is not accepted",
        "nothing obeys it with strategy default",
        "Write strategy: foundation_model",
    ),
    (
        {"alias": "embed"},
        "knowledge.alias: 'embed' is not accepted",
        "expected an alias that can chat",
        "fast, smart",
    ),
    (
        {"reranking": {"model": "amazon.rerank-v1:0"}},
        "knowledge.reranking.model: 'amazon.rerank-v1:0' is not accepted",
        "us-east-1 does not have it; ap-northeast-1, ca-central-1, eu-central-1, us-west-2 do",
        "us-east-1 has cohere.rerank-v3-5:0",
    ),
    (
        {"reranking": {"model": "amazon.nova-pro-v1:0"}},
        "knowledge.reranking.model: 'amazon.nova-pro-v1:0' is not accepted",
        "expected a model that reranks",
        "us-east-1 has cohere.rerank-v3-5:0",
    ),
    (
        {"reranking": {"model": "cohere.rerank-v3-5:0", "results": 6}},
        "knowledge.reranking.results: 6 is not accepted",
        "keeps the best of the passages found, and only 5 are",
        "Raise knowledge.results",
    ),
    (
        {"grounding_check": True},
        "knowledge.grounding_check: True is not accepted",
        "the guardrail's policy says nothing of grounding",
        "grounding: {grounding: 0.7, relevance: 0.5}",
    ),
    (
        {"metadata": {"x-amz-bedrock-kb-source": "string"}},
        "knowledge.metadata.x-amz-bedrock-kb-source: 'x-amz-bedrock-kb-source' is not accepted",
        "are Bedrock's own",
        "another name",
    ),
    (
        {"metadata": {"AMAZON_BEDROCK_TEXT": "string"}},
        "knowledge.metadata.AMAZON_BEDROCK_TEXT: 'AMAZON_BEDROCK_TEXT' is not accepted",
        "are Bedrock's own",
        "another name",
    ),
    ({"metadata": {"any": "string"}}, "knowledge.metadata.any: 'any' is not", "words of the filters", "another name"),
    ({"metadata": {"a.b": "string"}}, "knowledge.metadata.a.b: 'a.b' is not", "a letter and then", "another name"),
    ({"metadata": {"day": "date"}}, "knowledge.metadata.day: 'date' is not accepted", "expected", "'number'"),
    (
        {**S3, "vector_type": "binary"},
        "knowledge.vector_type: 'binary' is not accepted",
        "S3 Vectors keeps float32 only",
        "vector_store: opensearch_serverless",
    ),
    (
        {**S3, "search": "hybrid"},
        "knowledge.search: 'hybrid' is not accepted",
        "S3 Vectors searches by meaning only",
        "vector_store: opensearch_serverless",
    ),
    (
        {**S3, "standby": True},
        "knowledge.standby: True is not accepted",
        "replicas are those of OpenSearch",
        "vector_store: opensearch_serverless",
    ),
    (
        {**S3, "vpc_endpoints": ["vpce-0123456789abcdef0"]},
        "knowledge.vpc_endpoints: ['vpce-0123456789abcdef0'] is not accepted",
        "those of OpenSearch collections",
        "vector_store: opensearch_serverless",
    ),
    (
        {**S3, "metadata": {f"field{number}": "string" for number in range(36)}},
        "knowledge.metadata: '36 fields' is not accepted",
        "carries up to 35",
        "Leave out",
    ),
    (
        {**S3, "chunking": {**HIERARCHICAL, "parent_tokens": 6000}},
        "knowledge.chunking.parent_tokens: 6000 is not accepted",
        "S3 Vectors keeps 40 KB with a vector",
        "Write 5700 or less",
    ),
    ({"propagation_seconds": 301}, "knowledge.propagation_seconds: 301 is not", "less than", "300"),
    ({"vpc_endpoints": ["eni-1"]}, "knowledge.vpc_endpoints.0: 'eni-1' is not accepted", "expected pattern", "vpce-"),
    ({"ingestion": {"alarm_email": "nobody"}}, "knowledge.ingestion.alarm_email: 'nobody' is", "expected pattern", "@"),
    ({"shards": 3}, "knowledge.shards: unknown key", "knowledge has no", "'shards'"),
]


@pytest.mark.parametrize(("change", "path", "rule", "fix"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_aws_would_refuse_is_told_with_path_value_rule_and_fix(
    change: dict[str, Any], path: str, rule: str, fix: str
) -> None:
    (told,) = problems(change)

    assert path in told
    assert rule in told
    assert fix in told


def test_coheres_models_take_shorter_chunks() -> None:
    cohere = {"embed": ["cohere.embed-multilingual-v3"]}

    (fixed,) = problems({"chunking": {"strategy": "fixed", "max_tokens": 513}}, aliases=cohere)
    (child,) = problems({"chunking": {**HIERARCHICAL, "child_tokens": 600}}, aliases=cohere)

    assert "knowledge.chunking.max_tokens: 513 is not accepted" in fixed
    assert "cohere.embed-multilingual-v3 takes chunks of up to 512 tokens. Write 512 or less" in fixed
    assert "knowledge.chunking.child_tokens: 600 is not accepted" in child


def test_coheres_v3_has_one_length_and_v4_has_four() -> None:
    (told,) = problems({"dimensions": 512}, aliases={"embed": ["cohere.embed-multilingual-v3"]})
    (other,) = problems({"dimensions": 2048}, aliases={"embed": ["cohere.embed-v4:0"]})

    assert "cohere.embed-multilingual-v3 makes 1024. Write" in told
    assert "cohere.embed-v4:0 makes 1536 or 1024 or 512 or 256" in other


def test_a_model_behind_a_profile_makes_no_index() -> None:
    (told,) = problems({}, region="us-east-2", aliases={"embed": ["cohere.embed-v4:0"]})

    assert "knowledge.embedding: 'embed' is not accepted" in told
    assert "us.cohere.embed-v4:0 is no model of us-east-2 itself" in told
    assert "Give the alias one of amazon.titan-embed-text-v2:0" in told


def test_a_model_that_no_knowledge_base_takes_is_refused() -> None:
    (told,) = problems({}, aliases={"embed": ["amazon.nova-2-multimodal-embeddings-v1:0"]})

    assert "knowledge.embedding: 'embed' is not accepted: no knowledge base takes amazon.nova-2-multimodal" in told


def test_binary_vectors_need_a_model_that_makes_them() -> None:
    (told,) = problems({"vector_type": "binary"}, aliases={"embed": ["cohere.embed-v4:0"]})

    assert "cohere.embed-v4:0 makes no binary vectors. Write float32" in told


def test_the_first_model_that_the_region_has_makes_the_vectors(vary: Vary) -> None:
    document = vary().model_dump()
    aliases = {**document["models"]["aliases"], "embed": ["cohere.embed-v4:0", "amazon.titan-embed-text-v2:0"]}
    config = vary(region="us-east-2", models={"aliases": aliases})

    assert config.knowledge
    found = models.resolve(config.knowledge, aliases=config.alias_targets)

    assert (found.embedding.model_id, found.dimensions) == ("amazon.titan-embed-text-v2:0", 1024)


@pytest.mark.parametrize("name", ["team--a", "team-"])
def test_an_environments_name_has_to_do_for_a_knowledge_base_too(vary: Vary, name: str) -> None:
    with pytest.raises(ValidationError, match=f"name: '{name}' is not accepted: Bedrock takes no two hyphens in a row"):
        vary(name=name)

    assert vary(name=name, knowledge=None).name == name


def test_what_is_left_out_is_the_cheapest_that_works(vary: Vary) -> None:
    config = Config.model_validate({**vary().model_dump(), "knowledge": {}})

    assert config.knowledge
    assert not config.knowledge.standby
    assert config.knowledge.reranking is None
    assert models.resolve(config.knowledge, aliases=config.alias_targets).alias == "fast"


def test_the_section_can_be_left_out(vary: Vary) -> None:
    document = vary().model_dump()
    del document["knowledge"]

    assert Config.model_validate(document).knowledge is None


def test_a_grounding_check_is_accepted_where_the_policy_has_thresholds(vary: Vary) -> None:
    policy = {**vary().guardrail.model_dump(), "grounding": {"grounding": 0.7, "relevance": 0.5}}

    config = vary(guardrail=policy, knowledge={"grounding_check": True})

    assert config.knowledge
    assert config.knowledge.grounding_check


@pytest.mark.parametrize(
    ("knobs", "least"),
    [
        ({}, 0.4),
        ({"search": "hybrid"}, 0.4),
        (S3, 0.4),
        ({"vector_type": "binary"}, 0.0),
        ({"reranking": {"model": "cohere.rerank-v3-5:0"}, "results": 20}, 0.1),
        ({"vector_type": "binary", "reranking": {"model": "cohere.rerank-v3-5:0"}, "results": 20}, 0.1),
        ({"vector_type": "binary", "score_threshold": 0.003}, 0.003),
        ({"score_threshold": 0}, 0.0),
    ],
)
def test_the_least_score_goes_by_what_gives_the_score(knobs: dict[str, object], least: float) -> None:
    assert Knowledge.model_validate(knobs).least_score == least
