"""The message: names and reasons, within what SNS takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.ingestion import message
from lambdas.ingestion.outcome import Documents, FailedDocument, Outcome
from tests.lambdas.ingestion.test_outcome import FAILED, job

MOST_BYTES = 262_144


def outcome(status: str = "COMPLETE", *, failed: int = 0, counted: int = 0, reasons: int = 0) -> Outcome:
    documents = tuple(
        FailedDocument(uri=f"s3://data/documents/{number:03}.pdf", status="FAILED", reason=f"why {number}")
        for number in range(failed)
    )
    made = job(
        status,
        statistics={"numberOfDocumentsFailed": counted},
        failureReasons=[f"reason {number}" for number in range(reasons)],
    )
    return Outcome.of(made, Documents(failed=documents), timed_out=status == "STOPPED")


def told(of: Outcome) -> str:
    return message.text(of, environment="dev", record="s3://data/ingestions/x.json")


@pytest.mark.parametrize(
    ("of", "subject"),
    [
        (outcome(failed=1), "Quarry dev: 1 document not ingested"),
        (outcome(counted=1_200), "Quarry dev: 1,200 documents not ingested"),
        (outcome("FAILED"), "Quarry dev: an ingestion job failed"),
        (outcome("STOPPED"), "Quarry dev: an ingestion job took too long"),
        (outcome(reasons=1), "Quarry dev: an ingestion job had warnings"),
    ],
)
def test_the_subject_says_what_failed(of: Outcome, subject: str) -> None:
    assert message.subject(of, environment="dev") == subject


def test_the_text_names_documents_and_reasons_and_what_to_do() -> None:
    assert told(Outcome.of(job(failureReasons=["slow"]), FAILED, timed_out=False)).splitlines() == [
        "Ingestion job JOB0000001 in environment dev, started 2026-11-21 12:00:00 UTC: partly failed.",
        "",
        "1 document not ingested, or not wholly:",
        "- s3://data/documents/a.pdf (FAILED): damaged",
        "",
        "The job's own reasons:",
        "- slow",
        "",
        "Everything is in s3://data/ingestions/x.json",
        "and shown by: quarry knowledge status --environment dev",
        "Mend what is named and upload a document again: that starts a job for all of them.",
    ]


@pytest.mark.parametrize(
    ("failed", "counted", "named", "more"),
    [(20, 0, 20, []), (21, 0, 20, ["and 1 more"]), (3, 5, 3, ["and 2 more"]), (2_000, 3, 20, ["and 1,980 more"])],
)
def test_at_most_twenty_documents_are_named(failed: int, counted: int, named: int, more: list[str]) -> None:
    lines = told(outcome(failed=failed, counted=counted)).splitlines()

    assert sum(line.startswith("- s3://") for line in lines) == named
    assert [line for line in lines if line.startswith("and ") and line.endswith("more")] == more


def test_documents_that_are_only_counted_are_told() -> None:
    lines = told(outcome(counted=5)).splitlines()

    assert "5 documents not ingested, or not wholly; none is named." in lines
    assert "and 5 more" not in lines


def test_reasons_are_limited_too() -> None:
    assert "and 2,028 more" in told(outcome("FAILED", reasons=2_048)).splitlines()


@given(st.text(max_size=3_000), st.text(max_size=3_000), st.text(max_size=200))
def test_any_name_and_reason_fit_and_stay_on_their_line(uri: str, reason: str, environment: str) -> None:
    documents = Documents(failed=(FailedDocument(uri=uri, status="FAILED", reason=reason),) * 30)
    of = Outcome.of(job("FAILED", failureReasons=[reason] * 30), documents, timed_out=False)

    lines = message.text(of, environment="dev", record="r").splitlines()

    assert len(lines) == 3 + 20 + 1 + 2 + 20 + 1 + 4
    assert len("\n".join(lines).encode()) < MOST_BYTES
    subject = message.subject(of, environment=environment)
    assert subject.isascii()
    assert subject.isprintable()
    assert 0 < len(subject) <= 100


def test_the_longest_message_fits() -> None:
    documents = Documents(failed=(FailedDocument(uri="𐍈" * 2_048, status="FAILED", reason="𐍈" * 9_999),) * 999)
    of = Outcome.of(job("FAILED", failureReasons=["𐍈" * 9_999] * 999), documents, timed_out=False)

    assert len(told(of).encode()) < MOST_BYTES
