"""A full disk is told at once: before the sandbox starts, and where a function's code finds no room.

MiniStack puts a function's code on disk when it is first called. If that fails, a custom resource waits for the
function's answer, an hour unless its template says otherwise; here CloudFormation gets the reason in its place.
"""

import errno
import os
import shutil
from pathlib import Path
from typing import Any, Final

LEAST_BYTES: Final = 64 * 2**20
"""What has to be free to begin with: the code of a few functions with their layers."""

_SIGN: Final = f"[Errno {errno.ENOSPC}]"


def problem(folder: Path, least: int = LEAST_BYTES) -> str | None:
    """Say what is wrong if the disk of ``folder``, which need not be there yet, has no ``least`` bytes left."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free >= least:
        return None
    return (
        f"the disk of {there} is full: {free / 2**20:.0f} MB are free, {least / 2**20:.0f} are needed; make room there,"
        " or name another place with the variable SANDBOX_STATE"
    )


def install() -> None:
    """Answer for functions that find no room. Doing it again changes nothing."""
    from ministack.services import lambda_svc

    if not hasattr(lambda_svc._execute_function_with_config_scope, "tells_of_a_full_disk"):
        lambda_svc._execute_function_with_config_scope = _telling(lambda_svc._execute_function_with_config_scope)


def _telling(execute: Any) -> Any:
    def executed(function: Any, event: Any) -> Any:
        result = execute(function, event)
        said = result.get("body") if isinstance(result, dict) and result.get("error") else None
        message = str(said.get("errorMessage")) if isinstance(said, dict) else ""
        if _SIGN in message and isinstance(event, dict) and "ResponseURL" in event:
            _fail(event, f"the sandbox's disk is full: {message}; make room in {os.environ.get('TMPDIR', '/tmp')}")  # noqa: S108 what Python itself falls back on
        return result

    executed.tells_of_a_full_disk = True  # type: ignore[attr-defined]  # a mark, for install
    return executed


def _fail(event: dict[str, Any], reason: str) -> None:
    """Answer CloudFormation in the function's place, as the function would at the address that it was given."""
    from ministack.services.cloudformation import custom_resource

    token = str(event["ResponseURL"]).rpartition("/")[2]
    names = ("StackId", "RequestId", "LogicalResourceId", "PhysicalResourceId")
    answer = {name: event[name] for name in names if name in event}
    custom_resource.deliver_response(token, {**answer, "Status": "FAILED", "Reason": reason})
