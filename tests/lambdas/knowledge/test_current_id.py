"""Which knowledge base is asked: what the parameter says, looked at now and then, and at once when that is gone."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lambdas.common.errors import ApiError
from lambdas.knowledge.current_id import CACHE_SECONDS, CurrentId
from lambdas.knowledge.retrieval import Retriever
from tests.lambdas.fakes import KNOWLEDGE
from tests.lambdas.ingestion.fakes import refused
from tests.lambdas.knowledge.fakes import TRAVEL, FakeRetrieve, retrieve_error
from tests.lambdas.service_model import check


@dataclass
class FakeParameter:
    """Systems Manager with one parameter; ``fails``: what its next reads raise."""

    value: str = "KBOLD00001"
    fails: list[Exception] = field(default_factory=list)
    reads: int = 0

    def get_parameter(self, **kwargs: Any) -> dict[str, Any]:
        check("ssm", "GetParameter", kwargs)
        assert kwargs == {"Name": "/quarry/dev/knowledge/id"}
        self.reads += 1
        if self.fails:
            raise self.fails.pop(0)
        return {"Parameter": {"Value": self.value}}


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def current(parameter: FakeParameter, clock: Clock | None = None) -> CurrentId:
    return CurrentId(
        deployed="KBOLD00001", parameter="/quarry/dev/knowledge/id", client=lambda: parameter, clock=clock or Clock()
    )


def first(ids: CurrentId) -> str:
    return next(ids.candidates())


def test_it_is_read_once_for_many_questions() -> None:
    parameter, clock = FakeParameter("KBNEW00001"), Clock()
    ids = current(parameter, clock)

    assert {first(ids) for _ in range(20)} == {"KBNEW00001"}
    assert parameter.reads == 1


def test_another_one_is_heard_of_within_the_seconds_that_the_switch_waits() -> None:
    parameter, clock = FakeParameter(), Clock()
    ids = current(parameter, clock)
    assert first(ids) == "KBOLD00001"

    parameter.value = "KBNEW00001"
    clock.now += CACHE_SECONDS - 0.1
    assert first(ids) == "KBOLD00001"
    clock.now += 0.1

    assert first(ids) == "KBNEW00001"


def test_what_cannot_be_asked_is_looked_for_at_once() -> None:
    parameter = FakeParameter()
    ids = current(parameter)
    assert first(ids) == "KBOLD00001"
    parameter.value = "KBNEW00001"

    assert list(ids.candidates()) == ["KBOLD00001", "KBNEW00001"]


def test_the_one_of_the_deployment_is_the_last_resort_and_none_is_tried_twice() -> None:
    assert list(current(FakeParameter("KBNEW00001")).candidates()) == ["KBNEW00001", "KBOLD00001"]
    assert list(current(FakeParameter()).candidates()) == ["KBOLD00001"]


@pytest.mark.parametrize("error", [refused("ThrottlingException"), EndpointConnectionError(endpoint_url="http://x")])
def test_where_it_cannot_be_read_the_last_one_known_stands(error: Exception) -> None:
    parameter, clock = FakeParameter("KBNEW00001", fails=[error]), Clock()
    ids = current(parameter, clock)

    assert first(ids) == "KBOLD00001"
    # Nor is Systems Manager asked again for every question.
    assert (first(ids), parameter.reads) == ("KBOLD00001", 1)
    clock.now += CACHE_SECONDS
    assert first(ids) == "KBNEW00001"
    parameter.fails = [error]
    clock.now += CACHE_SECONDS
    assert first(ids) == "KBNEW00001"


def asked(client: FakeRetrieve) -> list[str]:
    return [call["knowledgeBaseId"] for call in client.calls]


def search(client: FakeRetrieve, *ids: str) -> Any:
    return Retriever(settings=KNOWLEDGE, client=lambda: client, ids=lambda: ids, sleep=lambda _: None).find(
        "x", results=5
    )


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "ConflictException"])
def test_a_question_that_meets_a_switch_is_answered_by_the_one_that_is_there(code: str) -> None:
    client = FakeRetrieve(retrieve_error(code), [TRAVEL])

    assert len(search(client, "KBOLD00001", "KBNEW00001")) == 1
    assert asked(client) == ["KBOLD00001", "KBNEW00001"]


def test_what_is_wrong_with_the_question_is_not_asked_of_another_one() -> None:
    client = FakeRetrieve(retrieve_error("ValidationException", "Too long"))

    with pytest.raises(ApiError, match="Too long"):
        search(client, "KBOLD00001", "KBNEW00001")

    assert asked(client) == ["KBOLD00001"]


def test_if_none_can_be_asked_the_first_ones_failure_is_told() -> None:
    client = FakeRetrieve(retrieve_error("ResourceNotFoundException"), retrieve_error("AccessDeniedException"))

    with pytest.raises(ApiError, match="KBOLD00001 is not there any more") as told:
        search(client, "KBOLD00001", "KBNEW00001")

    assert told.value.status == 404
