"""What `python -m sandbox status` tells: the server, who answers in it, its notebooks, and what lives in its AWS."""

from collections import Counter
from typing import Any

from sandbox import process
from sandbox.process import Health
from sandbox.state import Record


def report(record: Record | None, health: Health) -> dict[str, Any]:
    """Return the status as it is printed in JSON."""
    found: dict[str, Any] = {"up": health.answering, "running": health.running}
    if record is not None and health.running:
        found |= {"pid": record.pid, "aws_port": record.aws_port, "port": record.port}
        found |= {"aws_url": record.connection.aws_url, "url": record.connection.url}
    if record is not None and health.answering:
        found["inventory"] = process.request(record.connection, "GET", "/_sandbox/inventory")
        answering = process.request(record.connection, "GET", "/_sandbox/health")
        found |= {"model": answering["model"], "vectors": answering["vectors"]}
        found["notebooks"] = process.request(record.connection, "GET", "/_sandbox/studio/notebooks")
    return found


def lines(found: dict[str, Any]) -> list[str]:
    """Return the status as it is printed for people."""
    if not found["up"]:
        silent = f"process {found.get('pid')} runs but does not answer; see: python -m sandbox logs"
        return [silent if found["running"] else "not up"]
    inventory: dict[str, list[str]] = found["inventory"]
    stacks = [name for name in inventory.get("cloudformation", ()) if name.startswith("stacks/")]
    kinds = {service: Counter(name.partition("/")[0] for name in names) for service, names in inventory.items()}
    return [
        f"up: AWS at {found['aws_url']}, front door at {found['url']} (process {found['pid']})",
        answering(found),
        *(f"notebook {space}: {url}" for space, url in found["notebooks"].items()),
        *([] if inventory else ["nothing lives in it"]),
        *(f"stack {stack.removeprefix('stacks/')}" for stack in stacks),
        *(f"{service}: {_counted(each)}" for service, each in kinds.items()),
    ]


def answering(found: dict[str, Any]) -> str:
    """Return the line that tells whose the answers and the vectors are."""
    name = found["vectors"]
    vectors = f"{name}, for documents and embeddings" if name else "none, documents are found by their words"
    return f"model: {found['model'] or 'the stand-in'}; vectors: {vectors}"


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())
