"""From a conversation to Bedrock's Converse, for one candidate: shapes only, no calls.

What is said, for any candidate, ``lambdas.chat.spoken`` knows. Source: API reference of Converse, Bedrock user guide.
"""

from typing import Any, Final

import msgspec

from lambdas.chat.blocks import Block
from lambdas.chat.candidates import Candidate
from lambdas.chat.conversation import AnyJson, Conversation, JsonOf, NamedTool
from lambdas.chat.schemas import tool_schema
from lambdas.chat.spoken import Spoken
from lambdas.chat.tools import ANSWER_TOOL, bedrock_name, specs_of, tool_spec
from lambdas.common.errors import InvalidRequestError

_JSON_ONLY: Final = "Answer with one JSON object and nothing else: no text around it and no code fence."

# Whose own answer says which stop text it was. Source: API reference of Converse, additionalModelResponseFieldPaths.
_TELLS_STOP: Final = "anthropic."


def to_converse(asked: Conversation, candidate: Candidate, spoken: Spoken) -> Block:
    """Return Converse's arguments for a candidate, all but ``modelId`` and ``guardrailConfig``.

    Args:
        spoken: what it says, with a session's history before it where there is one.

    Raises:
        InvalidRequestError: it wants what the candidate's family cannot do.
    """
    system, turns = list(spoken.system), spoken.turns
    if isinstance(asked.answer, AnyJson):
        system.append({"text": _JSON_ONLY})
    arguments: Block = {"messages": turns, "inferenceConfig": _inference_config(asked, candidate)}
    if tools := _tool_config(asked, candidate, turns):
        if not candidate.model.parameters.forced_tools:
            system += _said_for_force(tools.pop("toolChoice", {}))
        arguments["toolConfig"] = tools
    if system:
        arguments["system"] = system
    if output := _output_config(asked, candidate):
        arguments["outputConfig"] = output
    if fields := _family_fields(asked, candidate):
        arguments["additionalModelRequestFields"] = fields
    if asked.tells_stop and len(asked.stop) > 1 and candidate.base_model_id.startswith(_TELLS_STOP):
        arguments["additionalModelResponseFieldPaths"] = ["/stop_sequence"]
    if asked.labels:
        arguments["requestMetadata"] = dict(asked.labels)
    return arguments


def _said_for_force(choice: Block) -> list[Block]:
    """Return the instruction that stands for a choice of tools, where models may not be forced."""
    if "tool" in choice:
        return [{"text": f"Answer by calling the tool {choice['tool']['name']}."}]
    return [{"text": "Answer by calling one of the tools."}] if "any" in choice else []


def _inference_config(asked: Conversation, candidate: Candidate) -> Block:
    wanted = asked.max_tokens or candidate.model.max_output_tokens
    config: Block = {"maxTokens": min(wanted, candidate.model.max_output_tokens)}
    if asked.temperature is not None:
        config["temperature"] = asked.temperature
    if asked.top_p is not None:
        config["topP"] = asked.top_p
    if asked.stop:
        config["stopSequences"] = list(asked.stop)
    return config


def _tool_config(asked: Conversation, candidate: Candidate, turns: list[Block]) -> Block | None:
    specs = list(asked.toolbox.specs)
    if wants_answer_tool(asked, candidate):
        specs.append(answer_spec(asked))
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
    if not specs or (asked.tool_choice == "none" and not used):
        return None
    match asked.tool_choice:
        case "required":
            return {"tools": specs, "toolChoice": {"any": {}}}
        case NamedTool(name=name):
            return {"tools": specs, "toolChoice": {"tool": {"name": bedrock_name(name)}}}
        case _:
            return {"tools": specs}


def wants_answer_tool(asked: Conversation, candidate: Candidate) -> bool:
    """Whether the schema of the answer is enforced by a tool, because the family cannot enforce it otherwise."""
    if not isinstance(asked.answer, JsonOf):
        return False
    return not candidate.has("json_schema") or asked.answer.enforced is None


def answer_is_wrapped(asked: Conversation) -> bool:
    """Whether the answer stands inside the input of the tool, because its schema is no object's."""
    assert isinstance(asked.answer, JsonOf)
    return tool_schema(asked.answer.schema)[1]


def answer_spec(asked: Conversation) -> Block:
    """Return the tool by whose input an answer is given that has a schema."""
    wanted = asked.answer
    assert isinstance(wanted, JsonOf)
    return tool_spec(ANSWER_TOOL, wanted.description or "Gives the answer.", tool_schema(wanted.schema)[0])


def _output_config(asked: Conversation, candidate: Candidate) -> Block:
    output: Block = {}
    wanted = asked.answer
    if isinstance(wanted, JsonOf) and wanted.enforced is not None and candidate.has("json_schema"):
        output["textFormat"] = {
            "type": "json_schema",
            "structure": {
                "jsonSchema": {
                    "name": bedrock_name(wanted.name),
                    "schema": msgspec.json.encode(wanted.enforced).decode(),
                }
            },
        }
    return output


def not_taken(asked: Conversation, candidate: Candidate) -> list[str]:
    """Return what is asked for that the candidate's family has no word for, and that changes little: fields' names."""
    forces = asked.tool_choice == "required" or isinstance(asked.tool_choice, NamedTool)
    waived = asked.top_k is not None and "top_k" in asked.waived and not candidate.model.parameters.top_k
    return [
        *(["tool_choice"] if forces and not candidate.model.parameters.forced_tools else []),
        *(["top_k"] if waived else []),
    ]


def _family_fields(asked: Conversation, candidate: Candidate) -> Block:
    if asked.top_k is None:
        return {}
    path = candidate.model.parameters.top_k
    if not path and "top_k" in asked.waived:
        return {}
    if not path:
        raise InvalidRequestError(
            f"The model behind `{asked.alias}` has no top_k; leave `{asked.named('top_k')}` out.",
            param=asked.named("top_k"),
            code="unsupported_parameter",
        )
    nested: Any = asked.top_k
    for name in reversed(path):
        nested = {name: nested}
    fields: Block = nested
    return fields
