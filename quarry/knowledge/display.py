"""What people are shown of the knowledge base: uploads, how documents fare, citations. Programs read JSON."""

from collections.abc import Mapping
from typing import Any, Final

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from lambdas.common.figures import counted
from quarry.deployed.footnote import footnote
from quarry.knowledge import uploading
from quarry.knowledge.answer import Answer
from quarry.knowledge.stack import KnowledgeStack
from quarry.knowledge.status import Status, counts_in_words, when
from quarry.knowledge.uploading import Bucket, Plan
from quarry.output import errors, print_note, print_table, print_text, require_yes

# Characters of a passage that fit beside what else is told of it.
PASSAGE: Final = 60
# Files that are named before a question; the rest is counted.
NAMED: Final = 20


def upload(plan: Plan, bucket: Bucket) -> None:
    """Upload what is planned, with a progress bar on standard error.

    Raises:
        CommandError: as of uploading.upload.
    """
    if not plan.upload:
        return
    columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    files = TextColumn("{task.fields[whole]} of {task.fields[files]} files")
    # Elsewhere than on a terminal a bar would only leave an empty line.
    with Progress(*columns, files, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("", total=sum(file.size for file in plan.upload), whole=0, files=len(plan.upload))
        whole = 0

        def show(size: int, ended: int) -> None:
            nonlocal whole
            whole += ended
            progress.update(task, advance=size, whole=whole)

        uploading.upload(plan.upload, bucket, progress=show)


def confirm_deletion(names: list[str]) -> None:
    """Name what would be deleted, and ask.

    Raises:
        CommandError: the answer was no, or there was none.
    """
    shown = "".join(f"\n  {name}" for name in names[:NAMED])
    more = f"\n  and {len(names) - NAMED} more" if len(names) > NAMED else ""
    print_note(f"In the knowledge base and not in DIR:{shown}{more}")
    question = f"Delete {counted(len(names), 'file')} from the knowledge base?"
    require_yes(question, otherwise="Nothing was sent or deleted", option="--yes")


def confirm_secrets(suspects: Mapping[str, str], *, ask: bool) -> None:
    """Name files that look like they hold what nobody should be told, and ask whether they are meant.

    Args:
        suspects: name of a file -> what it looks like.
        ask: with False they are only named.

    Raises:
        CommandError: the answer was no, or there was none.
    """
    shown = "".join(f"\n  {name}: looks like {what}" for name, what in list(suspects.items())[:NAMED])
    more = f"\n  and {len(suspects) - NAMED} more" if len(suspects) > NAMED else ""
    print_note(f"Whoever asks the knowledge base can be told what is in these:{shown}{more}", style="yellow")
    if not ask:
        return
    question = f"Upload {'it' if len(suspects) == 1 else 'them'} all the same?"
    require_yes(question, otherwise="Nothing was sent", option="--accept-secrets")


def show_sync(plan: Plan, deleted: list[str], stack: KnowledgeStack, *, dry_run: bool) -> None:
    """Say what was done, or with ``dry_run`` what would be."""
    if dry_run:
        rows = [("upload", "new" if file.name in plan.new else "changed", file.name) for file in plan.upload]
        rows += [("delete", "not in DIR", name) for name in deleted]
        if rows:
            print_table(("", "because", "file"), rows)
    sidecars = sum(file.is_sidecar for file in plan.upload)
    documents = len(plan.upload) - sidecars
    would = "Would have " if dry_run else ""
    print_text(
        f"{would}{'uploaded' if dry_run else 'Uploaded'} {counted(documents, 'document')} and "
        f"{counted(sidecars, 'sidecar')} to s3://{stack.bucket}/{stack.prefix}; "
        f"{counted(len(plan.unchanged), 'file')} unchanged, {len(deleted)} deleted."
    )
    kept = len(plan.gone) - len(deleted)
    if kept:
        print_text(
            f"{counted(kept, 'file')} in the knowledge base but not in DIR; --delete deletes what is not in DIR."
        )


def show_status(status: Status, stack: KnowledgeStack) -> None:
    """Say how documents fare, and what somebody has to look at."""
    first, *others = sorted(status.counts.items(), key=lambda one: one[0] != "INDEXED") or [("", 0)]
    counts = [f"{counted(first[1], 'document')} {_words(first[0])}".rstrip()]
    counts += [f"{count} {_words(name)}" for name, count in others]
    print_text(f"Knowledge base {stack.knowledge_base_id}: {', '.join(counts)}.", style="bold")
    outcome = status.outcome
    if outcome:
        took = f", ended {when(outcome.ended_at)}" if outcome.ended_at else ""
        print_text(
            f"Last ingestion: {outcome.job_id}, {_words(outcome.verdict)}, started "
            f"{when(outcome.started_at)}{took}: {counts_in_words(outcome.statistics)}."
        )
    elif not status.activity.running:
        print_text("There was no ingestion yet. `quarry knowledge sync DIR` uploads documents and so starts one.")
    print_text(status.activity.in_words())
    for trouble in status.troubles:
        print_text(trouble, style="red")
    if status.failed:
        here = f"s3://{stack.bucket}/{stack.prefix}"
        rows = [(one.uri.removeprefix(here), one.status, _line(one.reason)) for one in status.failed]
        print_table(("document", "status", "reason"), rows)


def show_citations(answer: Answer, *, question: str) -> None:
    """Show the passages that an answer cites, and on standard error what it took."""
    rows = [
        (
            f"[{one['number']}]",
            _line(one["document"]),
            f"{one['score']:.2f}",
            _line(" ".join(f"{key}={_value(value)}" for key, value in sorted(one["metadata"].items()))),
            _short(one["passage"]),
        )
        for one in answer.citations
    ]
    if rows:
        print_text()
        print_table(("", "document", "score", "metadata", "passage"), rows)
    whole = answer.whole
    note = footnote(
        whole.get("model"),
        usage=whole.get("usage"),
        finish_reason=whole.get("finish_reason"),
        not_recorded=whole.get("not_recorded"),
    )
    looked_for = whole.get("search_query")
    if looked_for and looked_for != question:
        note += f"  looked for: {_line(looked_for)}"
    print_note(note, style="dim")


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _line(text: str) -> str:
    """Return a text on one line, without what a terminal would obey."""
    return "".join(one if one.isprintable() else " " for one in " ".join(text.split()))


def _short(text: str) -> str:
    line = _line(text)
    return line if len(line) <= PASSAGE else f"{line[:PASSAGE].rstrip()}…"
