"""Puts the engine's operations in the place of MiniStack's; what was ingested goes with its base or source."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any, cast

from ministack.services import bedrock_agent, bedrock_agent_runtime

from sandbox.knowledge import documents, jobs, library, reranking, retrieval, stores
from sandbox.knowledge.stores import StoreError
from sandbox.model import shapes
from sandbox.model.errors import AwsError, Json, Response, invalid

_ACCEPTED = 202
# AWS takes an ARN wherever it takes an identifier.
_ARN_IN_PATH = re.compile(r"arn:[^/]+:knowledge-base/")

_AGENT: dict[str, tuple[Callable[..., Json], int]] = {
    "_start_ingestion_job": (jobs.start, _ACCEPTED),
    "_get_ingestion_job": (jobs.get, 200),
    "_list_ingestion_jobs": (jobs.list_all, 200),
    "_stop_ingestion_job": (jobs.stop, _ACCEPTED),
    "_list_kb_documents": (documents.list_all, 200),
    "_get_kb_documents": (documents.get, 200),
    "_ingest_kb_documents": (documents.ingest, _ACCEPTED),
    "_delete_kb_documents": (documents.delete, _ACCEPTED),
}


@functools.cache
def install() -> None:
    """Replace MiniStack's functions. Doing it again changes nothing."""
    for service in (jobs.SERVICE, reranking.SERVICE):
        shapes.service_model(service)  # now, so that the first call is as fast as the others
    for name, (operation, status) in _AGENT.items():
        getattr(bedrock_agent, name)  # another MiniStack would never call what is put here
        setattr(bedrock_agent, name, _answering(operation, status))
    bedrock_agent._delete_ds = _forgetting_data_source(bedrock_agent._delete_ds)
    bedrock_agent._delete_kb = _forgetting_knowledge_base(bedrock_agent._delete_kb)
    bedrock_agent_runtime._retrieve = _answering(retrieval.retrieve)
    bedrock_agent_runtime._retrieve_and_generate = _answering(_refuse_generation)
    bedrock_agent_runtime._retrieve_and_generate_stream = _answering(_refuse_generation)
    bedrock_agent_runtime.handle_request = _with_rerank(bedrock_agent_runtime.handle_request)


def _answering(operation: Callable[..., Json], status: int = 200) -> Callable[..., Response]:
    """``operation`` as MiniStack calls it: its document, or its AwsError, as a response."""

    @functools.wraps(operation)
    def answer(*arguments: Any) -> Response:
        try:
            return _json(operation(*arguments), status)
        except AwsError as error:
            return error.response()

    return answer


def _json(document: Json, status: int = 200) -> Response:
    return status, {"Content-Type": "application/json"}, json.dumps(document, ensure_ascii=False).encode()


def _refuse_generation(_body: bytes) -> Json:
    raise invalid(
        "This local AWS does not do RetrieveAndGenerate. Call Retrieve, and give the passages to a model with Converse."
    )


def _with_rerank(handle: Any) -> Any:
    """Rerank needs the caller, whom MiniStack's own function is not told."""

    @functools.wraps(handle)
    async def handling(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Response:
        if (method, path) == ("POST", "/rerank"):
            return _answering(reranking.rerank)(body, headers, query)
        return cast(Response, await handle(method, _ARN_IN_PATH.sub("", path), headers, body, query))

    return handling


def _forgetting_data_source(delete: Any) -> Any:
    """Its passages go with a data source whose deletion policy is DELETE; others stay in the index, as on AWS."""

    @functools.wraps(delete)
    def deleting(knowledge_base_id: str, data_source_id: str) -> Response:
        base = bedrock_agent._knowledge_bases.get(knowledge_base_id)
        record = bedrock_agent._data_sources.get(f"{knowledge_base_id}/{data_source_id}")
        response: Response = delete(knowledge_base_id, data_source_id)
        if record is not None and response[0] < 300:
            library.forget_source(knowledge_base_id, data_source_id)
            if base is not None and record.get("DataDeletionPolicy") == "DELETE":
                _empty(base, data_source_id)
        return response

    return deleting


def _empty(base: dict[str, Any], data_source_id: str) -> None:
    try:
        store = stores.of(base)
    except StoreError:
        return  # the index went before, and everything in it
    library.passages(store.key).remove_source(data_source_id)


def _forgetting_knowledge_base(delete: Any) -> Any:
    @functools.wraps(delete)
    def deleting(knowledge_base_id: str) -> Response:
        response: Response = delete(knowledge_base_id)
        if response[0] < 300:
            for each in list(library.sources(knowledge_base_id)):
                library.forget_source(knowledge_base_id, each.data_source_id)
        return response

    return deleting
