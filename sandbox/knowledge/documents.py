"""List-, Get-, Ingest- and DeleteKnowledgeBaseDocuments of ``bedrock-agent``, for documents in S3."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ministack.core.concurrency import spawn_background

from sandbox.knowledge import ingestion, jobs, library, sidecar
from sandbox.knowledge.bucket import BucketError
from sandbox.knowledge.ingestion import Ingestion, IngestionError
from sandbox.knowledge.library import Document, Job, Source
from sandbox.model import shapes
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.paging import page
from sandbox.service_role import NotAuthorizedError


def list_all(knowledge_base_id: str, data_source_id: str, body: bytes) -> Json:
    """Return the documents of a data source by URI, paged. Raises AwsError."""
    source, request = _opened("ListKnowledgeBaseDocuments", knowledge_base_id, data_source_id, body)
    found = [_detail(source, each) for _uri, each in sorted(dict(source.documents).items())]
    return page(found, request, "documentDetails")


def get(knowledge_base_id: str, data_source_id: str, body: bytes) -> Json:
    """Return the named documents; NOT_FOUND is a status. Raises AwsError."""
    source, request = _opened("GetKnowledgeBaseDocuments", knowledge_base_id, data_source_id, body)
    return {"documentDetails": [_detail(source, _known(source, uri)) for uri in _uris(request["documentIdentifiers"])]}


def ingest(knowledge_base_id: str, data_source_id: str, body: bytes) -> Json:
    """Take the named objects of the data source's bucket into the index, in the background. Raises AwsError."""
    source, request = _opened("IngestKnowledgeBaseDocuments", knowledge_base_id, data_source_id, body)
    uris = []
    for document in request["documents"]:
        content = document["content"]
        if content["dataSourceType"] != "S3" or document.get("metadata"):
            raise invalid("This local AWS ingests S3 documents only, with the metadata files beside them.")
        uris.append(content["s3"]["s3Location"]["uri"])

    def take(opened: Ingestion, counts: Job) -> None:
        entries = {opened.bucket.uri(key): entry for key, entry in opened.bucket.entries().items()}
        for uri in uris:
            if uri in entries:
                opened.take(entries[uri], entries.get(uri + sidecar.SUFFIX), counts)
            else:
                source.documents[uri] = Document(uri, "FAILED", "The object does not exist in the data source.")

    return _in_background(source, uris, "STARTING", take)


def delete(knowledge_base_id: str, data_source_id: str, body: bytes) -> Json:
    """Remove the named documents from the index, in the background. Raises AwsError."""
    source, request = _opened("DeleteKnowledgeBaseDocuments", knowledge_base_id, data_source_id, body)
    uris = [uri for uri in _uris(request["documentIdentifiers"]) if uri in source.documents]

    def drop(opened: Ingestion, _counts: Job) -> None:
        for uri in uris:
            opened.drop(uri)

    return _in_background(source, uris, "DELETING", drop)


def _in_background(source: Source, uris: Iterable[str], status: str, work: Callable[[Ingestion, Job], None]) -> Json:
    """Show ``status`` for the documents and do the work on a thread of its own."""
    for uri in uris:
        source.documents[uri] = Document(uri, status, indexed=_known(source, uri).indexed)
    shown = {"documentDetails": [_detail(source, source.documents[uri]) for uri in uris]}
    counts = Job(source.knowledge_base_id, source.data_source_id, "direct")

    def run() -> None:
        try:
            work(ingestion.open_source(source, session="DocumentLoaderTask-direct"), counts)
        except (IngestionError, BucketError, NotAuthorizedError) as error:
            for uri in uris:
                source.documents[uri] = Document(uri, "FAILED", str(error), _known(source, uri).indexed)

    spawn_background(run, thread_name="ingestion-direct")
    return shown


def _opened(operation: str, knowledge_base_id: str, data_source_id: str, body: bytes) -> tuple[Source, Json]:
    request = shapes.parse(operation, body, service=jobs.SERVICE)
    jobs.require_source(knowledge_base_id, data_source_id)
    return library.source(knowledge_base_id, data_source_id), request


def _uris(identifiers: Iterable[dict[str, Any]]) -> list[str]:
    for each in identifiers:
        if each["dataSourceType"] != "S3":
            raise AwsError("ValidationException", "This data source is of type S3: name documents by s3.uri.")
    return [each["s3"]["uri"] for each in identifiers]


def _known(source: Source, uri: str) -> Document:
    return source.documents.get(uri) or Document(uri, "NOT_FOUND")


def _detail(source: Source, document: Document) -> Json:
    return {
        "knowledgeBaseId": source.knowledge_base_id,
        "dataSourceId": source.data_source_id,
        "status": document.status,
        "identifier": {"dataSourceType": "S3", "s3": {"uri": document.uri}},
        **({"statusReason": document.reason} if document.reason else {}),
        "updatedAt": document.updated_at,
    }
