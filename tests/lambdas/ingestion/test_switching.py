"""The waits of a switch: until the new data source is filled, and until everybody has heard of the knowledge base."""

from typing import Any

import pytest

from lambdas.common.custom_resource import CustomResourceError
from lambdas.ingestion import custom_resources
from lambdas.ingestion.switching import FILL_SECONDS, fill, hand_over
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.ingestion.fakes import refused
from tests.lambdas.lifecycle.fakes import Time
from tests.lambdas.service_model import check

NEW = {"Action": "fill", "KnowledgeBaseId": "KBNEW00001", "DataSourceId": "DSNEW00001"}
OLD = {**NEW, "KnowledgeBaseId": "KBOLD00001", "DataSourceId": "DSOLD00001"}
HAND = {"Action": "hand_over", "KnowledgeBaseId": "KBNEW00001", "Seconds": "20"}


class FakeJobs:
    """Bedrock, whose newest job has one status after the other, and the last for ever; None: there is no job."""

    def __init__(self, *statuses: str | Exception | None) -> None:
        self._statuses = list(statuses)
        self.looks = 0

    def list_ingestion_jobs(self, **kwargs: Any) -> dict[str, Any]:
        check("bedrock-agent", "ListIngestionJobs", kwargs)
        assert (kwargs["knowledgeBaseId"], kwargs["dataSourceId"]) == ("KBNEW00001", "DSNEW00001")
        assert kwargs["maxResults"] == 1
        self.looks += 1
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if isinstance(status, Exception):
            raise status
        return {"ingestionJobSummaries": [{"status": status}] if status else []}


def waited(jobs: FakeJobs, former: dict[str, Any] | None, *, left: float = 600) -> float:
    time = Time(left=left)
    fill(NEW, former, bedrock=jobs, left=time, sleep=time.sleep)
    return sum(time.slept)


@pytest.mark.parametrize("end", ["COMPLETE", "FAILED", "STOPPED"])
def test_it_waits_until_the_first_job_has_begun_and_ended_however(end: str) -> None:
    jobs = FakeJobs(None, None, "STARTING", "IN_PROGRESS", end)

    assert waited(jobs, OLD) > 0
    assert jobs.looks == 5


@pytest.mark.parametrize("one", ["KnowledgeBaseId", "DataSourceId"])
def test_another_data_source_of_the_same_knowledge_base_is_waited_for_too(one: str) -> None:
    jobs = FakeJobs("IN_PROGRESS", "COMPLETE")

    assert waited(jobs, {**NEW, one: OLD[one]}) > 0


@pytest.mark.parametrize("former", [None, NEW])
def test_nothing_is_waited_for_at_creation_and_where_nothing_was_switched(former: dict[str, Any] | None) -> None:
    jobs = FakeJobs("IN_PROGRESS")

    assert waited(jobs, former) == jobs.looks == 0


def test_a_roll_back_to_what_is_filled_does_not_wait() -> None:
    assert waited(FakeJobs("COMPLETE"), OLD) == 0


def test_it_goes_on_after_some_minutes_whatever_is_not_in_by_then() -> None:
    assert waited(FakeJobs("IN_PROGRESS"), OLD, left=2_000) == pytest.approx(FILL_SECONDS, abs=5)
    assert waited(FakeJobs("IN_PROGRESS"), OLD, left=30) < 30


def test_a_right_that_is_not_known_yet_is_waited_for() -> None:
    jobs = FakeJobs(refused("AccessDeniedException"), refused("AccessDeniedException"), "COMPLETE")

    assert waited(jobs, OLD) > 0
    assert jobs.looks == 3


@pytest.mark.parametrize(
    ("former", "seconds"), [(None, 0), (HAND, 0), ({**HAND, "Seconds": "5"}, 0), (OLD, 20), ({}, 20)]
)
def test_who_asks_is_given_time_to_hear_of_another_knowledge_base(former: dict[str, Any] | None, seconds: int) -> None:
    time = Time(left=600)

    hand_over(HAND, former, left=time, sleep=time.sleep)

    assert sum(time.slept) == seconds


@pytest.mark.parametrize("lacking", ["KnowledgeBaseId", "DataSourceId"])
def test_what_is_missing_is_named(lacking: str) -> None:
    with pytest.raises(CustomResourceError, match=f"lack {lacking}"):
        fill({**NEW, lacking: ""}, OLD, bedrock=FakeJobs("COMPLETE"), left=lambda: 1.0)


@pytest.mark.parametrize("properties", [NEW, HAND])
@pytest.mark.parametrize("kind", ["Create", "Delete"])
def test_cloudformation_makes_and_deletes_them_at_once(kind: str, properties: dict[str, Any]) -> None:
    cloudformation = FakeCloudFormation()

    custom_resources.lambda_handler(asked(kind, properties), Context(600), send=cloudformation)

    assert cloudformation.answer["Status"] == "SUCCESS"
