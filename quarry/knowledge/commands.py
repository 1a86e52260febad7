"""``quarry knowledge``: documents into the knowledge base, how they fare, and questions to them."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from lambdas.ingestion.changes import first_message
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.deployed.endpoint import Endpoint
from quarry.knowledge import answer as answering
from quarry.knowledge import display, documents, uploading
from quarry.knowledge.answer import Answer
from quarry.knowledge.documents import Folder
from quarry.knowledge.stack import KnowledgeStack
from quarry.knowledge.status import Status, StatusReader
from quarry.knowledge.uploading import Bucket, Plan
from quarry.knowledge.waiting import FOLLOW, SECONDS, SECONDS_HERE, Waiting
from quarry.options import DEFAULT_ENVIRONMENT, ApiKey, AsJson, BaseUrl, Environment
from quarry.output import print_json, print_note, print_part, print_text, tell_progress

app = typer.Typer(no_args_is_help=True, help="Bring documents into the knowledge base, see how they fare, ask them.")

Wait = Annotated[bool, typer.Option("--wait", help="Wait until nothing is queued or running, and tell the outcome.")]
Timeout = Annotated[int, typer.Option("--timeout-minutes", min=0, max=1440, help="How long --wait waits at most.")]


@app.command()
def sync(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the documents, subfolders included.")],
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete what is in the knowledge base and not in DIR; asks first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Answer the question of --delete with yes, for CI.")] = False,
    follow_links: Annotated[
        bool, typer.Option("--follow-links", help="Take files too that links lead to outside of DIR.")
    ] = False,
    accept_secrets: Annotated[
        bool, typer.Option("--accept-secrets", help="Upload what looks like a secret without asking.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    wait: Wait = False,
    timeout_minutes: Timeout = 30,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Upload the documents of DIR that are new or changed. Ingestion then starts by itself.

    Bedrock reads .txt .md .html .csv .doc .docx .xls .xlsx .pdf of up to 50 MB.

    A sidecar X.metadata.json beside X holds what can be filtered by, for example
    {"metadataAttributes": {"department": "Finance", "year": 2025}}

    All of DIR is checked before anything is sent. What was interrupted or failed
    can be run again: only the rest is sent. Links that lead out of DIR are left
    out; what looks like a secret, as a key, is asked about.

    Exit codes: 0 done; 1 an upload failed, or with --wait a document did;
    2 DIR has something that Bedrock would not take.

    Example: quarry knowledge sync samples/documents --wait -e dev
    """
    if yes and not delete:
        raise CommandError("--yes is for --delete.", exit_code=2)
    if dry_run and wait:
        raise CommandError("--dry-run sends nothing that --wait could wait for: leave out one of them.", exit_code=2)
    deployment = Deployment(environment(name))
    stack = KnowledgeStack.of(deployment)
    found = _read(folder, deployment, stack, follow_links=follow_links)
    bucket = _bucket(deployment, stack)
    plan = uploading.plan(found.files.values(), bucket)
    suspects = {file.name: file.secret for file in plan.upload if file.secret}
    if suspects and not accept_secrets:
        display.confirm_secrets(suspects, ask=not dry_run)
    gone = plan.gone if delete else []
    if gone and not (yes or dry_run):
        display.confirm_deletion(gone)
    sent = bool(plan.upload or gone) and not dry_run
    since = bucket.time() if sent and wait else None
    if sent:
        display.upload(plan, bucket)
        uploading.delete(gone, bucket)
    if not as_json:
        display.show_sync(plan, gone, stack, dry_run=dry_run)
        if sent:
            print_text("Ingestion starts by itself." + ("" if wait else f" {FOLLOW} follows it."))
    status = _waited(deployment, stack, since=since, minutes=timeout_minutes) if wait else None
    _end(status, stack, done=_shown(plan, gone, found.warnings, stack, dry_run=dry_run), as_json=as_json)


@app.command()
def status(
    wait: Wait = False,
    timeout_minutes: Timeout = 30,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Show the last ingestion, the documents that failed and why, and what is queued.

    Exit codes: 0 all is well; 1 documents or an ingestion failed,
    or there are dead letters.

    Example: quarry knowledge status --wait -e dev
    """
    deployment = Deployment(environment(name))
    stack = KnowledgeStack.of(deployment)
    if wait:
        found = _waited(deployment, stack, since=None, minutes=timeout_minutes)
    else:
        found = StatusReader(deployment, stack).status()
    if as_json:
        print_json(found.to_json())
    else:
        display.show_status(found, stack)
    raise typer.Exit(_exit_code(found))


@app.command()
def ingest(
    wait: Wait = False,
    timeout_minutes: Timeout = 30,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Ingest once more, without a change to any document.

    For when a job failed as a whole and its cause is mended. Documents that are
    in already are not embedded again.

    Exit codes: 0 asked for; 1 with --wait: a document failed.

    Example: quarry knowledge ingest --wait -e dev
    """
    deployment = Deployment(environment(name))
    stack = KnowledgeStack.of(deployment)
    since = _bucket(deployment, stack).time() if wait else None
    body = first_message(stack.knowledge_base_id, stack.data_source_id)
    sent = deployment.client("sqs").send_message(QueueUrl=stack.queue_url, MessageBody=body)
    if not (as_json or wait):
        print_text(f"An ingestion starts in a moment. {FOLLOW} follows it.")
    status = _waited(deployment, stack, since=since, minutes=timeout_minutes) if wait else None
    _end(status, stack, done={"message_id": sent["MessageId"]}, as_json=as_json)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="What to ask.")],
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            "-f",
            metavar="FIELD=VALUE",
            help="Look only into documents whose metadata says so; != > >= < <= work too. Several all have to hold.",
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Alias of the model that answers. Default: knowledge.alias.")
    ] = None,
    results: Annotated[
        int | None, typer.Option(min=1, max=100, help="Passages to look for. Default: knowledge.results.")
    ] = None,
    session: Annotated[
        str | None,
        typer.Option("--session", "-s", metavar="ID|new", help="Ask in a session, after what was said there."),
    ] = None,
    name: Environment = DEFAULT_ENVIRONMENT,
    base_url: BaseUrl = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Ask the documents. The answer is shown as it comes, then the passages that it cites.

    If the documents do not answer it, that is said, without citations.
    With --json the answer is printed whole, as POST /v1/knowledge/query gives it.

    Example: quarry knowledge ask "What may a hotel cost?" -f "year>=2024" -e dev
    """
    if not question.strip():
        raise CommandError("The question is empty.", exit_code=2)
    endpoint = Endpoint.saved(name, base_url=base_url, api_key=api_key)
    chosen = None
    if filters:
        knowledge = environment(name).knowledge
        chosen = answering.filters(filters, fields=knowledge.metadata if knowledge else {})
    if session == "new":
        session = endpoint.create_session()
        print_note(f"session {session}", style="dim")
    request = {"question": question, "model": model, "filter": chosen, "results": results, "session": session}
    request = {key: value for key, value in request.items() if value is not None}
    if as_json:
        print_json(endpoint.ask(request))
        return
    answer = Answer()
    try:
        for part in answering.stream(endpoint, request, answer):
            print_part(part)
    finally:
        if answer.text:
            print_text()
    display.show_citations(answer, question=question)


def _read(folder: Path, deployment: Deployment, stack: KnowledgeStack, *, follow_links: bool) -> Folder:
    """Read DIR as the environment file would have it, and tell the warnings."""
    knowledge = deployment.config.knowledge
    found = documents.read(
        folder,
        prefix=stack.prefix,
        fields=knowledge.metadata if knowledge else {},
        vector_store=knowledge.vector_store if knowledge else None,
        follow_links=follow_links,
    )
    for warning in found.warnings:
        print_note(warning, style="yellow")
    return found


def _bucket(deployment: Deployment, stack: KnowledgeStack) -> Bucket:
    return Bucket(client=deployment.client("s3"), name=stack.bucket, prefix=stack.prefix)


def _waited(deployment: Deployment, stack: KnowledgeStack, *, since: datetime | None, minutes: int) -> Status:
    """Wait until nothing is queued or running, and return how everything stands then."""
    reader = StatusReader(deployment, stack)
    seconds = SECONDS_HERE if deployment.aws else SECONDS
    with tell_progress() as tell:
        Waiting(reader, since=since, seconds=seconds, minutes=minutes).wait(tell)
    return reader.status()


def _end(status: Status | None, stack: KnowledgeStack, *, done: dict[str, Any], as_json: bool) -> NoReturn:
    """End a command that changed something: tell how everything stands if it was waited for, and programs all of it."""
    if as_json:
        print_json({**done, "status": status.to_json()} if status else done)
    elif status:
        display.show_status(status, stack)
    raise typer.Exit(_exit_code(status))


def _exit_code(status: Status | None) -> int:
    return 1 if status and status.troubles else 0


def _shown(
    plan: Plan, deleted: list[str], warnings: list[str], stack: KnowledgeStack, *, dry_run: bool
) -> dict[str, Any]:
    return {
        "bucket": stack.bucket,
        "prefix": stack.prefix,
        "dry_run": dry_run,
        "uploaded": [file.name for file in plan.upload],
        "unchanged": plan.unchanged,
        "deleted": deleted,
        "not_in_folder": [] if deleted else plan.gone,
        "warnings": warnings,
    }
