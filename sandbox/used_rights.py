"""Which rights roles use: every decision of IAM about a role, by action and resource, since the sandbox started.

``GET /_sandbox/rights`` tells them, so that what a role is granted can be compared with what its code asks for.
"""

from __future__ import annotations

import functools
import threading
from typing import Any

from ministack.core import iam_evaluator

from sandbox import control
from sandbox.control import Query, Response

# Of one role and action; objects of a bucket would else be without end.
_RESOURCES = 500

_lock = threading.Lock()
_decided: dict[tuple[str, str], dict[str, bool]] = {}


@functools.cache
def install() -> None:
    """Record what IAM decides from now on. Doing it again changes nothing."""
    decide = iam_evaluator.evaluate

    def evaluate(asked: Any, *policies: Any) -> Any:
        result = decide(asked, *policies)
        if asked.principal_type == "AssumedRole":
            _note(asked.principal_arn, asked.action, asked.resource_arn, allowed=result.decision == "Allow")
        return result

    iam_evaluator.evaluate = evaluate
    control.route("/_sandbox/rights")(_answer)


def _note(principal: str, action: str, resource: str, *, allowed: bool) -> None:
    # arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
    role = principal.split("/")[1] if "/" in principal else principal
    with _lock:
        of_action = _decided.setdefault((role, action), {})
        if resource in of_action or len(of_action) < _RESOURCES:
            # What was allowed once is used, whatever a test took away later.
            of_action[resource] = allowed or of_action.get(resource, False)


async def _answer(method: str, _path: str, _body: bytes, _query: Query) -> Response:
    if method != "GET":
        return control.error_response(405, "the rights that were used are only read", code="method_not_allowed")
    with _lock:
        told = [
            {"role": role, "action": action, "resource": resource, "allowed": allowed}
            for (role, action), resources in sorted(_decided.items())
            for resource, allowed in sorted(resources.items())
        ]
    return control.json_response(200, {"rights": told})
