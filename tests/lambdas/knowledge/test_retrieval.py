"""Searching: what Retrieve is asked, when it is asked again, and what its failures mean for the caller."""

import io
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from lambdas.common.errors import ApiError
from lambdas.knowledge.retrieval import ATTEMPTS, MOST_CHARACTERS, Retriever
from lambdas.knowledge.settings import Reranking
from tests.lambdas.fakes import KNOWLEDGE
from tests.lambdas.knowledge.fakes import LEAVE, TRAVEL, WEAK, FakeRetrieve, retrieve_error

RERANKER = "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"
FILTER = {"equals": {"key": "year", "value": 2024}}


def retriever(client: FakeRetrieve, waits: list[float] | None = None, **changes: Any) -> Retriever:
    slept = waits if waits is not None else []
    return Retriever(settings=msgspec.structs.replace(KNOWLEDGE, **changes), client=lambda: client, sleep=slept.append)


def test_a_plain_search_asks_for_meaning_and_the_configured_number() -> None:
    client = FakeRetrieve()

    found = retriever(client).find("How do I book a train?", results=5)

    assert [passage.document for passage in found] == ["travel.md", "hr/leave.md", "menu.md"]
    assert client.calls == [
        {
            "knowledgeBaseId": "KBTEST0001",
            "retrievalQuery": {"text": "How do I book a train?"},
            "retrievalConfiguration": {
                "vectorSearchConfiguration": {"numberOfResults": 5, "overrideSearchType": "SEMANTIC"}
            },
        }
    ]


def test_a_search_with_everything_fits_the_service_too() -> None:
    client = FakeRetrieve()
    both = retriever(client, search="hybrid", reranking=Reranking(model_arn=RERANKER, results=5))

    both.find("x", results=100, filter_=FILTER)
    both.find("x", results=3)

    first, second = (call["retrievalConfiguration"]["vectorSearchConfiguration"] for call in client.calls)
    assert (first["numberOfResults"], first["overrideSearchType"], first["filter"]) == (100, "HYBRID", FILTER)
    reranking = [one["rerankingConfiguration"]["bedrockRerankingConfiguration"] for one in (first, second)]
    assert reranking[0]["modelConfiguration"] == {"modelArn": RERANKER}
    # No more can be kept than were found.
    assert [one["numberOfRerankedResults"] for one in reranking] == [5, 3]


def test_of_a_long_text_as_much_is_searched_for_as_bedrock_takes() -> None:
    client = FakeRetrieve()

    retriever(client).find("x" * 5_000, results=5)

    assert client.queries == ["x" * MOST_CHARACTERS]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalServerException", "DependencyFailedException"])
def test_what_may_pass_is_tried_again_with_growing_waits(code: str) -> None:
    waits: list[float] = []
    client = FakeRetrieve(retrieve_error(code), retrieve_error(code), [TRAVEL, LEAVE, WEAK])

    found = retriever(client, waits).find("x", results=5)

    assert len(found) == 3
    assert 0.25 <= waits[0] <= 0.5 <= waits[1] <= 1


def test_tries_are_bounded_by_number_and_by_time() -> None:
    busy = FakeRetrieve(retrieve_error("ThrottlingException"))
    with pytest.raises(ApiError):
        retriever(busy).find("x", results=5)
    assert len(busy.calls) == ATTEMPTS

    slow = FakeRetrieve(retrieve_error("ThrottlingException"))
    times = iter([0.0, 5.0])
    with pytest.raises(ApiError):
        Retriever(settings=KNOWLEDGE, client=lambda: slow, sleep=lambda _: None, clock=lambda: next(times)).find(
            "x", results=5
        )
    assert len(slow.calls) == 1


@pytest.mark.parametrize(
    ("failure", "status", "code", "says"),
    [
        (retrieve_error("ThrottlingException"), 429, "rate_limit_exceeded", "throttling"),
        (retrieve_error("ServiceQuotaExceededException"), 429, "insufficient_quota", "Service Quotas"),
        (retrieve_error("AccessDeniedException"), 403, "knowledge_access_denied", "allow bedrock:Retrieve"),
        (retrieve_error("AccessDeniedException", "Model access is denied due to IAM user or service role is not "
                        "authorized to perform the required AWS Marketplace actions"), 403, "knowledge_access_denied",
         "quarry check --enable"),
        (retrieve_error("ResourceNotFoundException"), 404, "knowledge_base_missing", "deploy again"),
        (retrieve_error("ConflictException"), 503, "knowledge_not_ready", "being changed"),
        (retrieve_error("BadGatewayException"), 502, "upstream_error", "BadGatewayException"),
        (retrieve_error("DependencyFailedException"), 502, "upstream_error", "Try again"),
        (retrieve_error("ValidationException", "Too long"), 400, "knowledge_validation", "Too long"),
        (retrieve_error("ValidationException", "role arn:aws:iam::1:role/x is not able to call specified bedrock "
                        "embedding model"), 403, "knowledge_access_denied", "rights of its role"),
        (ReadTimeoutError(endpoint_url="http://x"), 504, "upstream_timeout", "in time"),
        (ConnectTimeoutError(endpoint_url="http://x"), 504, "upstream_timeout", "in time"),
        (EndpointConnectionError(endpoint_url="http://x"), 502, "upstream_error", "failed"),
    ],
)  # fmt: skip
def test_a_failure_says_what_to_do(failure: Exception, status: int, code: str, says: str) -> None:
    with pytest.raises(ApiError, match=says) as told:
        retriever(FakeRetrieve(failure)).find("x", results=5)

    assert (told.value.status, told.value.code) == (status, code)
    assert "arn:aws:iam" not in told.value.message
    if status == 429:
        assert told.value.retry_after


def test_a_used_up_day_is_told_as_such_and_not_tried_again_at_once() -> None:
    used_up = FakeRetrieve(retrieve_error("ThrottlingException", "Too many tokens per day, please wait."))
    with pytest.raises(ApiError, match="tomorrow") as told:
        retriever(used_up).find("x", results=5)

    assert (told.value.status, told.value.code, told.value.retry_after) == (429, "insufficient_quota", 3600)
    assert len(used_up.calls) == 1


@pytest.mark.parametrize("message", ["The filter is not valid", "Rewrite first", "metadata field of another type"])
def test_a_refused_filter_is_the_callers(message: str) -> None:
    client = FakeRetrieve(retrieve_error("ValidationException", message))

    with pytest.raises(ApiError, match=message) as told:
        retriever(client).find("x", results=5, filter_=FILTER, filter_param="quarry.knowledge.filter")

    assert (told.value.status, told.value.param) == (400, "quarry.knowledge.filter")
    with pytest.raises(ApiError) as told:
        retriever(client).find("x", results=5)
    assert told.value.param is None


def test_a_failure_is_logged_and_never_with_the_question(printed: io.StringIO) -> None:
    for error in (
        retrieve_error("ValidationException", "The query 'my own words' is wrong"),
        retrieve_error("AccessDeniedException", "not authorized to perform: bedrock:Retrieve"),
    ):
        with pytest.raises(ApiError):
            retriever(FakeRetrieve(error)).find("my own words", results=5)

    assert "my own words" not in printed.getvalue()
    assert "not authorized to perform: bedrock:Retrieve" in printed.getvalue()


def test_an_answer_that_is_damaged_is_bedrocks_failure() -> None:
    class Damaged(FakeRetrieve):
        def retrieve(self, **_: Any) -> dict[str, Any]:
            return {"message": b"{"}

    with pytest.raises(ApiError) as told:
        retriever(Damaged()).find("x", results=5)

    assert (told.value.status, told.value.code) == (502, "upstream_error")
