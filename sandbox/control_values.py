"""Control endpoints that hold a value: ``PUT`` sets it, ``GET`` shows it, ``DELETE`` forgets it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import control


@dataclass(frozen=True)
class Value:
    """One value: how a JSON document is made it (None: it is only recorded), forgotten, and shown.

    ``write`` raises ValueError for a document that is wrong, with what is.
    """

    read: Callable[[], Any]
    clear: Callable[[], None]
    write: Callable[[Any], None] | None = None

    def answer(self, method: str, body: bytes) -> control.Response:
        """Answer one request: 200 with JSON, 204, or 400, 405 with ``{"error": {"message": ...}}``."""
        if method == "DELETE":
            self.clear()
            return 204, {}, b""
        if method == "PUT" and self.write is not None:
            try:
                self.write(json.loads(body))
            except ValueError as error:
                return control.error_response(400, str(error), code="invalid")
        elif method != "GET":
            accepted = "GET, PUT or DELETE" if self.write is not None else "GET or DELETE"
            return control.error_response(405, f"{method} is not supported; use {accepted}", code="method")
        return control.json_response(200, self.read())


def unknown(prefix: str, names: Mapping[str, Value], *others: str) -> control.Response:
    """The answer to a name below ``prefix`` that is none of these."""
    known = ", ".join(f"{prefix}/{each}" for each in (*names, *others))
    return control.error_response(404, f"no such endpoint; known: {known}", code="not_found")
