"""Rules of a conversation that no service model states, each with the wording in which AWS refuses its breach.

Sources: AWS's messages as quoted in public issues (langchain-aws 130 and 192, pydantic-ai 2327, hermes-agent 55092,
sample-multi-agent-orchestration-chat 15, openclaw 73663, obsidian-copilot 2600) and the Converse guide. Rules that only
some models have come from ``models.yaml``.
"""

from __future__ import annotations

from itertools import pairwise

from sandbox.model import claude_rules, document_rules, thinking
from sandbox.model.catalogue import Model
from sandbox.model.errors import Json, invalid

_MEDIA = {"image": "IMAGE", "video": "VIDEO", "audio": "SPEECH"}
# Claude's names, as additionalModelRequestFields has them -> Converse's. Converse itself has no top_k.
_SAMPLING = {"temperature": "temperature", "top_p": "topP", "top_k": ""}


def check(request: Json, model: Model) -> None:
    """Check a request that fits the service model, for ``model``.

    Raises:
        AwsError: ValidationException, naming the first rule that is broken.
    """
    messages = request.get("messages") or []
    _roles(messages)
    for place, message in enumerate(messages):
        _content(message, place, model)
    document_rules.check(messages)
    _tools(messages, request.get("toolConfig"))
    _inference(request.get("inferenceConfig") or {}, model)
    if model.rejects_sampling:
        _no_sampling(request)
    if model.provider_name == "Anthropic":
        claude_rules.check(request, model)
    thinking.check(request, model)


def _roles(messages: list[Json]) -> None:
    if not messages or messages[0]["role"] != "user":
        raise invalid(
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message."
        )
    if any(left["role"] == right["role"] for left, right in pairwise(messages)) or any(
        message["role"] not in ("user", "assistant") for message in messages
    ):
        raise invalid(
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
            "between user and assistant roles and try again."
        )


def _content(message: Json, place: int, model: Model) -> None:
    if not message["content"]:
        raise invalid(
            f"The content field in the Message object at messages.{place} is empty. Add a ContentBlock object to the "
            "content field and try again."
        )
    for number, block in enumerate(message["content"]):
        where = f"messages.{place}.content.{number}"
        if "text" in block and not block["text"].strip():
            raise invalid(
                f"The text field in the ContentBlock object at {where} is blank. Add text to the text field, and try "
                "again."
            )
        for kind, modality in _MEDIA.items():
            if kind in block and modality not in model.input_modalities:
                raise invalid(
                    f"This model doesn't support the {kind} content block that you provided. Try again with a model "
                    f"that supports {kind} content blocks."
                )
        result = block.get("toolResult") or {}
        if result.get("status") == "error" and not result["content"]:
            raise invalid(f"The content field at {where}.toolResult cannot be empty when status value is error.")


def _ids(message: Json, kind: str) -> list[str]:
    return [block[kind]["toolUseId"] for block in message["content"] if kind in block]


def _tools(messages: list[Json], config: Json | None) -> None:
    used = any(_ids(message, kind) for message in messages for kind in ("toolUse", "toolResult"))
    if used and not (config or {}).get("tools"):
        raise invalid("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    before: list[str] = []
    for place, message in enumerate(messages):
        results = _ids(message, "toolResult")
        if len(results) > len(before):
            raise invalid(
                f"The number of toolResult blocks at messages.{place}.content exceeds the number of toolUse blocks of "
                "previous turn."
            )
        missing = [name for name in before if name not in results]
        if missing:
            raise invalid(
                f"Expected toolResult blocks at messages.{place}.content for the following Ids: {', '.join(missing)}"
            )
        before = _ids(message, "toolUse") if message["role"] == "assistant" else []
    for place, tool in enumerate((config or {}).get("tools") or []):
        schema = ((tool.get("toolSpec") or {}).get("inputSchema") or {}).get("json", {})
        if "toolSpec" in tool and not (isinstance(schema, dict) and schema.get("type") == "object"):
            raise invalid(
                f"The value at toolConfig.tools.{place}.toolSpec.inputSchema.json.type must be one of the following: "
                "object."
            )
    choice = (config or {}).get("toolChoice") or {}
    names = [tool["toolSpec"]["name"] for tool in (config or {}).get("tools") or [] if "toolSpec" in tool]
    if len(set(names)) != len(names):
        raise invalid("The toolConfig field has two tools with the same name. Tool names must be unique.")
    if "tool" in choice and choice["tool"]["name"] not in names:
        raise invalid(f"The tool {choice['tool']['name']} in toolChoice is not one of the tools in toolConfig.")


def _inference(config: Json, model: Model) -> None:
    most = model.max_output_tokens
    if most is not None and config.get("maxTokens", 0) > most:
        raise invalid(
            f"The maximum tokens you requested exceeds the model limit of {most}. Try again with a maximum tokens "
            f"value that is lower than {most}."
        )
    if model.rejects_temperature_with_top_p and "temperature" in config and "topP" in config:
        raise invalid(
            "The model returned the following errors: `temperature` and `top_p` cannot both be specified for this "
            "model. Please use only one."
        )
    if model.rejects_stop_sequences and "stopSequences" in config:
        raise invalid("This model doesn't support the stopSequences field. Remove stopSequences and try again.")
    if any(not sequence.strip() for sequence in config.get("stopSequences") or []):
        raise invalid(
            "The model returned the following errors: stop_sequences: each stop sequence must contain non-whitespace"
        )


def _no_sampling(request: Json) -> None:
    """Refuse what steers sampling, the default values included, as every Opus since 4.7 and Sonnet since 5 does."""
    config, more = request.get("inferenceConfig") or {}, request.get("additionalModelRequestFields")
    for name, in_converse in _SAMPLING.items():
        if in_converse in config or (isinstance(more, dict) and name in more):
            raise invalid(f"The model returned the following errors: `{name}` is deprecated for this model.")
