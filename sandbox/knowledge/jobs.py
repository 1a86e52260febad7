"""StartIngestionJob, GetIngestionJob, ListIngestionJobs and StopIngestionJob of ``bedrock-agent``.

One job at a time per knowledge base, as AWS's quota has it. A job is short but can be met: it is STARTING for a
moment, lists the bucket when it becomes IN_PROGRESS, and takes a little time for each document. AWS documents no
wording for its conflicts; the one here is ours.
"""

from __future__ import annotations

import logging
import secrets
import string
import threading
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.services import bedrock_agent

from sandbox.knowledge import embedding, ingestion, library
from sandbox.knowledge.ingestion import IngestionError
from sandbox.knowledge.library import RUNNING, Job, Source
from sandbox.model import shapes
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.paging import page
from sandbox.service_role import NotAuthorizedError

SERVICE = "bedrock-agent"

STARTING_SECONDS = 0.2
"""How long a job is STARTING."""

IN_PROGRESS_SECONDS = 0.2
"""How long a job is IN_PROGRESS at least, besides the time for its documents."""

_ALPHANUMERIC = string.ascii_uppercase + string.digits
_ID_LENGTH = 10

_logger = logging.getLogger(__name__)
_starting = threading.Lock()


def start(knowledge_base_id: str, data_source_id: str, body: bytes) -> Json:
    """Start a job, or return the one that was started with the same client token.

    Raises:
        AwsError: ResourceNotFoundException; ConflictException while one runs; ValidationException when the service
            role cannot call the embedding model.
    """
    request = shapes.parse("StartIngestionJob", body, service=SERVICE)
    base = require_source(knowledge_base_id, data_source_id)
    source = library.source(knowledge_base_id, data_source_id)
    token = request.get("clientToken")
    with _starting:
        known = next((job for job in source.jobs if token is not None and job.client_token == token), None)
        if known is not None:
            return {"ingestionJob": known.shown()}
        _refuse_while_running(knowledge_base_id)
        job = Job(knowledge_base_id, data_source_id, _new_id(), request.get("description"), token)
        try:
            role = ingestion.assume(base, session=job.job_id)
        except NotAuthorizedError as error:
            raise invalid(str(error)) from error
        embedding.require(embedding.model_arn(base), role)
        source.jobs.append(job)
    started = job.shown()  # before its thread changes it
    spawn_background(_run, source, job, thread_name=f"ingestion-{job.job_id}")
    return {"ingestionJob": started}


def get(knowledge_base_id: str, data_source_id: str, job_id: str) -> Json:
    """Return one job. Raises AwsError: ResourceNotFoundException."""
    return {"ingestionJob": _job(knowledge_base_id, data_source_id, job_id).shown()}


def list_all(knowledge_base_id: str, data_source_id: str, body: bytes) -> Json:
    """Return the jobs of a data source, the latest first unless ``sortBy`` says otherwise; paged.

    Raises:
        AwsError: ResourceNotFoundException, ValidationException.
    """
    request = shapes.parse("ListIngestionJobs", body, service=SERVICE)
    require_source(knowledge_base_id, data_source_id)
    found = list(library.source(knowledge_base_id, data_source_id).jobs)
    for wanted in request.get("filters") or []:
        found = [job for job in found if job.status in wanted["values"]]
    order = request.get("sortBy") or {"attribute": "STARTED_AT", "order": "DESCENDING"}
    found.sort(
        key=lambda job: job.started_at if order["attribute"] == "STARTED_AT" else job.status,
        reverse=order["order"] == "DESCENDING",
    )
    return page([job.summary() for job in found], request, "ingestionJobSummaries")


def stop(knowledge_base_id: str, data_source_id: str, job_id: str) -> Json:
    """Ask a running job to end. Raises AwsError: ResourceNotFoundException, ConflictException when it has ended."""
    job = _job(knowledge_base_id, data_source_id, job_id)
    if not job.ask_to_stop():
        raise AwsError("ConflictException", f"Ingestion job {job_id} cannot be stopped: it is {job.status}.")
    return {"ingestionJob": job.shown()}


def require_source(knowledge_base_id: str, data_source_id: str) -> dict[str, Any]:
    """Return MiniStack's record of the knowledge base of a data source. Raises AwsError: ResourceNotFoundException."""
    base: dict[str, Any] | None = bedrock_agent._knowledge_bases.get(knowledge_base_id)
    if base is None:
        raise AwsError("ResourceNotFoundException", f"Knowledge base with id {knowledge_base_id} does not exist.")
    if f"{knowledge_base_id}/{data_source_id}" not in bedrock_agent._data_sources:
        raise AwsError(
            "ResourceNotFoundException",
            f"Data source with id {data_source_id} of knowledge base {knowledge_base_id} does not exist.",
        )
    return base


def _job(knowledge_base_id: str, data_source_id: str, job_id: str) -> Job:
    require_source(knowledge_base_id, data_source_id)
    for job in library.source(knowledge_base_id, data_source_id).jobs:
        if job.job_id == job_id:
            return job
    raise AwsError("ResourceNotFoundException", f"Ingestion job with id {job_id} does not exist.")


def _refuse_while_running(knowledge_base_id: str) -> None:
    for source in library.sources(knowledge_base_id):
        for job in source.jobs:
            if job.status in RUNNING:
                raise AwsError(
                    "ConflictException",
                    f"There is an ongoing ingestion job {job.job_id} for data source {job.data_source_id} of knowledge "
                    f"base {knowledge_base_id}. Wait until it has ended before you start another one.",
                )


def _new_id() -> str:
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(_ID_LENGTH))


def _run(source: Source, job: Job) -> None:
    """Do a job, on a thread of its own, and write down how it ended."""
    reasons: list[str] = []
    status = "FAILED"
    try:
        if not job.stop.wait(STARTING_SECONDS):
            job.become("IN_PROGRESS", stopped="STOPPING")
            opened = ingestion.open_source(source, session=f"DocumentLoaderTask-{job.job_id}")
            opened.run(job)
            reasons = opened.failures.reasons()
            job.stop.wait(IN_PROGRESS_SECONDS)
        status = "COMPLETE"
    except IngestionError as error:
        job.stop.wait(IN_PROGRESS_SECONDS)
        reasons = [str(error)]
    except Exception:
        _logger.exception("ingestion job %s failed", job.job_id)
        reasons = ["Internal error of this local AWS; its log has the details."]
    job.failure_reasons = reasons
    job.become(status, stopped="STOPPED" if status == "COMPLETE" else status)
