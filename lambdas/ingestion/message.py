"""The message to whoever looks after the documents: which ones failed, why, and where the rest stands.

SNS takes a subject of up to 100 printable ASCII characters and 256 KB of text, so everything is cut to a length.
"""

from typing import Final

from lambdas.common.figures import counted
from lambdas.ingestion.outcome import Outcome

SUBJECT_CHARACTERS: Final = 100
# How many documents, and how many of the job's own reasons, are named.
NAMED: Final = 20
LINE_CHARACTERS: Final = 500


def subject(outcome: Outcome, *, environment: str) -> str:
    """Return the subject: what failed, in the environment."""
    if outcome.verdict == "timed_out":
        what = "an ingestion job took too long"
    elif outcome.verdict == "failed":
        what = "an ingestion job failed"
    elif outcome.failed:
        what = f"{counted(outcome.failed, 'document')} not ingested"
    else:
        what = "an ingestion job had warnings"
    text = _line(f"Quarry {environment}: {what}").encode("ascii", "replace").decode()
    return text[:SUBJECT_CHARACTERS].rstrip()


def text(outcome: Outcome, *, environment: str, record: str) -> str:
    """Return the text.

    Args:
        record: where the outcome's record is.
    """
    lines = [
        f"Ingestion job {outcome.job_id} in environment {environment}, started "
        f"{outcome.started_at:%Y-%m-%d %H:%M:%S} UTC: {outcome.verdict.replace('_', ' ')}.",
    ]
    if outcome.failed:
        named = outcome.documents.failed[:NAMED]
        end = ":" if named else "; none is named."
        lines += ["", f"{counted(outcome.failed, 'document')} not ingested, or not wholly{end}"]
        lines += [_line(f"- {one.uri} ({one.status}): {one.reason or 'no reason given'}") for one in named]
        lines += _more(outcome.failed - len(named)) if named else []
    if outcome.failure_reasons:
        lines += ["", "The job's own reasons:"]
        lines += [_line(f"- {reason}") for reason in outcome.failure_reasons[:NAMED]]
        lines += _more(len(outcome.failure_reasons) - NAMED)
    lines += [
        "",
        f"Everything is in {record}",
        f"and shown by: quarry knowledge status --environment {environment}",
        "Mend what is named and upload a document again: that starts a job for all of them.",
    ]
    return "\n".join(lines)


def _more(count: int) -> list[str]:
    return [f"and {count:,} more"] if count > 0 else []


def _line(text: str) -> str:
    """Return the text on one line that is not too long, without what cannot be printed."""
    shown = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return shown if len(shown) <= LINE_CHARACTERS else f"{shown[: LINE_CHARACTERS - 1]}…"
