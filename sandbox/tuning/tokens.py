"""Client request tokens: the same request is done once within a day, however often it is sent.

What it made may be gone by then; its ARN is answered all the same. How long AWS keeps tokens is not documented.
"""

from __future__ import annotations

import json

from ministack.core.responses import AccountRegionScopedDict

from sandbox import clock
from sandbox.model.errors import AwsError, Json

_SECONDS = 24 * 3600

_kept = AccountRegionScopedDict()


def known(kind: str, request: Json) -> str | None:
    """Return the ARN that an earlier request with this token made, or None.

    Raises:
        AwsError: ConflictException, that request asked for something else.
    """
    token = request.get("clientRequestToken")
    found = _kept.get(f"{kind} {token}") if token else None
    if found is None or clock.now() > found["made"] + _SECONDS:
        return None
    if found["request"] != _written(request):
        raise AwsError("ConflictException", "The client request token was used with other parameters.")
    return str(found["arn"])


def keep(kind: str, request: Json, arn: str) -> None:
    """Keep what a request made."""
    if token := request.get("clientRequestToken"):
        _kept[f"{kind} {token}"] = {"request": _written(request), "arn": arn, "made": clock.now()}


def reset() -> None:
    """Forget every token."""
    _kept.clear()


def _written(request: Json) -> str:
    return json.dumps(request, sort_keys=True)
