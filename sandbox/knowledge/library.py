"""What was ingested: passages per vector index, documents and jobs per data source. In memory, as all of MiniStack.

Passages belong to the index, as on AWS: a knowledge base that is deleted leaves them, a data source takes its own along
when its deletion policy is DELETE, and an index that is made anew is empty.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ministack.core.responses import AccountRegionScopedDict

from sandbox.knowledge.passages import PassageIndex
from sandbox.model import word_vectors
from sandbox.model.errors import Json

RUNNING = ("STARTING", "IN_PROGRESS", "STOPPING")

# How the API names the counts of a job; the order is that of its documentation.
_COUNTS = (
    "numberOfDocumentsScanned",
    "numberOfMetadataDocumentsScanned",
    "numberOfNewDocumentsIndexed",
    "numberOfModifiedDocumentsIndexed",
    "numberOfMetadataDocumentsModified",
    "numberOfDocumentsDeleted",
    "numberOfDocumentsFailed",
    "numberOfDocumentsSkipped",
)


def now() -> str:
    """Return this moment as the API writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Version:
    """Which content of a document, and of the metadata file beside it, was indexed: their ETags."""

    document: str
    sidecar: str | None = None


@dataclass
class Document:
    """A document of a data source; ``indexed`` is the version whose passages can be retrieved, if any."""

    uri: str
    status: str
    reason: str = ""
    indexed: Version | None = None
    updated_at: str = field(default_factory=now)


@dataclass
class Job:
    """An ingestion job. Its thread alone changes it, but for :meth:`ask_to_stop`."""

    knowledge_base_id: str
    data_source_id: str
    job_id: str
    description: str | None = None
    client_token: str | None = None
    status: str = "STARTING"
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTS, 0))
    failure_reasons: list[str] = field(default_factory=list)
    started_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)
    stop: threading.Event = field(default_factory=threading.Event)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str, by: int = 1) -> None:
        """Add to one of the counts, named as the API names it without ``numberOf``."""
        self.counts[f"numberOf{name}"] += by

    def become(self, status: str, *, stopped: str) -> None:
        """Enter a status, now; another one if it was asked to stop."""
        with self._changing:
            self.status = stopped if self.stop.is_set() else status
            self.updated_at = now()

    def ask_to_stop(self) -> bool:
        """Be STOPPING from now on, until the job's thread sees it. False if the job had ended before."""
        with self._changing:
            if self.status not in RUNNING:
                return False
            self.status = "STOPPING"
            self.updated_at = now()
            self.stop.set()
            return True

    def summary(self) -> Json:
        """Return the job as ListIngestionJobs shows it."""
        shown: Json = {
            "knowledgeBaseId": self.knowledge_base_id,
            "dataSourceId": self.data_source_id,
            "ingestionJobId": self.job_id,
            "status": self.status,
            "startedAt": self.started_at,
            "updatedAt": self.updated_at,
            "statistics": dict(self.counts),
        }
        return {**shown, "description": self.description} if self.description else shown

    def shown(self) -> Json:
        """Return the job as GetIngestionJob shows it."""
        return {**self.summary(), **({"failureReasons": self.failure_reasons} if self.failure_reasons else {})}


@dataclass
class Source:
    """What is known of one data source: its documents by URI, its jobs in the order of their start."""

    knowledge_base_id: str
    data_source_id: str
    documents: dict[str, Document] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while a document's passages are written, so that none are written after the source was deleted."""
    gone: bool = False


_lock = threading.Lock()
_sources = AccountRegionScopedDict()  # "<knowledge base id>/<data source id>" -> Source
_indexes = AccountRegionScopedDict()  # key of a store -> PassageIndex


def source(knowledge_base_id: str, data_source_id: str) -> Source:
    """Return what is known of a data source; nothing yet where it is new."""
    key = f"{knowledge_base_id}/{data_source_id}"
    with _lock:
        if key not in _sources:
            _sources[key] = Source(knowledge_base_id, data_source_id)
        found: Source = _sources[key]
        return found


def sources(knowledge_base_id: str) -> Iterator[Source]:
    """Return the data sources of a knowledge base that something is known of."""
    with _lock:
        found: list[Source] = list(_sources.values())
    return (each for each in found if each.knowledge_base_id == knowledge_base_id)


def passages(store_key: str) -> PassageIndex:
    """Return the passages of a vector index."""
    with _lock:
        if store_key not in _indexes:
            real = word_vectors.available()
            _indexes[store_key] = PassageIndex(word_vectors.embed if real else None, word_vectors.DIMENSIONS)
        found: PassageIndex = _indexes[store_key]
        return found


def forget_source(knowledge_base_id: str, data_source_id: str) -> None:
    """Stop a data source's jobs and forget it. Its passages are not touched, and get no more."""
    with _lock:
        found: Source | None = _sources.pop(f"{knowledge_base_id}/{data_source_id}", None)
    if found is not None:
        _end(found)


def _end(found: Source) -> None:
    with found.lock:
        found.gone = True
    for job in found.jobs:
        job.stop.set()


def forget() -> None:
    """Stop every job and forget everything, of every account."""
    with _lock:
        found: list[Source] = [each for _key, each in _sources.all_items()]
        _sources.clear()
        _indexes.clear()
    for each in found:
        _end(each)
