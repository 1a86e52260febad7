"""``quarry knowledge status``: what somebody has to look at, and exit code 1 for it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.ingestion.outcome import Documents, Outcome
from quarry.output import console
from tests.quarry.conftest import Run
from tests.quarry.fakes import FakeAws
from tests.quarry.knowledge.account import BUCKET, DEAD_QUEUE, FakeKnowledge, denied, uri

STATUS = ("knowledge", "status", "-e", "dev")


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_width", 200)


def record(s3: Any, job: dict[str, Any], *, timed_out: bool = False, failed: dict[str, str] | None = None) -> None:
    """Write what the recorder writes."""
    details = [
        {"status": "FAILED", "statusReason": reason, "identifier": {"s3": {"uri": uri(name)}}}
        for name, reason in (failed or {}).items()
    ]
    outcome = Outcome.of(job, Documents.from_details(details), timed_out=timed_out)
    s3.put_object(Bucket=BUCKET, Key=f"ingestions/{outcome.name}", Body=json.dumps(outcome.to_json()).encode())


def test_nothing_yet(run: Run, kb: FakeKnowledge) -> None:
    ran = run(*STATUS)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "Knowledge base KB12345678: 0 documents.",
        "There was no ingestion yet. `quarry knowledge sync DIR` uploads documents and so starts one.",
        "Nothing is queued or running.",
    ]


def test_all_is_well(run: Run, kb: FakeKnowledge, s3: Any) -> None:
    job = kb.start_job(status="COMPLETE")
    job["startedAt"], job["updatedAt"] = (datetime(2026, 11, 21, 10, minute, tzinfo=UTC) for minute in (11, 12))
    kb.documents = {uri(f"{number}.md"): ("INDEXED", "") for number in range(3)}
    record(s3, job)

    ran = run(*STATUS)

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "Knowledge base KB12345678: 3 documents indexed.",
        "Last ingestion: JOB0000001, complete, started 2026-11-21 10:11:00 UTC, ended 2026-11-21 10:12:00 UTC: "
        "3 scanned, 2 new, 0 changed, 1 deleted, 0 failed.",
        "Nothing is queued or running.",
    ]


def test_what_failed_is_named_with_its_reason(run: Run, kb: FakeKnowledge, s3: Any) -> None:
    job = kb.start_job(status="COMPLETE")
    job["failureReasons"] = ["Left out 3."]
    kb.documents = {
        uri("good.md"): ("INDEXED", ""),
        uri("a/broken.pdf"): ("FAILED", "Unable to parse\nthe [file]."),
        uri("told.pdf"): ("PARTIALLY_INDEXED", ""),
        uri("silent.pdf"): ("IGNORED", ""),
    }
    record(s3, job, failed={"told.pdf": "Too many pages."})

    ran = run(*STATUS)

    assert ran.code == 1
    assert ran.out.startswith(
        "Knowledge base KB12345678: 1 document indexed, 1 failed, 1 ignored, 1 partially indexed.\n"
    )
    assert "3 documents failed." in ran.out
    assert "Left out 3." not in ran.out
    assert [line.split(maxsplit=2) for line in ran.out.splitlines()[-3:]] == [
        ["a/broken.pdf", "FAILED", "Unable to parse the [file]."],
        ["silent.pdf", "IGNORED", "Bedrock gave no reason."],
        ["told.pdf", "PARTIALLY_INDEXED", "Too many pages."],
    ]


def test_failures_that_bedrock_only_counts_are_told_too(run: Run, kb: FakeKnowledge) -> None:
    kb.start_job(status="COMPLETE")["failureReasons"] = ["Left out 1."]
    kb.end_job(numberOfDocumentsFailed=1)

    ran = run(*STATUS)

    assert ran.code == 1
    assert "Ingestion JOB0000001 partly failed: Left out 1.\n1 document failed." in ran.out


def test_an_ingestion_that_failed_is_told_with_bedrocks_reasons(run: Run, kb: FakeKnowledge) -> None:
    kb.start_job(status="FAILED")["failureReasons"] = ["The role may not read the bucket."]

    ran = run(*STATUS)

    assert ran.code == 1
    assert "Ingestion JOB0000001 failed: The role may not read the bucket." in ran.out


def test_an_ingestion_that_was_given_up_is_told(run: Run, kb: FakeKnowledge, s3: Any) -> None:
    record(s3, kb.start_job(status="STOPPED"), timed_out=True)

    ran = run(*STATUS)

    assert ran.code == 1
    assert "JOB0000001, timed out, started" in ran.out
    assert "took longer than knowledge.ingestion.max_minutes" in ran.out


def test_a_running_ingestion_does_not_hide_what_became_of_the_last(run: Run, kb: FakeKnowledge) -> None:
    kb.start_job("OLDOLDOLD1", status="FAILED", ago=60)
    kb.start_job()

    ran = run(*STATUS)

    assert ran.code == 1
    assert "Ingestion OLDOLDOLD1 failed: Bedrock gave no reason." in ran.out
    assert "Ingestion JOB0000001 is at work: 3 scanned" in ran.out


def test_the_first_ingestion_runs(run: Run, kb: FakeKnowledge) -> None:
    kb.start_job(status="STARTING")["statistics"] = {}

    ran = run(*STATUS)

    assert ran.code == 0
    assert ran.out.splitlines()[1:] == [
        "Ingestion JOB0000001 is at work: 0 scanned, 0 new, 0 changed, 0 deleted, 0 failed."
    ]


def test_dead_letters_are_exit_code_1_with_the_way_back(run: Run, kb: FakeKnowledge) -> None:
    kb.dead = 2

    ran = run(*STATUS)

    assert ran.code == 1
    assert "2 changes could not start an ingestion and are in the dead-letter queue." in ran.out
    assert f"start-message-move-task --source-arn {DEAD_QUEUE}" in ran.out


def test_a_queue_without_dead_letters_is_fine(run: Run, kb: FakeKnowledge) -> None:
    kb.dead = None

    assert run(*STATUS).code == 0


def test_as_json(run: Run, kb: FakeKnowledge) -> None:
    kb.start_job(status="COMPLETE", ago=60)
    kb.start_job("JOB0000002")
    kb.queue, kb.dead, kb.executions = {"Delayed": 2, "NotVisible": 1}, 1, ["arn:1"]
    kb.documents = {uri("a.md"): ("INDEXED", ""), uri("b.md"): ("FAILED", "No.")}

    ran = run(*STATUS, "--json")

    assert ran.code == 1
    outcome = ran.json.pop("outcome")
    assert (outcome["job_id"], outcome["outcome"]) == ("JOB0000001", "partly_failed")
    told = json.loads(ran.out)
    del told["outcome"]
    assert told == {
        "idle": False,
        "healthy": False,
        "queue": {"changes": 3, "dead_letters": 1},
        "running": {"job": "JOB0000002", "executions": ["arn:1"]},
        "documents": {
            "counts": {"FAILED": 1, "INDEXED": 1},
            "failed": [{"location": uri("b.md"), "status": "FAILED", "reason": "No."}],
        },
    }


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("GetQueueAttributes", "sqs:GetQueueAttributes"),
        ("ListExecutions", "states:ListExecutions"),
        ("ListIngestionJobs", "bedrock:ListIngestionJobs"),
        ("ListKnowledgeBaseDocuments", "bedrock:ListKnowledgeBaseDocuments"),
    ],
)
def test_a_permission_that_is_missing_is_named(run: Run, kb: FakeKnowledge, operation: str, action: str) -> None:
    kb.fails = {operation: denied(operation)}

    ran = run(*STATUS)

    assert (ran.code, ran.out) == (1, "")
    assert f"they need {action}. (" in ran.err


def test_a_record_that_may_not_be_read_is_told(run: Run, kb: FakeKnowledge, refuse: Any) -> None:
    kb.start_job(status="COMPLETE")
    refuse("GetObject", denied("GetObject"))

    assert "they need s3:GetObject" in run(*STATUS).err


def test_without_a_stack_there_is_no_status(run: Run, kb: FakeKnowledge, aws: FakeAws) -> None:
    del aws.stacks["quarry-dev-knowledge"]

    ran = run(*STATUS)

    assert ran.code == 1
    assert "is not deployed. Deploy it" in ran.err
