"""The part of docs/clients.md that shows each client, made of samples/clients: ``make api``.

The files are the very ones
that ``make test-clients`` runs.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from docs.generated import Part

SAMPLES: Final = Path(__file__).parents[1] / "samples" / "clients"
INDEX: Final = SAMPLES / "clients.yaml"

# What a client speaks -> the route.
ROUTES: Final = {
    "chat": "/v1/chat/completions",
    "messages": "/v1/messages",
    "responses": "/v1/responses",
}
_LANGUAGES: Final = {".py": "python", ".mjs": "js", ".ts": "ts", ".sh": "sh", ".yaml": "yaml", ".toml": "toml"}


def clients() -> Mapping[str, Mapping[str, Any]]:
    """Return file -> what is known of the client that it shows."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(INDEX.read_text(encoding="utf-8"))
    return found


def _lines() -> Iterator[str]:
    yield "| client | speaks | tried here with |"
    yield "| --- | --- | --- |"
    for client in clients().values():
        yield f"| {client['name']} | {_routes(client)} | {_tried(client)} |"
    yield ""
    for file, client in clients().items():
        yield f"## {client['name']}"
        yield ""
        if "note" in client:
            yield f"{client['note']}"
            yield ""
        yield f"```{_LANGUAGES[Path(file).suffix]}"
        yield (SAMPLES / file).read_text(encoding="utf-8").rstrip("\n")
        yield "```"
        yield ""


def _routes(client: Mapping[str, Any]) -> str:
    spoken = client["speaks"]
    return ", ".join(f"`{ROUTES[one]}`" for one in ([spoken] if isinstance(spoken, str) else spoken))


def _tried(client: Mapping[str, Any]) -> str:
    return f"`{client['tested']}`" if "tested" in client else "not tried: as its documentation has it"


PART: Final = Part(name="clients", document="clients.md", command="make api", lines=_lines)

if __name__ == "__main__":
    PART.write()
