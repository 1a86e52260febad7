"""Turns a call of a managed prompt's ARN into an ordinary Converse request: variables filled in, settings taken over.

Bedrock user guide, "Prompt management: test and run": with a prompt as ``modelId`` the request brings only variables,
further messages, a guardrail and metadata; everything else is the prompt's.
"""

from __future__ import annotations

import re

from sandbox.model.errors import Json, invalid

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_-]+)\s*\}\}")
_FORBIDDEN = ("additionalModelRequestFields", "inferenceConfig", "system", "toolConfig")


def request_for(variant: Json, request: Json) -> Json:
    """Return ``request`` with what the prompt's ``variant`` says.

    Raises:
        AwsError: ValidationException, a member that a prompt call must not have, or a variable without a value.
    """
    for name in _FORBIDDEN:
        if name in request:
            raise invalid(
                f"The {name} field cannot be used when the model ID is a prompt ARN. Remove it and try again."
            )
    values = {name: value.get("text", "") for name, value in (request.get("promptVariables") or {}).items()}
    template = variant.get("templateConfiguration") or {}
    made = {key: value for key, value in request.items() if key != "promptVariables"}
    more = made.get("messages") or []
    if "chat" in template:
        chat = template["chat"]
        made["messages"] = [_filled(message, values) for message in chat.get("messages") or []] + more
        made["system"] = [_filled(block, values) for block in chat.get("system") or []]
        if chat.get("toolConfiguration"):
            made["toolConfig"] = chat["toolConfiguration"]
    else:
        text = _fill((template.get("text") or {}).get("text", ""), values)
        made["messages"] = [{"role": "user", "content": [{"text": text}]}, *more]
    inference = (variant.get("inferenceConfiguration") or {}).get("text")
    if inference:
        made["inferenceConfig"] = {key: value for key, value in inference.items() if value is not None}
    return made


def _filled(value: Json, values: dict[str, str]) -> Json:
    if "text" in value:
        return {**value, "text": _fill(value["text"], values)}
    if "content" in value:
        return {**value, "content": [_filled(block, values) for block in value["content"]]}
    return value


def _fill(text: str, values: dict[str, str]) -> str:
    missing = sorted({name for name in _VARIABLE.findall(text) if name not in values})
    if missing:
        raise invalid(f"The prompt needs values for these variables: {', '.join(missing)}.")
    # One pass: template syntax inside a value stays text.
    return _VARIABLE.sub(lambda match: values[match[1]], text)
