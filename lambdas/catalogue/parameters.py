"""What a model family accepts of Converse's inferenceConfig, and the one place where a request is fitted to it.

Each new Claude refuses something that the last one took, so the rules are data (``models.yaml``) and this is all the
code there is. The inference function takes them from the catalogue, which comes with its code.
"""

from typing import Any, Final, Literal

from msgspec import Struct

# Converse's names -> OpenAI's, in which callers are told.
OPENAI_NAMES: Final = {
    "maxTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop",
}


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of a number, both included."""

    minimum: float
    maximum: float


# How a family is asked to reason: Claude's thinking by a budget of tokens, or as it sees fit; Nova's reasoningConfig;
# gpt-oss' reasoning_effort.
ReasoningField = Literal["thinking_budget", "thinking_adaptive", "reasoning_config", "reasoning_effort"]


class ParameterRules(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a family accepts. JSON-able: ``msgspec.to_builtins`` and ``msgspec.convert`` turn it into a dict and back.

    Attributes:
        temperature: accepted range; None if the family refuses the parameter.
        top_p: likewise.
        exclusive: groups of parameters, in OpenAI's words, of which a request may have one; the first one given in
            the group's order stays.
        top_k: path of top_k in ``additionalModelRequestFields``; () if the family refuses it.
        stop_sequences: how many are accepted; None if no limit is documented (Converse's own is 2,500).
        reasoning: how it is asked for; None where it cannot be, or nobody says how.
        forced_tools: whether a request may force the model to call a tool.
    """

    temperature: Range | None = None
    top_p: Range | None = None
    exclusive: tuple[tuple[str, ...], ...] = ()
    top_k: tuple[str, ...] = ()
    stop_sequences: int | None = None
    reasoning: ReasoningField | None = None
    forced_tools: bool = True


def fit(model: ParameterRules, config: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Fit an inferenceConfig to what the model's family accepts.

    A number out of range becomes the nearest that is in it; what is refused is left out.

    Args:
        config: Converse's inferenceConfig: maxTokens, temperature, topP, stopSequences; not changed.

    Returns:
        The config to send, and the names of what was left out, whole or in part, in OpenAI's words and order of
        ``config``: ["top_p"].
    """
    cleaned = dict(config)
    dropped: set[str] = set()
    for name, accepted in (("temperature", model.temperature), ("topP", model.top_p)):
        if name not in cleaned:
            continue
        if accepted is None:
            del cleaned[name]
            dropped.add(name)
        else:
            cleaned[name] = min(max(cleaned[name], accepted.minimum), accepted.maximum)
    for group in model.exclusive:
        given = [name for word in group for name in cleaned if OPENAI_NAMES.get(name) == word]
        for name in given[1:]:
            del cleaned[name]
            dropped.add(name)
    stops = cleaned.get("stopSequences", [])
    if model.stop_sequences is not None and len(stops) > model.stop_sequences:
        cleaned["stopSequences"] = stops[: model.stop_sequences]
        if not cleaned["stopSequences"]:
            # Who takes none refuses the field.
            del cleaned["stopSequences"]
        dropped.add("stopSequences")
    return cleaned, [OPENAI_NAMES[name] for name in config if name in dropped]
