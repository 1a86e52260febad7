"""Schemas of request bodies as they are read when not in strict mode: what is accepted besides what a type has."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import lambdas.embeddings.request as embeddings
import lambdas.moderation.request as moderation
import lambdas.prompts.request as prompts
import lambdas.rerank.request as rerank
from lambdas.api.dialects.chat import knowledge, tolerated
from lambdas.api.dialects.completions import request as completions
from lambdas.api.dialects.messages import tolerated as messages
from lambdas.api.dialects.responses import tolerated as responses
from lambdas.api.openapi.schemas import Schema
from lambdas.common.tolerance import Rule

# Body -> the rules by which it is read.
RULES: Final[Mapping[str, Sequence[Rule]]] = {
    "ChatRequest": tolerated.RULES,
    "CompletionRequest": completions.RULES,
    "MessagesRequest": messages.RULES,
    "CountTokensRequest": messages.COUNT_RULES,
    "KnowledgeQuery": knowledge.RULES,
    "PassagesQuery": knowledge.PASSAGES_RULES,
    "EmbeddingRequest": embeddings.RULES,
    "PromptCall": prompts.RULES,
    "ResponsesRequest": responses.RULES,
    "CompactionRequest": [rule for rule in responses.RULES if rule.field in responses.LABELS],
    "RerankRequest": rerank.RULES,
    "ModerationRequest": moderation.RULES,
}
_SAME: Final = {"CompareRequest": "ChatRequest"}


def tolerant(schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return schemas of bodies and their parts with unknown members, null for what may be left out, and the table."""
    return {name: _object(schema, RULES.get(_SAME.get(name, name), ())) for name, schema in schemas.items()}


def _object(schema: Schema, rules: Sequence[Rule]) -> Schema:
    if "properties" not in schema:
        return schema
    required = schema.get("required", ())
    properties = {
        name: one if name in required else _or(one, {"type": "null"}) for name, one in schema["properties"].items()
    }
    for rule in rules:
        if rule.field.isidentifier():
            properties[rule.field] = _ruled(properties.get(rule.field), rule)
    opened = {name: value for name, value in schema.items() if name != "additionalProperties"}
    return {**opened, "properties": properties}


def _ruled(known: Schema | None, rule: Rule) -> Schema:
    """Return the schema of a member that is judged by a rule."""
    named = [*rule.neutral, *rule.replaced]
    if known is None:
        return {"enum": [*named, None]} if rule.otherwise == "refuse" else {}
    if rule.otherwise in ("ignore", "drop") or rule.kind is not None:
        return {"description": known["description"]} if "description" in known else {}
    if rule.bounds is not None:
        known = _widened(known, rule.bounds.widest)
    return _or(known, {"enum": named}) if named else known


def _widened(schema: Schema, widest: float) -> Schema:
    if "anyOf" in schema:
        return {**schema, "anyOf": [_widened(one, widest) for one in schema["anyOf"]]}
    return {**schema, "maximum": widest} if "maximum" in schema else schema


def _or(schema: Schema, other: Schema) -> Schema:
    """Return a schema that accepts the other's values as well, with what is said of it beside."""
    about: dict[str, Any] = {name: schema[name] for name in ("description", "default") if name in schema}
    rest = {name: value for name, value in schema.items() if name not in about}
    choices = rest["anyOf"] if set(rest) == {"anyOf"} else [rest]
    return {"anyOf": choices if other in choices else [*choices, other], **about}
