"""The judgement on a job: COMPLETE is not enough."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from lambdas.ingestion.outcome import Documents, FailedDocument, JobNotOverError, Outcome
from tests.lambdas.ingestion.fakes import IDS, START


def job(status: str = "COMPLETE", **more: Any) -> dict[str, Any]:
    return {
        **IDS,
        "ingestionJobId": "JOB0000001",
        "status": status,
        "startedAt": START,
        "updatedAt": START + timedelta(seconds=9),
        **more,
    }


def detail(name: str, status: str, reason: str | None = None) -> dict[str, Any]:
    identifier = {"dataSourceType": "S3", "s3": {"uri": f"s3://data/documents/{name}"}}
    return {**IDS, "status": status, "identifier": identifier, **({"statusReason": reason} if reason else {})}


FAILED = Documents.from_details([detail("a.pdf", "FAILED", "damaged")])


@pytest.mark.parametrize(
    ("made", "documents", "timed_out", "verdict"),
    [
        (job(), Documents(), False, "complete"),
        (job(statistics={"numberOfDocumentsFailed": 0}), Documents(indexed=3), False, "complete"),
        (job(statistics={"numberOfDocumentsFailed": 1}), Documents(), False, "partly_failed"),
        (job(), FAILED, False, "partly_failed"),
        (job(failureReasons=["Ignored 2 files"]), Documents(), False, "partly_failed"),
        (job("FAILED"), Documents(), False, "failed"),
        (job("FAILED"), FAILED, False, "failed"),
        (job("STOPPED"), Documents(), False, "failed"),
        (job("STOPPED"), Documents(), True, "timed_out"),
        (job("STOPPING"), Documents(), True, "timed_out"),
        (job("IN_PROGRESS"), FAILED, True, "timed_out"),
        (job("COMPLETE"), Documents(), True, "complete"),
        (job("COMPLETE"), FAILED, True, "partly_failed"),
    ],
)
def test_a_job_is_judged_by_all_that_is_known(
    made: dict[str, Any], documents: Documents, timed_out: bool, verdict: str
) -> None:
    assert Outcome.of(made, documents, timed_out=timed_out).verdict == verdict


@pytest.mark.parametrize("status", ["STARTING", "IN_PROGRESS", "STOPPING", "SOMETHING_NEW"])
def test_a_job_that_runs_has_no_outcome(status: str) -> None:
    with pytest.raises(JobNotOverError, match=f"JOB0000001 is {status}"):
        Outcome.of(job(status), Documents(), timed_out=False)


@pytest.mark.parametrize(
    "status", ["FAILED", "PARTIALLY_INDEXED", "METADATA_PARTIALLY_INDEXED", "METADATA_UPDATE_FAILED", "IGNORED"]
)
def test_what_is_not_wholly_in_the_index_has_failed(status: str) -> None:
    found = Documents.from_details([detail("b.md", "INDEXED"), detail("a.md", status, "why")])

    assert found.failed == (FailedDocument(uri="s3://data/documents/a.md", status=status, reason="why"),)
    assert found.indexed == 1


@pytest.mark.parametrize(
    "status", ["PENDING", "STARTING", "IN_PROGRESS", "DELETING", "DELETE_IN_PROGRESS", "NOT_FOUND"]
)
def test_what_is_on_its_way_has_neither_failed_nor_arrived(status: str) -> None:
    assert Documents.from_details([detail("a.md", status)]) == Documents()


@pytest.mark.parametrize(
    ("identifier", "uri"),
    [({"dataSourceType": "CUSTOM", "custom": {"id": "mine"}}, "mine"), ({"dataSourceType": "S3"}, "a document")],
)
def test_a_document_without_an_address_is_named_as_well_as_it_can_be(identifier: dict[str, Any], uri: str) -> None:
    (failed,) = Documents.from_details([{**detail("", "FAILED"), "identifier": identifier}]).failed

    assert (failed.uri, failed.reason) == (uri, "")


def test_the_record() -> None:
    statistics = {"numberOfNewDocumentsIndexed": 4, "numberOfModifiedDocumentsIndexed": 2, "numberOfDocumentsFailed": 3}
    made = job(statistics=statistics, failureReasons=["one"])

    outcome = Outcome.of(made, Documents(failed=FAILED.failed, indexed=17), timed_out=False)

    assert (outcome.indexed, outcome.failed) == (6, 3)
    assert outcome.to_json() == {
        "job_id": "JOB0000001",
        "status": "COMPLETE",
        "started_at": "2026-11-21T12:00:00+00:00",
        "ended_at": "2026-11-21T12:00:09+00:00",
        "outcome": "partly_failed",
        "statistics": statistics,
        "failure_reasons": ["one"],
        "documents": {
            "failed": [{"uri": "s3://data/documents/a.pdf", "status": "FAILED", "reason": "damaged"}],
            "indexed": 17,
        },
    }


def test_its_name_is_in_utc_whatever_the_clock() -> None:
    made = job(startedAt=START.astimezone(timezone(timedelta(hours=-5))))

    assert Outcome.of(made, Documents(), timed_out=False).name == "20261121T120000Z-JOB0000001.json"


def test_a_job_that_did_not_end_says_so_and_why_it_failed() -> None:
    record = Outcome.of(job("STOPPING"), Documents(), timed_out=True).to_json()

    assert record["ended_at"] is None
    assert "max_minutes" in record["failure_reasons"][0]
    assert "stopped" in Outcome.of(job("STOPPED"), Documents(), timed_out=False).failure_reasons[0]
