"""The starter: a job when one is needed, none when one has seen it, and a watcher for each."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.ingestion import starter
from lambdas.ingestion.changes import first_message
from lambdas.ingestion.starter import Starter, StarterError
from tests.lambdas.ingestion.fakes import (
    DATA_SOURCE,
    IDS,
    KNOWLEDGE_BASE,
    STARTER_SETTINGS,
    Clock,
    FakeBedrock,
    FakeStepFunctions,
    LambdaContext,
    record,
    uploaded,
)


@pytest.fixture
def bedrock() -> FakeBedrock:
    return FakeBedrock(clock=Clock(now=100))


@pytest.fixture
def watchers() -> FakeStepFunctions:
    return FakeStepFunctions()


@pytest.fixture
def serve(bedrock: FakeBedrock, watchers: FakeStepFunctions) -> Any:
    made = Starter(settings=STARTER_SETTINGS, bedrock=bedrock, step_functions=watchers)

    def serve(*records: dict[str, Any]) -> list[str]:
        """Return the ids of the messages that have to come back."""
        reply = starter.lambda_handler({"Records": list(records)}, LambdaContext(), lambda: made)
        return [failure["itemIdentifier"] for failure in reply["batchItemFailures"]]

    return serve


def test_a_batch_starts_one_job_and_its_watcher(serve: Any, bedrock: FakeBedrock, watchers: FakeStepFunctions) -> None:
    assert serve(*(uploaded(f"m{number}", number) for number in range(50))) == []

    (job,) = bedrock.jobs
    assert list(watchers.started) == [job["ingestionJobId"]]
    assert json.loads(watchers.started[job["ingestionJobId"]]) == {
        **IDS,
        "ingestionJobId": job["ingestionJobId"],
        "polls": 0,
    }


def test_a_job_that_started_after_the_newest_change_has_seen_it(serve: Any, bedrock: FakeBedrock) -> None:
    bedrock.job(60)

    assert serve(uploaded("a", 10), uploaded("b", 58)) == []
    assert "StartIngestionJob" not in bedrock.calls


@pytest.mark.parametrize("status", ["FAILED", "STOPPED", "STOPPING", "IN_PROGRESS", "STARTING"])
def test_how_the_job_ended_does_not_matter(serve: Any, bedrock: FakeBedrock, status: str) -> None:
    bedrock.job(60, status=status)

    assert serve(uploaded("a", 10)) == []
    assert len(bedrock.jobs) == 1


def test_the_newest_change_decides(serve: Any, bedrock: FakeBedrock) -> None:
    bedrock.job(60)

    assert serve(uploaded("a", 10), uploaded("b", 61)) == []
    assert len(bedrock.jobs) == 2


def test_a_change_in_the_second_in_which_a_job_started_starts_another(serve: Any, bedrock: FakeBedrock) -> None:
    bedrock.job(60.4)

    serve(uploaded("a", 60.8, sent=62))

    assert len(bedrock.jobs) == 2


def test_while_a_job_runs_the_batch_comes_back(serve: Any, bedrock: FakeBedrock, watchers: FakeStepFunctions) -> None:
    bedrock.job(90)

    assert serve(uploaded("a", 10), uploaded("b", 95)) == ["a", "b"]

    bedrock.clock.now = 220
    assert serve(uploaded("a", 10), uploaded("b", 95)) == []
    assert [job["ingestionJobId"] for job in bedrock.jobs] == list(watchers.started)
    assert len(bedrock.jobs) == 2


@pytest.mark.parametrize("code", ["ServiceQuotaExceededException", "ThrottlingException"])
def test_when_bedrock_is_busy_the_batch_comes_back(serve: Any, bedrock: FakeBedrock, code: str) -> None:
    bedrock.refuse["StartIngestionJob"] = [code]

    assert serve(uploaded("a", 10)) == ["a"]


def test_a_batch_that_is_delivered_twice_changes_nothing(
    serve: Any, bedrock: FakeBedrock, watchers: FakeStepFunctions
) -> None:
    batch = [uploaded("a", 10), uploaded("b", 20)]

    assert [serve(*batch), serve(*batch), serve(*batch, batch[0])] == [[], [], []]
    assert len(bedrock.jobs) == len(watchers.started) == 1


def test_a_start_whose_answer_got_lost_is_asked_for_with_the_same_token(serve: Any, bedrock: FakeBedrock) -> None:
    """The function ended before it knew, and the list does not show the job yet."""
    serve(uploaded("a", 10), uploaded("b", 20))
    shown, bedrock.jobs = bedrock.jobs, []

    serve(uploaded("b", 20), uploaded("a", 10))

    assert bedrock.jobs == []
    assert list(bedrock.tokens.values()) == shown


def test_a_job_whose_watcher_could_not_be_started_is_watched_by_the_next_delivery(
    serve: Any, bedrock: FakeBedrock, watchers: FakeStepFunctions
) -> None:
    watchers.refuse = ["ThrottlingException"]
    with pytest.raises(ClientError, match="ThrottlingException"):
        serve(uploaded("a", 10))
    assert watchers.started == {}

    bedrock.clock.now = 220
    assert serve(uploaded("a", 10)) == []
    assert list(watchers.started) == [bedrock.jobs[0]["ingestionJobId"]]
    assert len(bedrock.jobs) == 1


def test_that_holds_if_other_jobs_came_since_and_if_the_message_returns_among_newer_ones(
    serve: Any, bedrock: FakeBedrock, watchers: FakeStepFunctions
) -> None:
    watchers.refuse = ["StateMachineDoesNotExist"]
    with pytest.raises(ClientError):
        serve(uploaded("a", 10))
    for at in (130, 160, 190):
        bedrock.job(at)
    bedrock.clock.now = 300

    assert serve(uploaded("a", 10), uploaded("b", 250)) == []
    assert sorted(watchers.started) == [job["ingestionJobId"] for job in bedrock.jobs]
    assert len(bedrock.jobs) == 5


def test_jobs_of_long_ago_are_left_alone(serve: Any, bedrock: FakeBedrock, watchers: FakeStepFunctions) -> None:
    for at in range(0, 5_000, 50):
        bedrock.job(at)
    bedrock.clock.now = 10_000

    serve(uploaded("a", 9_000))

    assert len(watchers.started) == 1
    assert bedrock.calls.count("ListIngestionJobs") == 1


def test_an_event_that_claims_to_be_ancient_has_no_old_jobs_watched(
    serve: Any, bedrock: FakeBedrock, watchers: FakeStepFunctions
) -> None:
    for at in range(0, 5_000, 50):
        bedrock.job(at)
    bedrock.clock.now = 10_000

    assert serve(uploaded("a", 0, time="1970-01-01T00:00:00Z", sent=9_000)) == []
    assert watchers.started == {}


def test_what_cannot_be_read_comes_back_and_the_rest_is_served(
    serve: Any, bedrock: FakeBedrock, caplog: pytest.LogCaptureFixture
) -> None:
    assert serve(record("bad", "{"), uploaded("a", 10), record("worse", {"secret": 1})) == ["bad", "worse"]
    assert len(bedrock.jobs) == 1
    assert "secret" not in caplog.text


def test_a_batch_of_nothing_readable_asks_bedrock_for_nothing(serve: Any, bedrock: FakeBedrock) -> None:
    assert serve(record("bad", "{"), record("bad", "{")) == ["bad"]
    assert serve() == []
    assert bedrock.calls == []


def test_the_wish_for_a_first_ingestion_starts_a_job(serve: Any, bedrock: FakeBedrock) -> None:
    bedrock.job(30)

    assert serve(record("first", first_message(KNOWLEDGE_BASE, DATA_SOURCE), sent=60)) == []
    assert len(bedrock.jobs) == 2


def test_a_wish_for_another_data_source_comes_back_until_the_function_is_its_own(
    serve: Any, bedrock: FakeBedrock
) -> None:
    other = record("first", first_message(KNOWLEDGE_BASE, "DSOTHER123"), sent=60)

    assert serve(other) == ["first"]
    assert bedrock.calls == []
    assert serve(other, uploaded("a", 10)) == ["first"]
    assert len(bedrock.jobs) == 1


@pytest.mark.parametrize("operation", ["ListIngestionJobs", "StartIngestionJob"])
def test_a_data_source_that_is_gone_is_told_clearly(
    serve: Any, bedrock: FakeBedrock, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    bedrock.refuse[operation] = ["ResourceNotFoundException"]

    with pytest.raises(StarterError, match=f"no data source {DATA_SOURCE} of knowledge base {KNOWLEDGE_BASE}"):
        serve(uploaded("a", 10))
    assert "not started" in caplog.text


@pytest.mark.parametrize("operation", ["ListIngestionJobs", "StartIngestionJob"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException", "InternalServerException"])
def test_other_refusals_bring_the_batch_back(serve: Any, bedrock: FakeBedrock, operation: str, code: str) -> None:
    bedrock.refuse[operation] = [code]

    with pytest.raises(ClientError, match=code):
        serve(uploaded("a", 10))


def test_settings_make_a_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in STARTER_SETTINGS.to_env().items():
        monkeypatch.setenv(name, value)
    starter.starter.cache_clear()

    made = starter.starter()

    assert made.settings == STARTER_SETTINGS
    starter.starter.cache_clear()
