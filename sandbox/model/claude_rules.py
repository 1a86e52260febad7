"""What Claude itself refuses, in its words, which Converse hands on behind "The model returned the following errors:".

Sources: public issues that quote them from Bedrock (trycua/cua 3303, future-agi 412, vercel/ai 17197, hermes-agent
55429, magic-context 511) and Anthropic's documentation of structured outputs, which lists what a schema may have.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from sandbox.model.catalogue import Model
from sandbox.model.errors import AwsError, Json, invalid

_FIRST_BYTES = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8", "webp": b"RIFF"}
_COMPOSED = ("oneOf", "allOf", "anyOf")
# Keywords of a type that structured outputs do not know.
_UNSUPPORTED = {
    "array": ("maxItems", "uniqueItems", "contains", "minContains", "maxContains"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "object": ("patternProperties", "propertyNames", "minProperties", "maxProperties"),
    "string": ("minLength", "maxLength"),
}
_SUB_SCHEMAS = ("properties", "$defs", "definitions")
_SCHEMA = "output_config.format.schema"
_MOST_LEAST_ITEMS = 1


def check(request: Json, model: Model) -> None:
    """Check what Converse hands on to Claude.

    Raises:
        AwsError: ValidationException, naming the first rule that is broken.
    """
    messages = request.get("messages") or []
    _tools(request.get("toolConfig") or {})
    _calls(messages)
    _images(messages)
    if (form := (request.get("outputConfig") or {}).get("textFormat")) is not None:
        _output(_parsed(form))
    if messages and messages[-1]["role"] == "assistant":
        _prefill(messages[-1], model)


def _refused(words: str) -> AwsError:
    return invalid(f"The model returned the following errors: {words}")


def _parsed(form: Json) -> Any:
    try:
        return json.loads(form["structure"]["jsonSchema"]["schema"])
    except (ValueError, KeyError, TypeError) as error:
        raise _refused(f"{_SCHEMA}: the schema is not valid JSON") from error


def _tools(config: Json) -> None:
    for place, tool in enumerate(config.get("tools") or []):
        schema = ((tool.get("toolSpec") or {}).get("inputSchema") or {}).get("json") or {}
        if isinstance(schema, dict) and any(word in schema for word in _COMPOSED):
            raise _refused(
                f"tools.{place}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top "
                "level"
            )


def _calls(messages: list[Json]) -> None:
    known: set[str] = set()
    for place, message in enumerate(messages):
        for number, block in enumerate(message["content"]):
            if "toolUse" not in block:
                continue
            if block["toolUse"]["toolUseId"] in known:
                raise _refused(f"messages.{place}.content.{number}: `tool_use` ids must be unique")
            known.add(block["toolUse"]["toolUseId"])


def _images(messages: list[Json]) -> None:
    for place, message in enumerate(messages):
        for number, block in enumerate(message["content"]):
            parts = (block.get("toolResult") or {}).get("content") or [block]
            for image in (part["image"] for part in parts if "image" in part):
                _image(image, f"messages.{place}.content.{number}.image.source.base64")


def _image(image: Json, where: str) -> None:
    if "bytes" not in image["source"]:
        return
    data = base64.b64decode(image["source"]["bytes"])
    found = next((kind for kind, first in _FIRST_BYTES.items() if data.startswith(first)), None)
    if found is None:
        raise _refused(f"{where}: Could not process image")
    if found != image["format"]:
        raise _refused(
            f"{where}: The image was specified using the image/{image['format']} media type, but the image appears to "
            f"be a image/{found} image"
        )


def _schemas(schema: Any) -> Iterator[Json]:
    """Every schema in a schema, itself first."""
    if not isinstance(schema, dict):
        return
    yield schema
    named = [schema[name] for name in _SUB_SCHEMAS if isinstance(schema.get(name), dict)]
    listed = [schema[name] for name in _COMPOSED if isinstance(schema.get(name), list)]
    inner = [*(one for group in named for one in group.values()), *(one for group in listed for one in group)]
    for one in [*inner, schema.get("items")]:
        yield from _schemas(one)


def _output(root: Json) -> None:
    for schema in _schemas(root):
        kinds = schema.get("type")
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            if kind == "object" and schema.get("additionalProperties") is not False:
                raise _refused(f"{_SCHEMA}: For 'object' type, 'additionalProperties' must be explicitly set to false")
            for word in _UNSUPPORTED.get(str(kind), ()):
                if word in schema:
                    raise _refused(f"{_SCHEMA}: For '{kind}' type, property '{word}' is not supported")
            if kind == "array" and schema.get("minItems", 0) > _MOST_LEAST_ITEMS:
                raise _refused(
                    f"{_SCHEMA}: For 'array' type, 'minItems' values other than 0 or 1 are not supported (got: "
                    f"{schema['minItems']})"
                )
        if "oneOf" in schema:
            raise _refused(f"{_SCHEMA}: Schema type 'oneOf' is not supported")


def _prefill(message: Json, model: Model) -> None:
    if model.rejects_prefill:
        raise _refused(
            "This model does not support assistant message prefill. The conversation must end with a user message."
        )
    if "text" in message["content"][-1] and message["content"][-1]["text"] != message["content"][-1]["text"].rstrip():
        raise _refused("messages: final assistant content cannot end with trailing whitespace")
