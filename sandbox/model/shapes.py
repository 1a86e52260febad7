"""Checks a request body against botocore's service model, as AWS's front end does."""

from __future__ import annotations

import base64
import binascii
import json
import re
from functools import cache
from typing import Any

import botocore.session

from sandbox.model.errors import Json, invalid

_UNION_CHOICES = 1
# Classes of Unicode letters, spaces and digits in AWS's patterns of tags; their sets hold the underscore as well.
_UNICODE_CLASSES = {r"\p{L}": r"\w", r"\p{Z}": r"\s", r"\p{N}": r"\d"}
# MiniStack's guardrail ids ("gr-…") do not fit AWS's pattern, so that one pattern is not enforced.
_PATTERNS_SKIPPED = frozenset({"GuardrailIdentifier"})


@cache
def service_model(service: str = "bedrock-runtime") -> Any:
    """Return botocore's model of a service (loaded once: it takes some 50 ms)."""
    return botocore.session.get_session().get_service_model(service)


def parse(operation: str, body: bytes, *, service: str = "bedrock-runtime") -> Json:
    """Return the request body of ``operation`` as checked JSON. The members in the path are not part of it.

    Raises:
        AwsError: ValidationException, with AWS's wording of the first thing that is wrong.
    """
    try:
        document = json.loads(body or b"{}")
    except ValueError as error:
        raise invalid("The request body is not valid JSON.") from error
    shape = service_model(service).operation_model(operation).input_shape
    in_body = {name: member for name, member in shape.members.items() if "location" not in member.serialization}
    if not isinstance(document, dict):
        raise invalid("The request body must be a JSON object.")
    required = [name for name in shape.required_members if name in in_body]
    _members(document, in_body, required, "", union=False)
    return document


def _fail(path: str, value: object, constraint: str) -> Any:
    shown = json.dumps(value, ensure_ascii=False)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    raise invalid(
        f"1 validation error detected: Value {shown} at '{path}' failed to satisfy constraint: Member must {constraint}"
    )


def check(value: Any, shape: Any, path: str) -> None:
    """Check one value against its shape; ``path`` is how an error names it.

    Raises:
        AwsError: ValidationException.
    """
    if shape.type_name == "structure":
        if shape.metadata.get("document"):
            return  # any JSON is a document
        if not isinstance(value, dict):
            _fail(path, value, "be an object")
        union = bool(getattr(shape, "is_tagged_union", False))
        _members(value, shape.members, shape.required_members, path, union=union)
    elif shape.type_name == "list":
        if not isinstance(value, list):
            _fail(path, value, "be a list")
        _length(len(value), shape, path, value)
        for place, item in enumerate(value):
            check(item, shape.member, f"{path}.{place}")
    elif shape.type_name == "map":
        if not isinstance(value, dict):
            _fail(path, value, "be a map")
        _length(len(value), shape, path, value)
        for key, item in value.items():
            check(key, shape.key, f"{path}.{key}")
            check(item, shape.value, f"{path}.{key}")
    else:
        _scalar(value, shape, path)


def _members(value: Json, members: Any, required: list[str], path: str, *, union: bool) -> None:
    for name, item in value.items():
        inner = f"{path}.{name}" if path else name
        if name not in members:
            raise invalid(f"The request contains an unknown member: '{inner}'.")
        if item is not None:
            check(item, members[name], inner)
    for name in [name for name, item in value.items() if item is None]:
        del value[name]  # null is how JSON says that a member was left out
    for name in required:
        if value.get(name) is None:
            inner = f"{path}.{name}" if path else name
            raise invalid(
                f"1 validation error detected: Value at '{inner}' failed to satisfy constraint: Member must not be null"
            )
    if union and len(value) != _UNION_CHOICES:
        _fail(path, sorted(value), f"have exactly one of: {', '.join(members)}")


def _scalar(value: Any, shape: Any, path: str) -> None:
    kind = shape.type_name
    if kind == "boolean":
        if not isinstance(value, bool):
            _fail(path, value, "be a boolean")
    elif kind in ("integer", "long", "float", "double"):
        whole = kind in ("integer", "long")
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            _fail(path, value, "be an integer" if whole else "be a number")
        _range(value, shape, path)
    elif not isinstance(value, str):
        _fail(path, value, "be a string")
    elif kind == "blob":
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            _fail(path, value, "be base64")
    else:
        _string(value, shape, path)


def _string(value: str, shape: Any, path: str) -> None:
    if shape.enum and value not in shape.enum:
        _fail(path, value, f"satisfy enum value set: [{', '.join(shape.enum)}]")
    _length(len(value), shape, path, value)
    pattern = shape.metadata.get("pattern")
    if pattern and shape.name not in _PATTERNS_SKIPPED and not re.fullmatch(_python(pattern), value):
        _fail(path, value, f"satisfy regular expression pattern: {pattern}")


def _python(pattern: str) -> str:
    for theirs, ours in _UNICODE_CLASSES.items():
        pattern = pattern.replace(theirs, ours)
    return pattern


def _length(length: int, shape: Any, path: str, value: object) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        _fail(path, value, f"have length greater than or equal to {low}")
    if high is not None and length > high:
        _fail(path, value, f"have length less than or equal to {high}")


def _range(value: float, shape: Any, path: str) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        _fail(path, value, f"be greater than or equal to {low}")
    if high is not None and value > high:
        _fail(path, value, f"be less than or equal to {high}")
