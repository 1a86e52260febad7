"""What became of an ingestion job: more than its status, because a COMPLETE job may have left documents out."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, Self

Verdict = Literal["complete", "partly_failed", "failed", "timed_out"]

# The document, or a part of it or of its metadata, is not in the index. An ignored one has a reason for it too.
FAILED_STATUSES: Final = frozenset(
    {"FAILED", "PARTIALLY_INDEXED", "METADATA_PARTIALLY_INDEXED", "METADATA_UPDATE_FAILED", "IGNORED"}
)
# Statuses of a job that has come to its end, good or bad.
OVER: Final = ("COMPLETE", "FAILED", "STOPPED")
_TIMED_OUT: Final = "The job took longer than knowledge.ingestion.max_minutes and was stopped."
_STOPPED: Final = "The job was stopped before it had read all documents."


class JobNotOverError(Exception):
    """The job still runs, so there is no outcome yet."""


@dataclass(frozen=True, kw_only=True)
class FailedDocument:
    """A document that is not in the index as it should be; ``reason`` is Bedrock's and may be empty."""

    uri: str
    status: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Documents:
    """What the knowledge base says of its documents after the job."""

    failed: tuple[FailedDocument, ...] = ()
    indexed: int = 0

    @classmethod
    def from_details(cls, details: Iterable[Mapping[str, Any]]) -> Self:
        """Read what ListKnowledgeBaseDocuments lists."""
        failed, indexed = [], 0
        for detail in details:
            if detail["status"] in FAILED_STATUSES:
                failed.append(
                    FailedDocument(uri=_uri(detail), status=detail["status"], reason=detail.get("statusReason") or "")
                )
            indexed += detail["status"] == "INDEXED"
        return cls(failed=tuple(sorted(failed, key=lambda one: one.uri)), indexed=indexed)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of one job.

    Attributes:
        status: Bedrock's word.
        statistics: Bedrock's counts, by its names.
        failure_reasons: Bedrock's, and ours where a job ended without one.
    """

    job_id: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    verdict: Verdict
    statistics: dict[str, int]
    failure_reasons: tuple[str, ...]
    documents: Documents

    @classmethod
    def of(cls, job: Mapping[str, Any], documents: Documents, *, timed_out: bool) -> Self:
        """Judge a job that is over, or that nobody waits for any longer.

        Args:
            job: Bedrock's ``ingestionJob``.
            timed_out: whether it was given up; one that was complete all the same is complete.

        Raises:
            JobNotOverError: it runs and is not given up.
        """
        status = job["status"]
        reasons = tuple(job.get("failureReasons") or ())
        statistics = dict(job.get("statistics") or {})
        if status == "COMPLETE":
            partly = bool(reasons or documents.failed or statistics.get("numberOfDocumentsFailed"))
            verdict: Verdict = "partly_failed" if partly else "complete"
        elif timed_out:
            verdict, reasons = "timed_out", (*reasons, _TIMED_OUT)
        elif status in OVER:
            verdict, reasons = "failed", reasons if status == "FAILED" else (*reasons, _STOPPED)
        else:
            raise JobNotOverError(f"the ingestion job {job['ingestionJobId']} is {status}: there is no outcome yet")
        return cls(
            job_id=job["ingestionJobId"],
            status=status,
            started_at=job["startedAt"].astimezone(UTC),
            ended_at=job["updatedAt"].astimezone(UTC) if status in OVER else None,
            verdict=verdict,
            statistics=statistics,
            failure_reasons=reasons,
            documents=documents,
        )

    @property
    def indexed(self) -> int:
        """Documents that this job brought into the index."""
        names = ("numberOfNewDocumentsIndexed", "numberOfModifiedDocumentsIndexed")
        return sum(self.statistics.get(name, 0) for name in names)

    @property
    def failed(self) -> int:
        """Documents that failed, be they only counted or only listed."""
        return max(self.statistics.get("numberOfDocumentsFailed", 0), len(self.documents.failed))

    @property
    def name(self) -> str:
        """Name of its record; sorts by the start of the job."""
        return f"{self.started_at:%Y%m%dT%H%M%SZ}-{self.job_id}.json"

    def to_json(self) -> dict[str, Any]:
        """Return the record."""
        return {
            "job_id": self.job_id,
            "status": self.status,
            "started_at": self.started_at.isoformat(),
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "outcome": self.verdict,
            "statistics": self.statistics,
            "failure_reasons": list(self.failure_reasons),
            "documents": {
                "failed": [asdict(one) for one in self.documents.failed],
                "indexed": self.documents.indexed,
            },
        }


def _uri(detail: Mapping[str, Any]) -> str:
    identifier = detail["identifier"]
    return str(identifier.get("s3", {}).get("uri") or identifier.get("custom", {}).get("id") or "a document")
