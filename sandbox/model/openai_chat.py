"""From a Converse request to the body of an OpenAI chat completion.

Tools are asked for in one of three forms. A tool that must be called becomes the JSON schema of its input, which every
server enforces by grammar. Others are offered as tools where the model's chat template knows tools, and else as a
schema of two kinds of answer: a call, or a text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.model import conversation, tools
from sandbox.model.errors import Json, invalid

Form = Literal["text", "input", "either"]


@dataclass(frozen=True)
class Asked:
    """What is sent, and how its answer is to be read.

    ``form``: ``text``, words and tool calls as OpenAI has them; ``input``, JSON that is the input of ``tool``;
    ``either``, JSON that is ``{"call": {"name", "arguments"}}`` or ``{"text"}``, whose text ends at one of ``stops``:
    the server, which would look for them in the JSON, is not told of them.
    """

    body: Json
    form: Form = "text"
    tool: str = ""
    stops: tuple[str, ...] = ()


def asked(request: Json, *, model: str, knows_tools: bool) -> Asked:
    """Return what to send for a valid Converse request, streamed and with token counts.

    Raises:
        AwsError: ValidationException, the JSON schema that was asked for is no JSON object.
    """
    body: Json = {"model": model, "stream": True, "stream_options": {"include_usage": True}, **_inference(request)}
    instructions = [conversation.without_disclosure(conversation.system_text(request))]
    config = request.get("toolConfig")
    offered = tools.specs(config)
    choice = (config or {}).get("toolChoice") or {}
    form: Form = "text"
    tool = ""
    if "tool" in choice or ("any" in choice and len(offered) == 1):
        name = choice["tool"]["name"] if "tool" in choice else offered[0]["name"]
        spec = next(each for each in offered if each["name"] == name)
        form, tool = "input", name
        instructions.append(f"Answer with the input of the function {name} as JSON. {spec.get('description', '')}")
        body["response_format"] = _schema(name, _parameters(spec))
    elif offered and knows_tools:
        body["tools"] = [_function(spec) for spec in offered]
        if "any" in choice:
            body["tool_choice"] = "required"
    elif offered:
        form = "either"
        functions = json.dumps([_function(spec)["function"] for spec in offered], ensure_ascii=False)
        instructions.append(
            'Answer with JSON: {"call": {"name": ..., "arguments": ...}} to call one of these functions, or {"text": '
            f"...}} to answer in words. Functions: {functions}"
        )
        body["response_format"] = _schema("answer", _either(offered, words_too="any" not in choice))
    elif text_format := (request.get("outputConfig") or {}).get("textFormat"):
        given = text_format["structure"]["jsonSchema"]
        body["response_format"] = _schema(given.get("name") or "answer", _read(given["schema"]))
    system = "\n\n".join(part for part in instructions if part.strip())
    spoken = [one for message in request.get("messages") or [] for one in _said(message, in_words=form != "text")]
    body["messages"] = [*([{"role": "system", "content": system}] if system else []), *spoken]
    stops = tuple(body.pop("stop", ())) if form != "text" else ()
    return Asked(body, form, tool, stops)


def _inference(request: Json) -> Json:
    given = request.get("inferenceConfig") or {}
    names = {"maxTokens": "max_tokens", "temperature": "temperature", "topP": "top_p", "stopSequences": "stop"}
    found = {ours: given[theirs] for theirs, ours in names.items() if theirs in given}
    fields = request.get("additionalModelRequestFields") or {}
    top_k = fields.get("top_k") or (fields.get("inferenceConfig") or {}).get("topK")
    return found | ({"top_k": top_k} if top_k else {})


def _read(schema: str) -> Json:
    try:
        found = json.loads(schema)
    except (ValueError, RecursionError) as error:
        raise invalid(f"The JSON schema in the request cannot be used: {error}") from error
    if not isinstance(found, dict):
        raise invalid(f"The JSON schema in the request cannot be used: it is no object but {schema[:100]}")
    return found


def _schema(name: str, schema: Json) -> Json:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": schema, "strict": True}}


def _parameters(spec: Json) -> Json:
    schema: Json = (spec.get("inputSchema") or {}).get("json") or {"type": "object"}
    # A tool without parameters: a grammar would let a small model invent some, without an end.
    return {**schema, "properties": {}} if schema.keys() <= {"type", "title", "description"} else schema


def _function(spec: Json) -> Json:
    described = {"description": spec["description"]} if spec.get("description") else {}
    return {"type": "function", "function": {"name": spec["name"], **described, "parameters": _parameters(spec)}}


def _either(offered: list[Json], *, words_too: bool) -> Json:
    # Under a name of their own, since what they refer to is looked for from the root of the whole.
    inputs = {spec["name"]: _moved(_parameters(spec), f"#/$defs/{spec['name']}") for spec in offered}
    kinds = [_object(call=_object(name={"const": name}, arguments={"$ref": f"#/$defs/{name}"})) for name in inputs]
    return {"$defs": inputs, "anyOf": [*kinds, *([_object(text={"type": "string"})] if words_too else [])]}


def _moved(schema: Any, root: str) -> Any:
    """Return a schema whose references into itself begin at ``root``."""
    if isinstance(schema, list):
        return [_moved(one, root) for one in schema]
    if not isinstance(schema, dict):
        return schema
    moved = {name: _moved(value, root) for name, value in schema.items()}
    reference = schema.get("$ref")
    return moved | {"$ref": root + reference[1:]} if isinstance(reference, str) and reference[:1] == "#" else moved


def _object(**properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _said(message: Json, *, in_words: bool) -> list[Json]:
    """Return one Converse message as OpenAI's: tool results are messages of their own, or the user's words."""
    parts: list[Json] = []
    calls: list[Json] = []
    results: list[Json] = []
    for block in message["content"]:
        if "toolUse" in block:
            calls.append(block["toolUse"])
        elif "toolResult" in block:
            results.append(block["toolResult"])
        elif "image" in block:
            image = block["image"]
            url = f"data:image/{image['format']};base64,{image['source']['bytes']}"
            parts.append({"type": "image_url", "image_url": {"url": url}})
        elif text := conversation.without_disclosure(conversation.text_of([block])):
            parts.append({"type": "text", "text": text})
    if in_words:
        parts += [{"type": "text", "text": _call_in_words(call)} for call in calls]
        parts += [{"type": "text", "text": f"Result: {conversation.result_text(result)}"} for result in results]
        calls, results = [], []
    said: list[Json] = [
        {"role": "tool", "tool_call_id": result["toolUseId"], "content": conversation.result_text(result)}
        for result in results
    ]
    if parts or calls:
        made = {"tool_calls": [_call(call) for call in calls]} if calls else {}
        said.append({"role": message["role"], "content": _content(parts), **made})
    return said


def _content(parts: list[Json]) -> Any:
    """Text alone as a string, which every template takes."""
    if any(part["type"] != "text" for part in parts):
        return parts
    return "\n".join(part["text"] for part in parts)


def _call(use: Json) -> Json:
    arguments = json.dumps(use["input"], ensure_ascii=False)
    return {"id": use["toolUseId"], "type": "function", "function": {"name": use["name"], "arguments": arguments}}


def _call_in_words(use: Json) -> str:
    return json.dumps({"call": {"name": use["name"], "arguments": use["input"]}}, ensure_ascii=False)
