"""The endpoint of the script of deletions, ``/_sandbox/deletions``: ``PUT`` a list of steps, ``GET``, ``DELETE``."""

from __future__ import annotations

import json

from sandbox import control
from sandbox.deletions import script

PREFIX = "/_sandbox/deletions"


async def handler(method: str, path: str, body: bytes, query: control.Query) -> control.Response:
    """Answer one control request: 200 with JSON, 204, or 400, 405 with ``{"error": {"message": ...}}``."""
    del path, query
    if method == "DELETE":
        forget()
        return 204, {}, b""
    if method == "PUT":
        try:
            script.replace(script.parse(json.loads(body)))
        except ValueError as error:
            return control.error_response(400, str(error), code="invalid")
    elif method != "GET":
        return control.error_response(405, f"{method} is not supported; use GET, PUT or DELETE", code="method")
    return control.json_response(200, script.state())


def forget() -> None:
    """Forget the script; what it held goes on."""
    script.replace([])
