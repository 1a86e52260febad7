"""From OpenAI's chat request to Bedrock's Converse: shapes only, no calls.

Converse wants the system text apart and the turns alternating from the user's; OpenAI's list has no such rules, so
neighbouring turns of one role are joined. Source: API reference of Converse, Bedrock user guide.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from lambdas.chat.candidates import Candidate
from lambdas.chat.images import to_image
from lambdas.chat.request import (
    AssistantMessage,
    ChatRequest,
    DeveloperMessage,
    ImagePart,
    JsonObjectFormat,
    JsonSchemaFormat,
    NamedTool,
    SystemMessage,
    ToolMessage,
    UserMessage,
    plain_text,
)
from lambdas.common.errors import InvalidRequestError
from lambdas.common.json_body import decode_text

Block = dict[str, Any]

# The tool by which a family without JSON schemas of its own is made to answer in one.
ANSWER_TOOL: Final = "answer_as_json"
_JSON_ONLY: Final = "Answer with one JSON object and nothing else: no text around it and no code fence."


class _Anything(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


_ANY: Final = _Anything()


def to_turns(request: ChatRequest, open_calls: Container[str] | None = None) -> "Spoken":
    """Return what the request says.

    Args:
        open_calls: ids of tool calls that were made before the first message and are not answered yet. Left out, there
            are none; of a session, which may have some, any may be meant: they are known once it was read.

    Raises:
        InvalidRequestError: the conversation does not begin with the user, a tool's result answers no call, or an
            image cannot be used; ``param`` names the message.
    """
    if open_calls is None:
        open_calls = _ANY if request.quarry.session is not None else frozenset()
    system: list[Block] = []
    turns: list[Block] = []
    for index, message in enumerate(request.messages):
        path = f"messages[{index}]"
        match message:
            case SystemMessage() | DeveloperMessage():
                system.append({"text": plain_text(message.content)})
            case UserMessage():
                _join(turns, "user", _user_blocks(message, path))
            case ToolMessage():
                if message.tool_call_id not in open_calls:
                    raise InvalidRequestError(
                        f"`{message.tool_call_id}` answers no tool call of the assistant's before it.",
                        param=f"{path}.tool_call_id",
                    )
                _join(turns, "user", [_tool_result(message)])
            case AssistantMessage():
                if not turns:
                    raise InvalidRequestError(
                        "The first message after the system's must have the role `user`.", param=f"{path}.role"
                    )
                blocks = _assistant_blocks(message, path)
                open_calls = {call.id for call in message.tool_calls or []}
                _join(turns, "assistant", blocks)
    if not turns:
        raise InvalidRequestError("There is no message with the role `user`.", param="messages")
    return Spoken(system=system, turns=turns)


@dataclass(frozen=True)
class Spoken:
    """What is said to the model: Converse's ``system`` and ``messages``."""

    system: list[Block]
    turns: list[Block]


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


def _join(turns: list[Block], role: str, blocks: list[Block]) -> None:
    if not blocks:
        return
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"].extend(blocks)
    else:
        turns.append({"role": role, "content": blocks})


def _user_blocks(message: UserMessage, path: str) -> list[Block]:
    if isinstance(message.content, str):
        return [{"text": message.content}]
    return [
        to_image(part.image_url.url, param=f"{path}.content[{position}].image_url.url")
        if isinstance(part, ImagePart)
        else {"text": part.text}
        for position, part in enumerate(message.content)
    ]


def _assistant_blocks(message: AssistantMessage, path: str) -> list[Block]:
    blocks: list[Block] = [{"text": plain_text(message.content)}] if message.content else []
    for position, call in enumerate(message.tool_calls or []):
        given = decode_text(call.function.arguments or "{}", param=f"{path}.tool_calls[{position}].function.arguments")
        blocks.append({"toolUse": {"toolUseId": call.id, "name": call.function.name, "input": given}})
    return blocks


def _tool_result(message: ToolMessage) -> Block:
    # Converse refuses empty text; a tool that gave nothing is told as such.
    text = plain_text(message.content)
    return {
        "toolResult": {"toolUseId": message.tool_call_id, "content": [{"text": text if text.strip() else "(nothing)"}]}
    }


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
    specs = [
        _tool_spec(tool.function.name, tool.function.description, tool.function.parameters)
        for tool in request.tools or []
    ]
    if wants_answer_tool(request, candidate):
        assert isinstance(request.response_format, JsonSchemaFormat)
        schema = request.response_format.json_schema
        specs.append(_tool_spec(ANSWER_TOOL, schema.description or "Gives the answer.", schema.schema))
        return {"tools": specs, "toolChoice": {"any": {}} if len(specs) > 1 else {"tool": {"name": ANSWER_TOOL}}}
    used = any("toolUse" in block or "toolResult" in block for turn in turns for block in turn["content"])
    # Converse has no word for "none"; it wants the tools, though, while the conversation holds calls of them.
    if not specs or (request.tool_choice == "none" and not used):
        return None
    match request.tool_choice:
        case "required":
            return {"tools": specs, "toolChoice": {"any": {}}}
        case NamedTool(function=function):
            return {"tools": specs, "toolChoice": {"tool": {"name": function.name}}}
        case _:
            return {"tools": specs}


def wants_answer_tool(request: ChatRequest, candidate: Candidate) -> bool:
    """Whether the schema of the answer is enforced by a tool, because the family has no JSON schemas."""
    return isinstance(request.response_format, JsonSchemaFormat) and not candidate.has("json_schema")


def _tool_spec(name: str, description: str | None, parameters: dict[str, Any] | None) -> Block:
    # Converse wants an object at the schema's root even for a tool without parameters.
    schema = {"type": "object", "properties": {}, **(parameters or {})}
    return {"toolSpec": {"name": name, "description": description or name, "inputSchema": {"json": schema}}}


def _output_config(request: ChatRequest, candidate: Candidate) -> Block:
    output: Block = {}
    if isinstance(request.response_format, JsonSchemaFormat) and candidate.has("json_schema"):
        wanted = request.response_format.json_schema
        schema = msgspec.json.encode(wanted.schema).decode()
        output["textFormat"] = {
            "type": "json_schema",
            "structure": {"jsonSchema": {"name": wanted.name, "schema": schema}},
        }
    if request.reasoning_effort is not None:
        if not candidate.has("reasoning"):
            raise InvalidRequestError(
                f"The model behind `{request.model}` does not reason; leave `reasoning_effort` out.",
                param="reasoning_effort",
                code="unsupported_parameter",
            )
        output["effort"] = request.reasoning_effort
    return output


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
