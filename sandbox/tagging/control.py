"""The endpoint that makes the Tagging API late, ``/_sandbox/tagging``.

``PUT`` with ``{"held": true}`` lets it list what is there now, until ``{"held": false}`` or ``DELETE``. ``GET`` tells.
"""

from __future__ import annotations

import json

from sandbox import control
from sandbox.tagging import lag

PREFIX = "/_sandbox/tagging"


async def handler(method: str, path: str, body: bytes, query: control.Query) -> control.Response:
    """Answer one control request: 200 with JSON, 204, or 400, 405 with ``{"error": {"message": ...}}``."""
    del path, query
    if method == "DELETE":
        lag.release()
        return 204, {}, b""
    if method == "PUT":
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        held = document.get("held") if isinstance(document, dict) else None
        if not isinstance(held, bool):
            return control.error_response(400, "it takes an object with 'held', true or false", code="invalid")
        (lag.hold if held else lag.release)()
    elif method != "GET":
        return control.error_response(405, f"{method} is not supported; use GET, PUT or DELETE", code="method")
    return control.json_response(200, {"held": lag.is_held()})


def forget() -> None:
    """Be on time again."""
    lag.release()
