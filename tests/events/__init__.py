"""Event payloads as AWS sends them, one JSON file per scenario."""

import json
from pathlib import Path
from typing import Any


def load(name: str) -> dict[str, Any]:
    """Return a fresh copy of events/<name>.json, without the time: a request of long ago has no time left."""
    loaded: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text(encoding="utf-8"))
    loaded.get("requestContext", {}).pop("requestTimeEpoch", None)
    return loaded
