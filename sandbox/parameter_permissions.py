"""IAM of SSM's parameters: GetParametersByPath is authorized on its path, which MiniStack takes for no resource at all.

Who may have a path has all levels below it (Systems Manager user guide, "Restricting access to Parameter Store
parameters using IAM policies"). A version that a name selects, ``/a/b:3``, is no part of the ARN.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from ministack.core import iam_actions

_PATHS = "GetParametersByPath"
_NAMED = ("GetParameter", "GetParameterHistory")


@functools.cache
def install() -> None:
    """Make MiniStack's front door ask for these resources. Doing it again changes nothing."""
    built = iam_actions.extract_resource_arn

    def resource(
        name: str, method: str, path: str, headers: dict[str, str], body: bytes, query: Any, region: str, account: str
    ) -> Any:
        operation = _operation(headers) if name == "ssm" else ""
        if operation in (_PATHS, *_NAMED) and (named := _named(body, "Path" if operation == _PATHS else "Name")):
            return f"arn:aws:ssm:{region}:{account}:parameter/{named.lstrip('/')}"
        return built(name, method, path, headers, body, query, region, account)

    iam_actions.extract_resource_arn = resource


def _operation(headers: dict[str, str]) -> str:
    target = next((value for name, value in headers.items() if name.lower() == "x-amz-target"), "")
    return target.rpartition(".")[2]


def _named(body: bytes, member: str) -> str:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return ""
    named = document.get(member) if isinstance(document, dict) else None
    if not isinstance(named, str) or named.startswith("arn:"):
        return ""
    return named.partition(":")[0]
