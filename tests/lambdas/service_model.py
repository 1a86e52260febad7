"""What AWS would refuse of a call for its shape alone, from botocore's own description of the service."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

# Calls that were found good. Those who look for an interleaving make the same ones again and again.
_good: set[tuple[str, str, str]] = set()


def check(service: str, operation: str, arguments: Mapping[str, Any]) -> None:
    """Raise AssertionError unless the arguments are what the operation takes."""
    call = (service, operation, repr(arguments))
    if call in _good:
        return
    found = problems(service, operation, arguments)
    assert not found, f"{operation}: {'; '.join(found)}"
    _good.add(call)


def problems(service: str, operation: str, arguments: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the arguments: what botocore checks, and the bounds and words that only AWS does."""
    shape: Any = model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(dict(arguments), shape)
    return [*([report.generate_report()] if report.has_errors() else []), *_misfits(arguments, shape, "")]


@cache
def model(service: str) -> ServiceModel:
    """Return botocore's description of a service, read once."""
    return _session().get_service_model(service)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


def _misfits(value: Any, shape: Any, path: str) -> Iterator[str]:
    if getattr(shape, "is_document_type", False):
        return
    limits = shape.metadata
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for name, member in value.items():
            if name in shape.members:
                yield from _misfits(member, shape.members[name], f"{path}.{name}")
    elif shape.type_name == "list":
        if len(value) > limits.get("max", len(value)):
            yield f"{path} has {len(value)} members"
        for index, member in enumerate(value):
            yield from _misfits(member, shape.member, f"{path}[{index}]")
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is none of {shape.enum}"
        if len(value) > limits.get("max", len(value)):
            yield f"{path} has {len(value)} characters"
        if "pattern" in limits and "\\p" not in limits["pattern"].lower() and not re.search(limits["pattern"], value):
            yield f"{path}: {value!r} is not like {limits['pattern']}"
    elif shape.type_name in ("integer", "long", "float", "double") and value > limits.get("max", value):
        yield f"{path}: {value} is more than {limits['max']}"
