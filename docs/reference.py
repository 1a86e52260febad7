"""The reference part of docs/api.md, written from the same source as ``/openapi.json``: ``make api``."""

import json
from collections.abc import Container, Iterator, Sequence
from typing import Any, Final

from docs.generated import Part
from lambdas.api.openapi.document import document, request_schemas
from lambdas.api.openapi.headers import HEADERS
from lambdas.api.openapi.schemas import name_of
from lambdas.api.openapi.tolerant import RULES
from lambdas.api.operations import OPERATIONS

# Names of a lower and an upper bound in a schema, and what they count.
_BOUNDS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", ""),
    ("minProperties", "maxProperties", " members"),
)
_NOT_EMPTY: Final = (("minLength", 1), ("minItems", 1))
_ELSE: Final = {"keep": "as its type has it", "ignore": "", "drop": "dropped and named", "refuse": "refused"}
_LITERALS: Final = {None: "null", True: "true", False: "false"}


def _lines() -> Iterator[str]:
    yield "### Routes"
    yield ""
    yield "| method and path | does | body | answers with | errors |"
    yield "| --- | --- | --- | --- | --- |"
    for operation in OPERATIONS:
        responses = document()["paths"][operation.path][operation.method.lower()]["responses"]
        errors = ", ".join(status for status in responses if status != str(operation.status))
        body = f"`{name_of(operation.body)}`" if operation.body else ""
        answer = f"{operation.status} `{name_of(operation.answer)}`" if operation.answer else str(operation.status)
        if operation.events:
            answer += f", or events `{name_of(operation.events)}`"
        yield f"| `{operation.method} {operation.path}` | {operation.about} | {body} | {answer} | {errors} |"
    yield ""
    yield from _queries()
    yield "### Fields of request bodies"
    yield ""
    schemas = request_schemas()
    for name, schema in schemas.items():
        known = schemas["ChatRequest"]["properties"] if name == "CompareRequest" else {}
        yield from _schema(name, schema, known=known)
    yield from _tolerated()
    yield "### All headers of answers"
    yield ""
    yield "| header | is |"
    yield "| --- | --- |"
    for name, about in HEADERS.items():
        yield f"| `{name}` | {about} |"


def _tolerated() -> Iterator[str]:
    """Yield what is made of values that a type does not accept, or that are judged otherwise."""
    yield "### Values that are not quite so"
    yield ""
    yield "Of other fields 0, `false`, `null` and what is empty are accepted in silence; the rest is dropped and named."
    yield ""
    yield "| body | field | accepted in silence | replaced and named | all else | why, or what to do |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for body, rules in RULES.items():
        for rule in rules:
            silent = "everything" if rule.otherwise == "ignore" else _values(rule.neutral)
            replaced = [f"`{given}` by `{other}`" for given, other in rule.replaced.items()]
            if rule.bounds is not None:
                replaced.append(f"more than {rule.bounds.maximum:,} by that")
            cells = [f"`{body}`", f"`{rule.field}`", silent, ", ".join(replaced), _ELSE[rule.otherwise]]
            yield f"| {' | '.join([*cells, rule.about.rstrip('.')])} |"
    yield ""


def _values(values: Sequence[Any]) -> str:
    return ", ".join(f"`{json.dumps(value)}`" for value in values)


def _queries() -> Iterator[str]:
    yield "| query of | parameter | is | accepted | default |"
    yield "| --- | --- | --- | --- | --- |"
    for operation in OPERATIONS:
        for one in operation.query:
            default = one.schema.get("default", "")
            yield f"| `{operation.path}` | `{one.name}` | {one.about} | {_accepted(one.schema)} | {default} |"
    yield ""


def _schema(name: str, schema: dict[str, Any], *, known: Container[str]) -> Iterator[str]:
    """Yield a table of the fields, without those that another table has already."""
    yield f"`{name}`: {' '.join(schema['description'].split())}"
    yield ""
    yield "| field | accepted | default |"
    yield "| --- | --- | --- |"
    for field, accepted in schema["properties"].items():
        if field in known:
            continue
        about = f": {accepted['description'].rstrip('.')}" if "description" in accepted else ""
        yield f"| `{field}` | {_accepted(accepted)}{about} | {_default(field, schema)} |"
    yield ""


def _default(field: str, schema: dict[str, Any]) -> str:
    if field in schema.get("required", ()):
        return "required"
    default = schema["properties"][field].get("default")
    if default is None or isinstance(default, dict | list):
        return ""
    return f"`{_literal(default)}`"


def _accepted(schema: dict[str, Any]) -> str:
    """Return what a schema accepts, in words. null is left out: it stands for a field that is left out."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "anyOf" in schema:
        return " or ".join(_accepted(each) for each in schema["anyOf"] if each != {"type": "null"})
    if "enum" in schema:
        return " or ".join(f"`{_literal(value)}`" for value in schema["enum"])
    kind = _kind(schema)
    ranges = [*_bounds(schema)]
    if "pattern" in schema:
        ranges.append("not only white space" if schema["pattern"] == r"\S" else f"as `{schema['pattern']}`")
    return ", ".join([kind, *ranges])


def _bounds(schema: dict[str, Any]) -> Iterator[str]:
    for lower, upper, what in _BOUNDS:
        least, most = schema.get(lower), schema.get(upper)
        if least is not None and most is not None:
            yield f"{least:,}{what}" if least == most else f"{least:,} to {most:,}{what}"
        elif most is not None:
            yield f"up to {most:,}{what}"
        elif least is not None:
            yield "not empty" if (lower, least) in _NOT_EMPTY else f"{least:,} or more{what}"


def _kind(schema: dict[str, Any]) -> str:
    match schema.get("type"):
        case "array":
            items = schema.get("items", {})
            return f"list of ({_accepted(items)})" if items else "list"
        case "object":
            values = schema.get("additionalProperties")
            return f"object of ({_accepted(values)})" if isinstance(values, dict) and values else "object"
        case "integer":
            return "whole number"
        case "string":
            return "text"
        case "boolean":
            return "`true` or `false`"
        case "null":
            return "`null`"
        case kind:
            return str(kind or "anything")


def _literal(value: Any) -> str:
    return _LITERALS[value] if value is None or isinstance(value, bool) else str(value)


PART: Final = Part(name="reference", document="api.md", command="make api", lines=_lines)

if __name__ == "__main__":
    PART.write()
