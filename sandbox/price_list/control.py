"""The endpoints that change what the Price List answers, below ``/_sandbox/price-list/``.

``PUT prices`` takes ``{usage type: price as text, or null}``, null for one that is not in the list; ``PUT script``
takes steps (:mod:`sandbox.scripting`), as ``{"on": "GetProducts", "do": "refuse", "times": 2}``. ``GET`` shows either,
``DELETE`` forgets it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from sandbox import control
from sandbox.price_list import service

PREFIX: Final = "/_sandbox/price-list"


async def handler(method: str, path: str, body: bytes, _query: control.Query) -> control.Response:
    """Answer one control request: 200 with JSON, 204, or 400, 404, 405 with ``{"error": {"message": ...}}``."""
    name = path.rstrip("/").removeprefix(f"{PREFIX}/")
    resources: dict[str, tuple[Callable[[Any], None], Callable[[], None], Callable[[], Any]]] = {
        "prices": (_change, service.CHANGED.clear, lambda: dict(service.CHANGED)),
        "script": (
            lambda document: service.SCRIPT.replace(service.SCRIPT.parse(document)),
            lambda: service.SCRIPT.replace([]),
            service.SCRIPT.state,
        ),
    }
    if name not in resources:
        known = ", ".join(f"{PREFIX}/{each}" for each in resources)
        return control.error_response(404, f"no such endpoint; known: {known}", code="not_found")
    write, clear, read = resources[name]
    if method == "DELETE":
        clear()
        return 204, {}, b""
    try:
        if method == "PUT":
            write(json.loads(body))
        elif method != "GET":
            return control.error_response(405, f"{method} is not supported; use GET, PUT or DELETE", code="method")
    except ValueError as error:
        return control.error_response(400, str(error), code="invalid")
    return control.json_response(200, read())


def _change(document: Any) -> None:
    if not isinstance(document, dict) or not all(isinstance(value, str | None) for value in document.values()):
        raise ValueError("prices are an object: a usage type's price as a text, or null")
    service.CHANGED.clear()
    service.CHANGED.update(document)


def forget() -> None:
    """Forget changed prices and the script."""
    service.CHANGED.clear()
    service.SCRIPT.replace([])
