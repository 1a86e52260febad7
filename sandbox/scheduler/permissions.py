"""IAM of the scheduler's requests: a schedule's ARN has its group, which MiniStack takes to be the default one."""

from __future__ import annotations

import functools
import json
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions


@functools.cache
def install() -> None:
    """Make MiniStack's front door ask for these resources. Doing it again changes nothing."""
    built = iam_actions.extract_resource_arn

    def resource(
        name: str, method: str, path: str, headers: dict[str, str], body: bytes, query: Any, region: str, account: str
    ) -> Any:
        if name != "scheduler":
            return built(name, method, path, headers, body, query, region, account)
        return resource_arn(path, body, query or {}, f"arn:aws:scheduler:{region}:{account}")

    iam_actions.extract_resource_arn = resource


def resource_arn(path: str, body: bytes, query: dict[str, Any], prefix: str) -> str:
    """The ARN that a request is authorized on; ``*`` for lists."""
    kind, _, name = path.lstrip("/").partition("/")
    if not name:
        return "*"
    if kind == "tags":
        return unquote(name)
    if kind == "schedule-groups":
        return f"{prefix}:schedule-group/{name}"
    return f"{prefix}:schedule/{_group(body, query)}/{name}"


def _group(body: bytes, query: dict[str, Any]) -> str:
    named = query.get("groupName") or ["default"]
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        document = {}
    given = document.get("GroupName") if isinstance(document, dict) else None
    return str(given or (named[0] if isinstance(named, list) else named))
