"""How models think: how it is asked for, what Claude refuses of it, and blocks of thoughts that prove whose they are.

Sources: Bedrock user guide, claude-messages-extended-thinking and claude-messages-adaptive-thinking; Amazon Nova 2 user
guide, extended-thinking and reasoning-capabilities; of refusals, issues that quote them (LibreChat 8346, opencode
48195, litellm 27039, inspect_ai 3767) and platform.claude.com, "Thinking" and the overviews of the 5.5 models.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from sandbox.model.catalogue import Model
from sandbox.model.errors import AwsError, Json, invalid

LEAST_BUDGET = 1_024
_FORCING = ("any", "tool")
_HIDDEN = "[REDACTED]"


def is_wanted(request: Json, model: Model) -> bool:
    """Return whether the model is to think before it answers this request."""
    fields = _fields(request)
    match model.thinking:
        case "budget" | "both" | "adaptive":
            return _kind(fields) in ("enabled", "adaptive")
        case "nova":
            return bool((fields.get("reasoningConfig") or {}).get("type") == "enabled")
        case "effort":
            return "reasoning_effort" in fields
        case _:
            return False


def block(text: str, model: Model, *, redacted: bool = False, shown: bool = True) -> Json:
    """Return a block of thoughts as the model gives it: Claude's are signed, Nova's hidden, the others' plain."""
    if model.thinking == "nova":
        return {"reasoningContent": {"reasoningText": {"text": _HIDDEN}}}
    if model.provider_name != "Anthropic":
        return {"reasoningContent": {"reasoningText": {"text": text}}}
    if redacted:
        return {"reasoningContent": {"redactedContent": _sealed(text)}}
    said = text if shown else ""
    return {"reasoningContent": {"reasoningText": {"text": said, "signature": _signature(said)}}}


def is_shown(request: Json, model: Model) -> bool:
    """Return whether Claude's thoughts are told: since Opus 4.7 only where that is asked for."""
    display = (_fields(request).get("thinking") or {}).get("display")
    return bool(display == "summarized" or (display is None and model.thinking != "adaptive"))


def check(request: Json, model: Model) -> None:
    """Check how thinking is asked for, and thoughts that come back.

    Raises:
        AwsError: ValidationException, in the model's own words.
    """
    fields = _fields(request)
    if model.thinking == "nova":
        _nova(fields.get("reasoningConfig") or {}, request.get("inferenceConfig") or {})
    if model.provider_name != "Anthropic":
        if "thinking" in fields:
            raise invalid("Malformed input request: #: extraneous key [thinking] is not permitted, please reformat.")
        return
    for place, message in enumerate(request.get("messages") or []):
        for number, one in enumerate(message["content"]):
            if "reasoningContent" in one:
                _genuine(one["reasoningContent"], f"messages.{place}.content.{number}")
    choice = (request.get("toolConfig") or {}).get("toolChoice") or {}
    forced = any(name in choice for name in _FORCING)
    if forced and model.rejects_forced_tools:
        raise _refused("tool_choice: forced tool use is not supported for this model.")
    kind = _kind(fields)
    if kind in ("enabled", "adaptive"):
        _claude(kind, fields, request, model, forced=forced)


def _claude(kind: str, fields: Json, request: Json, model: Model, *, forced: bool) -> None:
    config = request.get("inferenceConfig") or {}
    if kind == "adaptive" and model.thinking == "budget":
        raise _refused("adaptive thinking is not supported on this model")
    if kind == "enabled" and model.thinking == "adaptive":
        raise _refused(
            '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and '
            '"output_config.effort" to control thinking behavior.'
        )
    if forced:
        raise _refused("Thinking may not be enabled when tool_choice forces tool use.")
    if config.get("temperature", 1) != 1:
        raise _refused("`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.")
    if config.get("topP", 1) < 0.95:
        raise _refused("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.")
    if "top_k" in fields:
        raise _refused("`top_k` must be unset when thinking is enabled.")
    if kind == "enabled":
        budget = fields["thinking"].get("budget_tokens", 0)
        if budget < LEAST_BUDGET:
            raise _refused(f"thinking.enabled.budget_tokens: Input should be greater than or equal to {LEAST_BUDGET}")
        if budget >= config.get("maxTokens", model.max_output_tokens or budget + 1):
            raise _refused("`max_tokens` must be greater than `thinking.budget_tokens`.")
        _begins_with_thoughts(request.get("messages") or [])


def _begins_with_thoughts(messages: list[Json]) -> None:
    """An answer that is gone on with after a tool's result has to begin with the thoughts that it began with."""
    if len(messages) > 1 and any("toolResult" in one for one in messages[-1]["content"]):
        place = len(messages) - 2
        first: Json = messages[place]["content"][0]
        if "reasoningContent" not in first:
            found = "tool_use" if "toolUse" in first else "text"
            raise _refused(
                f"messages.{place}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{found}`. "
                "When `thinking` is enabled, a final `assistant` message must start with a thinking block."
            )


def _genuine(given: Json, where: str) -> None:
    if "redactedContent" in given:
        data = base64.b64decode(given["redactedContent"])
        if data[:32] != hashlib.sha256(data[32:]).digest():
            raise _refused(f"{where}: Invalid `data` in `redacted_thinking` block")
        return
    said = given["reasoningText"]
    if said.get("signature") != _signature(said.get("text", "")):
        raise _refused(f"{where}: Invalid `signature` in `thinking` block")


def _nova(asked: Json, config: Json) -> None:
    if asked.get("type") != "enabled" or asked.get("maxReasoningEffort") != "high":
        return
    for name in ("maxTokens", "temperature", "topP"):
        if name in config:
            raise invalid(
                f"Invalid inferenceConfig: {name} must be unset when reasoningConfig has maxReasoningEffort high."
            )


def _fields(request: Json) -> Json:
    fields: Any = request.get("additionalModelRequestFields")
    return fields if isinstance(fields, dict) else {}


def _kind(fields: Json) -> str:
    thinking = fields.get("thinking")
    return str(thinking.get("type")) if isinstance(thinking, dict) else ""


def _signature(text: str) -> str:
    return base64.b64encode(hashlib.sha256(b"sandbox thought " + text.encode()).digest()).decode()


def _sealed(text: str) -> str:
    """Return bytes that nobody reads, in base64 as they travel: a digest and what it is of."""
    hidden = hashlib.sha256(text.encode()).hexdigest().encode()
    return base64.b64encode(hashlib.sha256(hidden).digest() + hidden).decode()


def _refused(words: str) -> AwsError:
    return invalid(f"The model returned the following errors: {words}")
