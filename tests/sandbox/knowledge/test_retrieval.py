"""Retrieve and Rerank: what is found, filtered, answered and refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.knowledge.retrieval import retrieve
from sandbox.model.errors import AwsError
from sandbox.resources.service_api import ApiError, call
from tests.sandbox.knowledge import bases
from tests.sandbox.knowledge.conftest import Base
from tests.sandbox.resources.examples import Template

COHERE = "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"
AMAZON = "arn:aws:bedrock:us-east-1::foundation-model/amazon.rerank-v1:0"

LIBRARY: dict[str, dict[str, Any]] = {
    "old.md": {"department": "Finance", "year": 2023, "public": True, "tags": ["tax", "form"]},
    "new.md": {"department": "Finance", "year": 2025, "public": False},
    "hr.md": {"department": "Human Resources", "year": 2024, "tags": ["form"]},
    "bare.md": {},
}


def _fill(base: Base) -> Base:
    for name, metadata in LIBRARY.items():
        base.put(name, f"The manual called {name[:-3]} explains forms.", **metadata)
    base.sync()
    return base


@pytest.fixture
def filled(base: Base) -> Base:
    return _fill(base)


@pytest.fixture
def search(deploy: Callable[[Template], Base]) -> Base:
    return _fill(deploy(bases.on_search()))


def test_scores_of_binary_vectors_count_the_bits_that_differ(deploy: Callable[[Template], Base]) -> None:
    base = _fill(deploy(bases.on_search(space="hamming")))

    scores = [one["score"] for one in base.retrieve("old forms")]

    # Of 1,024 bits at least one in ten differs, and at most half.
    assert all(1 / 513 <= score < 0.01 for score in scores)
    assert scores == sorted(scores, reverse=True)


def test_a_result_has_the_shape_of_aws(filled: Base) -> None:
    (found,) = filled.retrieve("old", filter={"equals": {"key": "year", "value": 2023}})

    assert 0 < found.pop("score") < 1
    source, chunk = (
        found["metadata"].pop("x-amz-bedrock-kb-data-source-id"),
        found["metadata"].pop("x-amz-bedrock-kb-chunk-id"),
    )
    assert source == filled.names["dataSourceId"]
    assert chunk
    uri = "s3://library/documents/old.md"
    assert found == {
        "content": {"type": "TEXT", "text": "The manual called old explains forms."},
        "location": {"type": "S3", "s3Location": {"uri": uri}},
        "metadata": {**LIBRARY["old.md"], "x-amz-bedrock-kb-source-uri": uri},
    }


def test_results_are_limited(filled: Base) -> None:
    for number in range(5):
        filled.put(f"more{number}.md", "forms and forms")
    filled.sync()

    assert len(filled.retrieve("forms")) == 5
    assert len(filled.retrieve("forms", numberOfResults=7)) == 7


_YEAR = {"equals": {"key": "year", "value": 2024}}
FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"equals": {"key": "department", "value": "Finance"}}, {"old.md", "new.md"}),
    ({"equals": {"key": "public", "value": True}}, {"old.md"}),
    ({"equals": {"key": "year", "value": 2024}}, {"hr.md"}),
    ({"notEquals": {"key": "department", "value": "Finance"}}, {"hr.md", "bare.md"}),
    ({"greaterThan": {"key": "year", "value": 2024}}, {"new.md"}),
    ({"greaterThanOrEquals": {"key": "year", "value": 2024}}, {"new.md", "hr.md"}),
    ({"lessThan": {"key": "year", "value": 2024}}, {"old.md"}),
    ({"lessThanOrEquals": {"key": "year", "value": 2024}}, {"old.md", "hr.md"}),
    ({"in": {"key": "department", "value": ["Finance", "x"]}}, {"old.md", "new.md"}),
    ({"notIn": {"key": "department", "value": ["Finance", "x"]}}, {"hr.md", "bare.md"}),
    ({"listContains": {"key": "tags", "value": "form"}}, {"old.md", "hr.md"}),
    ({"equals": {"key": "tags", "value": "tax"}}, {"old.md"}),
    (
        {
            "andAll": [
                {"equals": {"key": "department", "value": "Finance"}},
                {"lessThan": {"key": "year", "value": 2024}},
            ]
        },
        {"old.md"},
    ),
    (
        {
            "orAll": [
                {"equals": {"key": "year", "value": 2024}},
                {
                    "andAll": [
                        {"greaterThan": {"key": "year", "value": 2024}},
                        {"equals": {"key": "public", "value": False}},
                    ]
                },
            ]
        },
        {"hr.md", "new.md"},
    ),
    ({"equals": {"key": "x-amz-bedrock-kb-source-uri", "value": "s3://library/documents/bare.md"}}, {"bare.md"}),
    ({"equals": {"key": "absent", "value": "x"}}, set()),
]
PARTS: list[tuple[dict[str, Any], set[str]]] = [
    ({"startsWith": {"key": "department", "value": "Hum"}}, {"hr.md"}),
    ({"stringContains": {"key": "department", "value": "man Res"}}, {"hr.md"}),
]


def test_filters(filled: Base) -> None:
    for wanted, names in FILTERS:
        assert set(filled.found("forms", filter=wanted)) == names, wanted


def test_filters_by_a_part_of_a_string(search: Base) -> None:
    for wanted, names in [*FILTERS, *PARTS]:
        assert set(search.found("forms", filter=wanted)) == names, wanted


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"greaterThan": {"key": "year", "value": "2024"}}, "the operator greaterThan takes a number"),
        ({"lessThan": {"key": "year", "value": True}}, "the operator lessThan takes a number"),
        ({"in": {"key": "year", "value": 2024}}, "the operator in takes a list of strings that is not"),
        ({"notIn": {"key": "year", "value": []}}, "the operator notIn takes a list of strings that"),
        ({"in": {"key": "year", "value": [2023, 2024]}}, "the operator in takes a list of strings that is not empty"),
        ({"orAll": [_YEAR] * 6}, "orAll has 6 members, at most 5 are allowed"),
        ({"orAll": [_YEAR, {"andAll": [_YEAR, {"orAll": [_YEAR, _YEAR]}]}]}, "orAll is nested too deeply"),
        ({"equals": {"key": "year", "value": {}}}, "the operator equals takes a string, a number or a boolean"),
        ({"listContains": {"key": "tags", "value": 1}}, "the operator listContains takes a string"),
        ({"startsWith": {"key": "a", "value": "b"}}, "startsWith is not supported by vector stores of type S3_VECTORS"),
        ({"stringContains": {"key": "a", "value": "b"}}, "stringContains is not supported by vector stores of type"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(base: Base, wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(ApiError, match=words) as refused:
        base.retrieve("forms", filter=wanted)
    assert refused.value.code == "ValidationException"


def test_a_group_has_two_members(base: Base) -> None:
    body = (
        b'{"retrievalQuery": {"text": "x"}, "retrievalConfiguration": {"vectorSearchConfiguration": {"filter": '
        b'{"andAll": [{"equals": {"key": "a", "value": 1}}]}}}}'
    )
    with pytest.raises(AwsError, match="have length greater than or equal to 2"):
        retrieve(base.names["knowledgeBaseId"], body)


def test_opensearch_needs_a_keyword_subfield(deploy: Callable[[Template], Base]) -> None:
    base = _fill(deploy(bases.on_search(mapped={"department": "text", "year": "integer"})))

    assert base.found("forms", filter={"equals": {"key": "year", "value": 2024}}) == ["hr.md"]
    with pytest.raises(ApiError, match="failed to create query: Rewrite first") as refused:
        base.retrieve("forms", filter={"equals": {"key": "department", "value": "Finance"}})
    assert refused.value.code == "ValidationException"


def test_hybrid_search_needs_opensearch(search: Base) -> None:
    assert search.found("old", overrideSearchType="HYBRID")[0] == "old.md"


def test_hybrid_search_is_refused_on_vectors(base: Base) -> None:
    assert base.found("old", overrideSearchType="SEMANTIC") == []
    words = f"HYBRID search type is not supported for search operation on index {base.names['knowledgeBaseId']}"
    with pytest.raises(ApiError, match=words):
        base.retrieve("old", overrideSearchType="HYBRID")


def _reranking(arn: str, **more: Any) -> dict[str, Any]:
    settings = {"modelConfiguration": {"modelArn": arn}, **more}
    return {"type": "BEDROCK_RERANKING_MODEL", "bedrockRerankingConfiguration": settings}


@pytest.mark.usefixtures("by_words")
def test_results_are_reranked(base: Base) -> None:
    base.put("a.md", "tuba tuba tuba tuba")
    base.put("b.md", "the tuba and the horn were cleaned by a person in the cellar last night")
    base.put("c.md", "drums")
    base.put("d.md", "fifes")
    base.sync()
    assert base.found("tuba horn cellar")[0] == "b.md"

    found = base.retrieve("tuba horn", rerankingConfiguration=_reranking(COHERE, numberOfRerankedResults=1))

    assert [(each["location"]["s3Location"]["uri"][-4:], each["score"]) for each in found] == [("b.md", 1.0)]
    assert base.retrieve("nothing", rerankingConfiguration=_reranking(COHERE)) == []


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        (AMAZON, "cannot be used in us-east-1"),
        (COHERE.replace("cohere.rerank-v3-5:0", "amazon.titan-embed-text-v2:0"), "is not a reranking model"),
    ],
)
def test_a_reranking_model_must_be_one_of_the_region(base: Base, arn: str, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        base.retrieve("tuba", rerankingConfiguration=_reranking(arn))


def test_texts_are_reranked() -> None:
    texts = ["drums", "the tuba and the horn", "a horn"]
    sources = [
        {"type": "INLINE", "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": text}}} for text in texts
    ]
    reply = call(
        "bedrock-agent-runtime",
        "Rerank",
        {
            "queries": [{"type": "TEXT", "textQuery": {"text": "tuba horn"}}],
            "sources": sources,
            "rerankingConfiguration": _reranking(COHERE, numberOfResults=2),
        },
    )

    assert reply["results"] == [{"index": 1, "relevanceScore": 1.0}, {"index": 2, "relevanceScore": 0.5}]


def test_what_this_aws_does_not_do_is_refused(base: Base) -> None:
    def ask(**changes: Any) -> None:
        query: dict[str, Any] = {"knowledgeBaseId": base.names["knowledgeBaseId"], "retrievalQuery": {"text": "x"}}
        call("bedrock-agent-runtime", "Retrieve", {**query, **changes})

    implicit = {"metadataAttributes": [{"key": "a", "type": "STRING", "description": "d"}], "modelArn": "m"}
    for changes, words in (
        ({"retrievalQuery": {"text": " "}}, "must have a text"),
        ({"retrievalQuery": {"image": {"format": "png", "inlineContent": b"x"}}}, "does not search by image"),
        ({"retrievalConfiguration": {"managedSearchConfiguration": {}}}, "is for managed knowledge bases"),
        (
            {"retrievalConfiguration": {"vectorSearchConfiguration": {"implicitFilterConfiguration": implicit}}},
            "does not derive filters",
        ),
        ({"guardrailConfiguration": {"guardrailId": "g", "guardrailVersion": "1"}}, "does not apply guardrails"),
        ({"nextToken": "1"}, "pagination token is invalid"),
    ):
        with pytest.raises(ApiError, match=words):
            ask(**changes)
    with pytest.raises(ApiError, match="does not exist") as missing:
        ask(knowledgeBaseId="ABCDEFGHIJ")
    assert missing.value.code == "ResourceNotFoundException"
    with pytest.raises(ApiError, match="does not do RetrieveAndGenerate"):
        call("bedrock-agent-runtime", "RetrieveAndGenerate", {"input": {"text": "x"}})


def test_a_knowledge_base_is_found_by_arn(filled: Base) -> None:
    arn = f"arn:aws:bedrock:us-east-1:000000000000:knowledge-base/{filled.names['knowledgeBaseId']}"

    reply = call("bedrock-agent-runtime", "Retrieve", {"knowledgeBaseId": arn, "retrievalQuery": {"text": "old"}})

    assert reply["retrievalResults"][0]["content"]["text"] == "The manual called old explains forms."
