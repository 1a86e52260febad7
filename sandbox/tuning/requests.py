"""Requests of Bedrock's control plane: which operation one is, and its members from path, query and body, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sandbox.model import shapes
from sandbox.model.errors import Json, invalid

SERVICE = "bedrock"
_PARAMETER = re.compile(r"\{(\w+)\+?\}")
_SWITCH = {"true": True, "false": False}


@dataclass(frozen=True)
class Route:
    """Where an operation is found: method and path, and the parameters in it."""

    operation: str
    method: str
    path: re.Pattern[str]


def routes(operations: tuple[str, ...]) -> tuple[Route, ...]:
    """Return where ``operations`` are found, those with the longest paths first."""
    model = shapes.service_model(SERVICE)
    found = []
    for name in operations:
        http = model.operation_model(name).http
        pattern = _PARAMETER.sub(lambda parameter: f"(?P<{parameter[1]}>.+)", http["requestUri"])
        found.append((len(http["requestUri"]), Route(name, http["method"], re.compile(pattern))))
    return tuple(route for _, route in sorted(found, key=lambda pair: -pair[0]))


def match(known: tuple[Route, ...], method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """Return the operation of a request, and what its path names; None where it is none of these."""
    for route in known:
        if route.method == method and (found := route.path.fullmatch(path)):
            return route.operation, found.groupdict()
    return None


def parse(operation: str, named: dict[str, str], body: bytes, query: dict[str, Any]) -> Json:
    """Return the members of a request.

    Raises:
        AwsError: ValidationException, with AWS's wording of the first thing that is wrong.
    """
    request = shapes.parse(operation, body, service=SERVICE)
    shape = shapes.service_model(SERVICE).operation_model(operation).input_shape
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location == "uri":
            request[name] = named[member.serialization.get("name", name)]
        elif location == "querystring":
            value = _first(query.get(member.serialization.get("name", name)))
            if value is None:
                continue
            request[name] = _converted(name, value, member)
        else:
            continue
        if member.type_name != "timestamp":
            shapes.check(request[name], member, name)
    return request


def status(operation: str) -> int:
    """Return the HTTP status of an operation's answer."""
    return _statuses().get(operation, 200)


@cache
def _statuses() -> dict[str, int]:
    model = shapes.service_model(SERVICE)
    return {name: model.operation_model(name).http.get("responseCode", 200) for name in model.operation_names}


def _first(value: Any) -> str | None:
    if isinstance(value, list):
        return str(value[0]) if value else None
    return None if value is None else str(value)


def _converted(name: str, value: str, member: Any) -> Any:
    try:
        if member.type_name == "integer":
            return int(value)
        if member.type_name == "timestamp":
            datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid(f"Value '{value}' at '{name}' is not a valid {member.type_name}.") from error
    return _SWITCH.get(value, value) if member.type_name == "boolean" else value
