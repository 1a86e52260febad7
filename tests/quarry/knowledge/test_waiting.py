"""Waiting for ingestion, after ``quarry knowledge sync`` and with ``status``: neither too short nor for ever."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from quarry.knowledge import uploading
from quarry.output import errors
from tests.quarry.conftest import Ran, Run
from tests.quarry.knowledge.account import BUCKET, DEAD_QUEUE, NAMES, FakeKnowledge, uri

STATUS = ("knowledge", "status", "-e", "dev")


def test_waiting_follows_the_ingestion_that_the_upload_starts(
    sync: Callable[..., Ran], s3: Any, kb: FakeKnowledge
) -> None:
    kb.start_job("OLDOLDOLD1", status="COMPLETE", ago=3600)
    kb.documents = {uri(name): ("INDEXED", "") for name in NAMES[:3]}
    kb.steps = [
        lambda: kb.now(queue={"Delayed": 4}),
        lambda: kb.now(queue={}, job="JOB0000001", executions=["arn:1"]),
        kb.end_job,
        lambda: kb.now(executions=[]),
        lambda: None,
    ]

    ran = sync("--wait")

    assert (ran.code, kb.steps) == (0, [])
    assert ran.err.splitlines() == [
        "The upload has not started an ingestion yet.",
        "4 changes wait for the next ingestion to start.",
        "Ingestion JOB0000001 is at work: 3 scanned, 2 new, 0 changed, 1 deleted, 0 failed.",
        "The outcome is being recorded.",
    ]
    assert "Ingestion starts by itself.\nKnowledge base KB12345678: 3 documents indexed.\n" in ran.out
    assert "Last ingestion: JOB0000001, complete, started 20" in ran.out


def test_an_ingestion_that_began_while_files_went_out_counts(
    sync: Callable[..., Ran], s3: Any, kb: FakeKnowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = s3.upload_file

    def upload_file(*arguments: Any, **options: Any) -> None:
        upload(*arguments, **options)
        if not kb.jobs:
            kb.start_job(status="COMPLETE", ago=0)

    monkeypatch.setattr(s3, "upload_file", upload_file)
    monkeypatch.setattr(uploading.Bucket, "time", lambda _bucket: datetime.now(UTC))

    ran = sync("--wait")

    # What it did not see would still be queued.
    assert (ran.code, ran.err, len(kb.slept)) == (0, "", 1)


def test_waiting_without_a_change_waits_for_no_new_ingestion(
    sync: Callable[..., Ran], s3: Any, kb: FakeKnowledge
) -> None:
    sync()
    kb.start_job("OLDOLDOLD1", status="COMPLETE", ago=3600)

    ran = sync("--wait", "--json")

    assert (ran.code, ran.json["uploaded"], ran.json["status"]["idle"]) == (0, [], True)


def test_waiting_for_changes_that_become_dead_letters_ends(
    sync: Callable[..., Ran], s3: Any, kb: FakeKnowledge
) -> None:
    kb.dead = 2
    kb.steps = [lambda: None, lambda: None, lambda: kb.now(queue={"Delayed": 1}), lambda: kb.now(queue={}, dead=3)]

    ran = sync("--wait")

    assert (ran.code, kb.steps) == (1, [])
    assert f"start-message-move-task --source-arn {DEAD_QUEUE}" in ran.out


def test_documents_that_fail_are_exit_code_1_when_waited_for(
    sync: Callable[..., Ran], s3: Any, kb: FakeKnowledge
) -> None:
    kb.start_job(status="COMPLETE")
    kb.documents = {uri("travel.md"): ("FAILED", "Unable to parse."), uri("leave.md"): ("INDEXED", "")}

    ran = sync("--wait", "--json")

    assert ran.code == 1
    assert ran.json["status"]["documents"]["failed"] == [
        {"location": uri("travel.md"), "status": "FAILED", "reason": "Unable to parse."}
    ]


def test_times_are_s3s(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = {"date": "Sat, 21 Nov 2026 17:26:01 GMT"}
    monkeypatch.setattr(s3, "list_objects_v2", lambda **_: {"ResponseMetadata": {"HTTPHeaders": headers}})

    time = uploading.Bucket(client=s3, name=BUCKET, prefix="documents/").time()

    assert time.isoformat() == "2026-11-21T17:26:01+00:00"


def test_waiting_ends_when_nothing_is_queued_or_running(run: Run, kb: FakeKnowledge) -> None:
    kb.queue = {"": 2}
    kb.steps = [
        lambda: kb.now(queue={"NotVisible": 2}),
        lambda: kb.now(queue={}, job="JOB0000001"),
        kb.end_job,
        # A message that SQS had not counted yet.
        lambda: kb.now(queue={"Delayed": 1}),
        lambda: kb.now(queue={}),
        lambda: None,
    ]

    ran = run(*STATUS, "--wait")

    assert (ran.code, kb.steps) == (0, [])
    assert ran.err.splitlines() == [
        "2 changes wait for the next ingestion to start.",
        "Ingestion JOB0000001 is at work: 3 scanned, 2 new, 0 changed, 1 deleted, 0 failed.",
        "1 change waits for the next ingestion to start.",
    ]


def test_waiting_has_an_end(run: Run, kb: FakeKnowledge) -> None:
    kb.start_job()

    ran = run(*STATUS, "--wait", "--timeout-minutes", "0")

    assert (ran.code, ran.out) == (1, "")
    assert "Not done after 0 minutes. Ingestion JOB0000001 is at work" in ran.err
    assert "`quarry knowledge status --wait` waits again" in ran.err


def test_waiting_can_be_left(run: Run, kb: FakeKnowledge) -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    kb.start_job()
    kb.steps = [leave]

    ran = run(*STATUS, "--wait")

    assert ran.code == 1
    assert "Stopped waiting. Ingestion goes on by itself" in ran.err


def test_on_a_terminal_waiting_is_shown_in_place(run: Run, kb: FakeKnowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors, "_force_terminal", True)
    kb.queue = {"": 2}
    kb.steps = [lambda: kb.now(queue={})]

    ran = run(*STATUS, "--wait")

    assert ran.code == 0
    assert "Knowledge base KB12345678" in ran.out
