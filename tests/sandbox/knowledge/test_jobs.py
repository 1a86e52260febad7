"""Ingestion jobs: one at a time, counted, incremental, stoppable."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from ministack.services import bedrock_agent

from sandbox import control
from sandbox.knowledge import jobs, library
from sandbox.knowledge.ingestion import Ingestion
from sandbox.knowledge.library import Job
from sandbox.resources.service_api import ApiError, call
from tests.sandbox.knowledge import bases
from tests.sandbox.knowledge.conftest import Base
from tests.waiting import PATIENCE

TOKEN = "a-client-token-of-more-than-33-characters"


def test_a_job_goes_from_starting_to_complete(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()
    run = Ingestion.run

    def waiting(ingestion: Ingestion, job: Job) -> None:
        assert may_end.wait(PATIENCE)
        run(ingestion, job)

    monkeypatch.setattr(Ingestion, "run", waiting)
    base.put("a.md", "Flutes are made of wood.")

    started = base.call("StartIngestionJob", description="first")["ingestionJob"]

    assert (started["status"], started["description"]) == ("STARTING", "first")
    with pytest.raises(ApiError, match="ongoing ingestion job") as conflict:
        base.start()
    assert conflict.value.code == "ConflictException"
    may_end.set()
    ended = base.wait(started["ingestionJobId"])
    assert (ended["status"], ended["startedAt"]) == ("COMPLETE", started["startedAt"])
    assert ended["updatedAt"] > ended["startedAt"]
    assert ended["statistics"]["numberOfNewDocumentsIndexed"] == 1


def test_a_client_token_starts_one_job(base: Base) -> None:
    first = base.start(clientToken=TOKEN)
    base.wait(first)

    assert base.start(clientToken=TOKEN) == first
    assert base.start(clientToken=TOKEN + "x") != first


@pytest.mark.usefixtures("by_words")
def test_only_what_changed_is_taken(base: Base) -> None:
    base.put("same.md", "Violins have four strings.")
    base.put("text.md", "A lute has a round back.")
    base.put("meta.md", "A harp is plucked.", year=2024)
    base.put("gone.md", "A kazoo hums.")
    base.upload("elsewhere.md", b"outside of the prefix", prefix="other/")
    assert base.counts() == {
        "DocumentsScanned": 4,
        "MetadataDocumentsScanned": 1,
        "NewDocumentsIndexed": 4,
    }

    base.put("text.md", "A lute has a bent neck.")
    base.put("meta.md", "A harp is plucked.", year=2025)
    base.remove("gone.md")

    assert base.counts() == {
        "DocumentsScanned": 3,
        "MetadataDocumentsScanned": 1,
        "ModifiedDocumentsIndexed": 1,
        "MetadataDocumentsModified": 1,
        "DocumentsDeleted": 1,
        "DocumentsSkipped": 1,
    }
    assert base.found("round back") == []
    assert base.found("bent neck") == ["text.md"]
    assert base.found("kazoo") == []
    assert base.retrieve("harp")[0]["metadata"]["year"] == 2025
    assert sorted(base.documents()) == ["meta.md", "same.md", "text.md"]


def test_a_job_sees_what_is_there_when_it_is_in_progress(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    run, take = Ingestion.run, Ingestion.take
    seen = []

    def running(ingestion: Ingestion, job: Job) -> None:
        seen.append(job.status)
        base.put("early.md", "before the scan")
        run(ingestion, job)

    def taking(ingestion: Ingestion, *arguments: Any) -> None:
        base.put("late.md", "after the scan")
        take(ingestion, *arguments)

    monkeypatch.setattr(Ingestion, "run", running)
    monkeypatch.setattr(Ingestion, "take", taking)

    base.sync()

    assert seen == ["IN_PROGRESS"]
    assert list(base.documents()) == ["early.md"]


def test_a_job_can_be_stopped(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "STARTING_SECONDS", PATIENCE)
    base.put("a.md", "never read")
    job_id = base.start()

    stopping = base.call("StopIngestionJob", ingestionJobId=job_id)["ingestionJob"]

    assert stopping["status"] == "STOPPING"
    assert base.wait(job_id)["status"] == "STOPPED"
    assert base.documents() == {}
    with pytest.raises(ApiError, match="it is STOPPED") as refused:
        base.call("StopIngestionJob", ingestionJobId=job_id)
    assert refused.value.code == "ConflictException"


def test_who_is_asked_to_stop_at_the_very_end_is_stopped_or_has_ended() -> None:
    asked, ended = Job("base", "source", "job1"), Job("base", "source", "job2")

    assert asked.ask_to_stop() is True
    asked.become("COMPLETE", stopped="STOPPED")
    ended.become("COMPLETE", stopped="STOPPED")
    assert ended.ask_to_stop() is False

    assert (asked.status, ended.status) == ("STOPPED", "COMPLETE")


def test_jobs_are_listed_latest_first_in_pages(base: Base) -> None:
    started = [base.start() for _ in range(3) if base.sync()]
    base.wait(started[-1])
    wanted = {"sortBy": {"attribute": "STARTED_AT", "order": "ASCENDING"}}

    first = base.call("ListIngestionJobs", maxResults=4)
    rest = base.call("ListIngestionJobs", maxResults=4, nextToken=first["nextToken"])
    listed = [job["ingestionJobId"] for job in first["ingestionJobSummaries"] + rest["ingestionJobSummaries"]]

    assert len(listed) == 6
    assert "nextToken" not in rest
    assert listed[0] == started[-1]
    oldest = base.call("ListIngestionJobs", **wanted)["ingestionJobSummaries"]
    assert [job["ingestionJobId"] for job in oldest] == listed[::-1]
    failed = [{"attribute": "STATUS", "operator": "EQ", "values": ["FAILED"]}]
    assert base.call("ListIngestionJobs", filters=failed)["ingestionJobSummaries"] == []


def test_what_does_not_exist_is_not_found(base: Base) -> None:
    for parameters in (
        {"ingestionJobId": "AAAAAAAAAA"},
        {"ingestionJobId": "AAAAAAAAAA", "dataSourceId": "BBBBBBBBBB"},
        {"ingestionJobId": "AAAAAAAAAA", "knowledgeBaseId": "BBBBBBBBBB"},
    ):
        with pytest.raises(ApiError) as missing:
            base.call("GetIngestionJob", **parameters)
        assert missing.value.code == "ResourceNotFoundException"


def test_a_bucket_that_is_gone_fails_the_job(base: Base) -> None:
    call("s3", "DeleteBucket", {"Bucket": bases.BUCKET})

    job = base.sync()

    assert job["status"] == "FAILED"
    assert "The specified bucket does not exist: library" in job["failureReasons"][0]


def test_deleting_a_data_source_takes_its_passages_along(base: Base) -> None:
    base.put("a.md", "Bassoons are long.")
    base.sync()
    assert base.found("bassoon") == ["a.md"]

    call("bedrock-agent", "DeleteDataSource", base.names)

    assert base.found("bassoon") == []


def test_a_retaining_data_source_leaves_its_passages(base: Base) -> None:
    base.call(
        "UpdateDataSource",
        name="files",
        dataDeletionPolicy="RETAIN",
        dataSourceConfiguration={"type": "S3", "s3Configuration": {"bucketArn": f"arn:aws:s3:::{bases.BUCKET}"}},
    )
    base.put("a.md", "Bassoons are long.")
    base.sync()

    call("bedrock-agent", "DeleteDataSource", base.names)

    assert base.found("bassoon") == ["a.md"]


def test_a_deleted_knowledge_base_is_forgotten(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "STARTING_SECONDS", PATIENCE)
    base.start()
    (source,) = library.sources(base.names["knowledgeBaseId"])

    call("bedrock-agent", "DeleteKnowledgeBase", {"knowledgeBaseId": base.names["knowledgeBaseId"]})

    assert source.jobs[0].stop.is_set()
    assert list(library.sources(base.names["knowledgeBaseId"])) == []
    with pytest.raises(ApiError, match="does not exist"):
        base.start()


def test_a_reset_forgets_everything(base: Base) -> None:
    base.put("a.md", "Bassoons are long.")
    base.sync()

    assert library.forget in control._reset_hooks
    library.forget()

    assert base.documents() == {}
    assert base.found("bassoon") == []


def test_custom_transformations_are_refused(base: Base) -> None:
    record = bedrock_agent._data_sources["/".join(base.names.values())]
    record["VectorIngestionConfiguration"] = {"customTransformationConfiguration": {"transformations": []}}

    assert base.sync()["failureReasons"] == ["This local AWS does not run custom transformations."]


def test_failure_reasons_name_the_files(base: Base) -> None:
    base.put("a.zip", "no text")
    base.put("b.zip", "no text")

    (reason,) = base.sync()["failureReasons"]

    assert json.loads(reason) == [
        "Encountered error: Ignored 2 files as their file format was not supported. [Files: "
        "s3://library/documents/a.zip, s3://library/documents/b.zip]. Call to Amazon S3 Source did not succeed."
    ]
