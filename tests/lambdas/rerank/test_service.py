"""Reranking: Bedrock's Rerank inside, the shape of Cohere and Jina outside."""

import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from lambdas.allowances.usage import Usage
from lambdas.chat.aliases import Aliases
from lambdas.common.errors import ApiError, InvalidRequestError, NotFoundError, RateLimitError
from lambdas.rerank.request import READER
from lambdas.rerank.service import Read, Reranker, models_arn, read
from tests.lambdas import service_model
from tests.lambdas.fakes import NOVA_MICRO, client_error

COHERE = "cohere.rerank-v3-5:0"


class FakeRerank:
    """Finds the last document the best; a failure is raised in the answer's place."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.asked: list[dict[str, Any]] = []
        self.reply: dict[str, Any] | None = None

    def rerank(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("bedrock-agent-runtime", "Rerank", kwargs)
        self.asked.append(kwargs)
        if self.failure:
            raise self.failure
        places = range(len(kwargs["sources"]) - 1, -1, -1)
        most = kwargs["rerankingConfiguration"]["bedrockRerankingConfiguration"]["numberOfResults"]
        found = [{"index": place, "relevanceScore": 0.9 - 0.1 * rank} for rank, place in enumerate(places)]
        return self.reply if self.reply is not None else {"results": found[:most]}


class FakeBounded:
    """The client of a function, as it is before it is given a deadline."""

    def __init__(self) -> None:
        self.meta = SimpleNamespace(partition="aws", region_name="us-east-1")

    def until(self, _: object) -> FakeRerank:
        return FakeRerank()


def ask(client: FakeRerank, **body: Any) -> Any:
    whole = {"model": "rerank", "query": "Which?", "documents": ["a", "b", {"text": "c"}], **body}
    request = READER.read(json.dumps(whole).encode()).body
    reranker = Reranker(
        aliases=Aliases(lambda: {"rerank": [COHERE], "fast": [NOVA_MICRO]}),
        client=client,
        models=models_arn(FakeBounded().meta),
    )
    return json.loads(msgspec.json.encode(reranker.rerank(request, reranker.candidate(request), read(request)[1])))


def test_the_best_come_first_with_their_places() -> None:
    client = FakeRerank()

    found = ask(client, top_n=2)

    assert [(one["index"], round(one["relevance_score"], 1)) for one in found["results"]] == [(2, 0.9), (1, 0.8)]
    assert found["model"] == "rerank"
    assert found["meta"] == {"billed_units": {"search_units": 1}}
    assert found["usage"]["total_tokens"] > 0
    configured = client.asked[0]["rerankingConfiguration"]["bedrockRerankingConfiguration"]
    assert configured["modelConfiguration"] == {"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{COHERE}"}
    assert "document" not in found["results"][0]


def test_texts_are_told_where_that_is_asked_for() -> None:
    found = ask(FakeRerank(), return_documents=True, top_n=50)

    assert [one["document"] for one in found["results"]] == [{"text": "c"}, {"text": "b"}, {"text": "a"}]


@pytest.mark.parametrize(
    ("model", "error"), [("fast", InvalidRequestError), ("nothing", NotFoundError), ("embed", NotFoundError)]
)
def test_only_an_alias_that_reranks_does(model: str, error: type[ApiError]) -> None:
    with pytest.raises(error):
        ask(FakeRerank(), model=model)


def test_bedrocks_failures_are_told() -> None:
    with pytest.raises(RateLimitError):
        ask(FakeRerank(client_error("ThrottlingException")))
    damaged = FakeRerank()
    damaged.reply = {}
    with pytest.raises(ApiError, match="damaged"):
        ask(damaged)


@pytest.mark.parametrize(
    ("texts", "queries"),
    [(["a"], 1), (["a"] * 100, 1), (["a"] * 101, 2), (["word " * 600] * 60, 2)],
)
def test_a_query_has_a_hundred_chunks(texts: list[str], queries: int) -> None:
    request = READER.read(json.dumps({"model": "r", "query": "Which?", "documents": texts}).encode()).body

    most, likely = read(request)

    assert likely.queries == queries
    assert most.queries >= likely.queries
    assert most.tokens >= likely.tokens > 0


def test_queries_are_paid_and_tokens_counted() -> None:
    taken = Read(tokens=10, queries=3).usage({"thousand_queries": 2.0})

    assert taken == Usage(input_tokens=10, micro_dollars=6_000, input_micro_dollars=6_000)
    assert not Read(tokens=10, queries=3).usage(None).priced


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"query": ""}, "query"),
        ({"documents": []}, "documents"),
        ({"documents": [""]}, "documents[0]"),
        ({"documents": ["x" * 32_001]}, "documents[0]"),
        ({"documents": [{"title": "x"}]}, "documents[0].text"),
        ({"rank_fields": ["title"]}, "rank_fields"),
        ({"top_n": -1}, "top_n"),
    ],
)
def test_what_cannot_be_put_in_order_is_refused_by_name(members: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        ask(FakeRerank(), **members)

    assert refused.value.param == param
