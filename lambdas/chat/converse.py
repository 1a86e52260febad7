"""From OpenAI's chat request to Bedrock's Converse, for one candidate: shapes only, no calls.

What is said, for any candidate, ``lambdas.chat.turns`` knows. Source: API reference of Converse, Bedrock user guide.
"""

from typing import Any, Final

import msgspec

from lambdas.chat.candidates import Candidate
from lambdas.chat.request import ChatRequest, JsonObjectFormat, JsonSchemaFormat, NamedTool
from lambdas.chat.schemas import tool_schema
from lambdas.chat.tools import ANSWER_TOOL, bedrock_name, specs_of, tool_spec
from lambdas.chat.turns import Spoken
from lambdas.common.errors import InvalidRequestError

Block = dict[str, Any]

_JSON_ONLY: Final = "Answer with one JSON object and nothing else: no text around it and no code fence."


def to_converse(request: ChatRequest, candidate: Candidate, spoken: Spoken) -> Block:
    """Return Converse's arguments for a candidate, all but ``modelId`` and ``guardrailConfig``.

    Args:
        spoken: what ``to_turns`` made of the request, with a session's history before it where there is one.

    Raises:
        InvalidRequestError: the request wants what the candidate's family cannot do.
    """
    system, turns = list(spoken.system), spoken.turns
    if isinstance(request.response_format, JsonObjectFormat):
        system.append({"text": _JSON_ONLY})
    arguments: Block = {"messages": turns, "inferenceConfig": _inference_config(request, candidate)}
    if system:
        arguments["system"] = system
    if tools := _tool_config(request, candidate, turns):
        arguments["toolConfig"] = tools
    if output := _output_config(request, candidate):
        arguments["outputConfig"] = output
    if fields := _family_fields(request, candidate):
        arguments["additionalModelRequestFields"] = fields
    metadata = {**(request.metadata or {}), **({"user": request.user} if request.user else {})}
    if metadata:
        arguments["requestMetadata"] = metadata
    return arguments


def _inference_config(request: ChatRequest, candidate: Candidate) -> Block:
    wanted = request.max_completion_tokens or request.max_tokens or candidate.model.max_output_tokens
    config: Block = {"maxTokens": min(wanted, candidate.model.max_output_tokens)}
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.top_p is not None:
        config["topP"] = request.top_p
    if request.stop:
        config["stopSequences"] = [request.stop] if isinstance(request.stop, str) else request.stop
    return config


def _tool_config(request: ChatRequest, candidate: Candidate, turns: list[Block]) -> Block | None:
    specs = list(request.toolbox.specs)
    if wants_answer_tool(request, candidate):
        specs.append(_answer_spec(request))
        return {"tools": specs, "toolChoice": {"any": {}} if len(specs) > 1 else {"tool": {"name": ANSWER_TOOL}}}
    used = [
        block["toolUse"]["name"] if "toolUse" in block else None
        for turn in turns
        for block in turn["content"]
        if "toolUse" in block or "toolResult" in block
    ]
    # Converse has no word for "none"; it wants the tools, though, while the conversation holds calls of them.
    if used and not specs:
        return {"tools": specs_of(dict.fromkeys(name for name in used if name))}
    if not specs or (request.tool_choice == "none" and not used):
        return None
    match request.tool_choice:
        case "required":
            return {"tools": specs, "toolChoice": {"any": {}}}
        case NamedTool(function=function):
            return {"tools": specs, "toolChoice": {"tool": {"name": bedrock_name(function.name)}}}
        case _:
            return {"tools": specs}


def wants_answer_tool(request: ChatRequest, candidate: Candidate) -> bool:
    """Whether the schema of the answer is enforced by a tool, because the family cannot enforce it otherwise."""
    if not isinstance(request.response_format, JsonSchemaFormat):
        return False
    return not candidate.has("json_schema") or request.answer_schema is None


def answer_is_wrapped(request: ChatRequest) -> bool:
    """Whether the answer stands inside the input of the tool, because its schema is no object's."""
    assert isinstance(request.response_format, JsonSchemaFormat)
    return tool_schema(request.response_format.json_schema.schema)[1]


def _answer_spec(request: ChatRequest) -> Block:
    assert isinstance(request.response_format, JsonSchemaFormat)
    wanted = request.response_format.json_schema
    return tool_spec(ANSWER_TOOL, wanted.description or "Gives the answer.", tool_schema(wanted.schema)[0])


def _output_config(request: ChatRequest, candidate: Candidate) -> Block:
    output: Block = {}
    schema = request.answer_schema if candidate.has("json_schema") else None
    if schema is not None:
        assert isinstance(request.response_format, JsonSchemaFormat)
        output["textFormat"] = {
            "type": "json_schema",
            "structure": {
                "jsonSchema": {
                    "name": bedrock_name(request.response_format.json_schema.name),
                    "schema": msgspec.json.encode(schema).decode(),
                }
            },
        }
    if request.reasoning_effort is not None and candidate.has("reasoning"):
        output["effort"] = request.reasoning_effort
    return output


def not_taken(request: ChatRequest, candidate: Candidate) -> list[str]:
    """Return what a request asks for that the candidate's family has no word for, and that changes little."""
    return ["reasoning_effort"] if request.reasoning_effort and not candidate.has("reasoning") else []


def _family_fields(request: ChatRequest, candidate: Candidate) -> Block:
    if request.quarry.top_k is None:
        return {}
    path = candidate.model.parameters.top_k
    if not path:
        raise InvalidRequestError(
            f"The model behind `{request.model}` has no top_k; leave `quarry.top_k` out.",
            param="quarry.top_k",
            code="unsupported_parameter",
        )
    nested: Any = request.quarry.top_k
    for name in reversed(path):
        nested = {name: nested}
    fields: Block = nested
    return fields
