"""Takes a data source's documents into the vector index of its knowledge base, as the service role may."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.services import bedrock_agent

from sandbox import service_role
from sandbox.knowledge import bucket, chunking, embedding, formats, library, sidecar, stores
from sandbox.knowledge.bucket import Bucket, BucketError, Entry
from sandbox.knowledge.formats import UnreadableDocumentError
from sandbox.knowledge.library import Document, Job, Source, Version
from sandbox.knowledge.passages import Passage, PassageIndex
from sandbox.knowledge.stores import Store, StoreError
from sandbox.model import tokens
from sandbox.model.errors import AwsError
from sandbox.service_role import NotAuthorizedError, ServiceRole

SECONDS_PER_DOCUMENT = 0.01
"""How long a document takes at least, so that a job can be met at work."""


class IngestionError(Exception):
    """The whole ingestion cannot be done; worded as a job's failure reason."""


@dataclass
class Failures:
    """Why documents failed, in the words of a job's ``failureReasons``: one entry for each kind of failure."""

    _uris: dict[str, list[str]] = field(default_factory=dict)

    def add(self, uri: str, error: UnreadableDocumentError | NotAuthorizedError) -> None:
        """Note that a document failed."""
        summary = f"as {error.summary}" if isinstance(error, UnreadableDocumentError) else f"because {error}"
        self._uris.setdefault(summary, []).append(uri)

    def reasons(self) -> list[str]:
        """Return the entries: each a JSON list in a string, as the service sends it."""
        return [
            json.dumps(
                [
                    f"Encountered error: Ignored {len(uris)} files {summary}. [Files: {', '.join(uris)}]. "
                    "Call to Amazon S3 Source did not succeed."
                ]
            )
            for summary, uris in self._uris.items()
        ]


@dataclass
class Ingestion:
    """One data source, opened with all rights that are needed before the first document is read."""

    source: Source
    bucket: Bucket
    store: Store
    index: PassageIndex
    chunking: dict[str, Any] | None
    token_limit: int
    failures: Failures = field(default_factory=Failures)

    def run(self, job: Job) -> None:
        """Bring the index up to what the bucket holds now; ends early when the job is stopped.

        Raises:
            IngestionError: the bucket may not be listed or does not exist.
        """
        try:
            entries = self.bucket.entries()
        except (BucketError, NotAuthorizedError) as error:
            raise IngestionError(f"Encountered error: {error}. Call to Amazon S3 Source did not succeed.") from error
        documents = {key: entry for key, entry in entries.items() if not key.endswith(sidecar.SUFFIX)}
        job.count("MetadataDocumentsScanned", len(entries) - len(documents))
        for key, entry in documents.items():
            if job.stop.wait(SECONDS_PER_DOCUMENT):
                return
            job.count("DocumentsScanned")
            self.take(entry, entries.get(key + sidecar.SUFFIX), job)
        present = {self.bucket.uri(key) for key in documents}
        for uri in [uri for uri in self.source.documents if uri not in present]:
            job.count("DocumentsDeleted", 1 if self.source.documents[uri].indexed else 0)
            self.drop(uri)

    def take(self, entry: Entry, beside: Entry | None, job: Job) -> None:
        """Index one document unless it is as it was, and count what happened."""
        uri = self.bucket.uri(entry.key)
        known = self.source.documents.get(uri)
        version = Version(entry.etag, beside.etag if beside else None)
        indexed = known.indexed if known else None
        if known and known.status == "INDEXED" and indexed == version:
            job.count("DocumentsSkipped")
            return
        same_text = indexed is not None and indexed.document == version.document
        try:
            metadata = self._metadata(beside)
        except (UnreadableDocumentError, NotAuthorizedError) as error:
            self._fail(uri, error, "METADATA_UPDATE_FAILED" if same_text else "FAILED", job)
            return
        try:
            found = list(self._passages(uri, entry, metadata))
        except (UnreadableDocumentError, NotAuthorizedError) as error:
            self._fail(uri, error, getattr(error, "status", "FAILED"), job)
            return
        with self.source.lock:
            if self.source.gone:
                return
            self.index.replace(self.source.data_source_id, uri, found)
        self.source.documents[uri] = Document(uri, "INDEXED", indexed=version)
        changed = "MetadataDocumentsModified" if same_text else "ModifiedDocumentsIndexed"
        job.count(changed if indexed else "NewDocumentsIndexed")

    def drop(self, uri: str) -> None:
        """Remove a document with its passages."""
        self.index.replace(self.source.data_source_id, uri, ())
        self.source.documents.pop(uri, None)

    def _fail(self, uri: str, error: UnreadableDocumentError | NotAuthorizedError, status: str, job: Job) -> None:
        # What was indexed before stays: a new version that cannot be read replaces nothing.
        known = self.source.documents.get(uri)
        self.source.documents[uri] = Document(uri, status, str(error), known.indexed if known else None)
        self.failures.add(uri, error)
        job.count("DocumentsFailed")

    def _metadata(self, beside: Entry | None) -> sidecar.Metadata:
        data = self.bucket.read(beside.key) if beside else None
        metadata = sidecar.parse(data) if data is not None else {}
        if not self.store.is_search:
            sidecar.check_for_vectors(metadata)
        return metadata

    def _passages(self, uri: str, entry: Entry, metadata: sidecar.Metadata) -> Iterable[Passage]:
        formats.check(entry.key, entry.size)
        data = self.bucket.read(entry.key)
        if data is None:
            raise UnreadableDocumentError("The file was removed during the ingestion.", summary="they were removed")
        for number, each in enumerate(chunking.chunk(formats.text_of(entry.key, data), self.chunking)):
            count = tokens.count(each.text)
            if count > self.token_limit:
                raise UnreadableDocumentError(
                    f"Too many input tokens. Max input tokens: {self.token_limit}, request input token count: {count}",
                    summary="their chunks were too long for the embedding model",
                )
            yield Passage(
                self.source.data_source_id,
                uri,
                each.text,
                parent=each.parent,
                parent_id=_digest(uri, each.parent) if each.parent is not None else None,
                metadata=dict(metadata),
                chunk_id=_digest(uri, f"{entry.etag} {number}"),
            )


def open_source(source: Source, *, session: str) -> Ingestion:
    """Open a data source for ingestion, in the name of its knowledge base's service role.

    Raises:
        IngestionError: something is missing, does not fit, or is not allowed.
    """
    base = bedrock_agent._knowledge_bases.get(source.knowledge_base_id)
    record = bedrock_agent._data_sources.get(f"{source.knowledge_base_id}/{source.data_source_id}")
    if base is None or record is None:
        raise IngestionError("The knowledge base or the data source was deleted.")
    settings = record.get("VectorIngestionConfiguration") or {}
    if settings.get("customTransformationConfiguration"):
        raise IngestionError("This local AWS does not run custom transformations.")
    try:
        role = assume(base, session=session)
        embedding.require(embedding.model_arn(base), role)
        store = stores.of(base)
        store.require_write(role)
        return Ingestion(
            source,
            bucket.of(record, role),
            store,
            library.passages(store.key),
            settings.get("chunkingConfiguration"),
            embedding.token_limit(embedding.model_arn(base)),
        )
    except AwsError as error:
        raise IngestionError(error.message) from error
    except (NotAuthorizedError, StoreError, BucketError) as error:
        raise IngestionError(f"Encountered error: {error}. Call to the vector database did not succeed.") from error


def assume(knowledge_base: Mapping[str, Any], *, session: str) -> ServiceRole:
    """Assume the service role of MiniStack's record of a knowledge base. Raises NotAuthorizedError."""
    try:
        return service_role.assume(
            knowledge_base["RoleArn"],
            service="bedrock.amazonaws.com",
            session=session,
            source_arn=knowledge_base["KnowledgeBaseArn"],
        )
    except NotAuthorizedError as error:
        raise NotAuthorizedError(
            f"Bedrock Knowledge Base was unable to assume the given role {knowledge_base['RoleArn']}. Provide the "
            "proper permissions and retry the request."
        ) from error


def _digest(uri: str, rest: str) -> str:
    return hashlib.sha256(f"{uri}\n{rest}".encode()).hexdigest()[:20]
