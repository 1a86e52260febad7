"""Evaluates a guardrail: words, regexes and PII by MiniStack's own code, the rest by ``content_policy``.

One evaluation serves ApplyGuardrail, Converse and ConverseStream, so that they cannot disagree.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import get_region
from ministack.services import bedrock_runtime

from sandbox.model import content_policy, text_units
from sandbox.model.errors import AwsError, Json, invalid

_UNIT = 1000  # characters in a text unit (Bedrock pricing page)
# Units that the contextual grounding check takes of each (AWS General Reference, Bedrock's quotas L-893F8BF9 and its
# neighbours; they cannot be raised). What AWS says of more is not documented; these words are not its own.
_GROUNDED_ANSWER = 5
_GROUNDING_QUERY = 1
_GROUNDING_SOURCE = {"us-east-1": 100, "us-west-2": 100}
_GROUNDING_SOURCE_ELSEWHERE = 50
_UNITS = (
    "topicPolicyUnits",
    "contentPolicyUnits",
    "wordPolicyUnits",
    "sensitiveInformationPolicyUnits",
    "sensitiveInformationPolicyFreeUnits",
    "contextualGroundingPolicyUnits",
)


@dataclass
class Verdict:
    """What a guardrail found in some texts.

    ``assessment`` is a GuardrailAssessment; ``texts`` are the texts with what is to be masked masked; ``units`` counts
    the text units per policy.
    """

    assessment: Json = field(default_factory=dict)
    blocked: bool = False
    texts: list[str] = field(default_factory=list)
    masked: bool = False
    units: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_UNITS, 0))
    characters: int = 0
    milliseconds: int = 0

    @property
    def intervened(self) -> bool:
        """Return whether the guardrail changed anything: blocked or masked."""
        return self.blocked or self.masked

    def action_reason(self) -> str:
        """Return AWS's words for what was done."""
        return "Guardrail blocked." if self.blocked else "Guardrail masked." if self.masked else "No action."

    def metrics(self) -> Json:
        """Return GuardrailInvocationMetrics."""
        return {
            "guardrailProcessingLatency": self.milliseconds,
            "usage": self.units,
            "guardrailCoverage": {"textCharacters": {"guarded": self.characters, "total": self.characters}},
        }


def find(identifier: str, version: str) -> Json:
    """Return the record of a guardrail, by id or ARN, at a version ("DRAFT" or a number).

    Raises:
        AwsError: ResourceNotFoundException, there is none (a missing version included).
    """
    record = bedrock_runtime._resolve_guardrail(identifier, version)
    if record is None:
        raise AwsError(
            "ResourceNotFoundException", "The guardrail identifier or version provided in the request does not exist."
        )
    return dict(record)


def blocked_message(record: Json, source: str) -> str:
    """Return the message that the guardrail's owner wrote for a blocked INPUT or OUTPUT."""
    return str(record["BlockedInputMessaging" if source == "INPUT" else "BlockedOutputsMessaging"])


def evaluate(record: Json, source: str, texts: list[str], sources: list[str] | None = None, query: str = "") -> Verdict:
    """Evaluate ``texts`` as INPUT or OUTPUT. ``sources`` and ``query`` are what an answer is to be grounded in.

    Raises:
        AwsError: ValidationException, more than the grounding check takes; ThrottlingException, more than a second
            has text units for.
    """
    started = time.monotonic()
    verdict = Verdict()
    for text in texts:
        _one(record, source, text, verdict)
    if source == "OUTPUT":
        policy = record.get("ContextualGroundingPolicy")
        if policy and sources and query:
            _check_grounding(len("\n".join(texts)), sum(map(len, sources)), len(query))
        found, blocks = content_policy.grounding(policy, "\n".join(texts), sources or [], query)
        _add(verdict, "contextualGroundingPolicy", "filters", found, blocks)
        if found:
            verdict.units["contextualGroundingPolicyUnits"] += _units(" ".join([*texts, *(sources or []), query]))
    text_units.take(verdict.units, now=started)
    verdict.milliseconds = int((time.monotonic() - started) * 1000)
    return verdict


def _check_grounding(answer: int, source: int, query: int) -> None:
    takes = _GROUNDING_SOURCE.get(get_region(), _GROUNDING_SOURCE_ELSEWHERE)
    for what, size, units in (
        ("content to guard", answer, _GROUNDED_ANSWER),
        ("grounding source", source, takes),
        ("query", query, _GROUNDING_QUERY),
    ):
        if size > units * _UNIT:
            raise invalid(
                f"The {what} has {size} characters. Contextual grounding takes {units} text units, {units * _UNIT} "
                "characters."
            )


def _one(record: Json, source: str, text: str, verdict: Verdict) -> None:
    words_policy, sensitive = record.get("WordPolicy"), record.get("SensitiveInformationPolicy") or {}
    result: Any = bedrock_runtime._evaluate_guardrail(record, source, text)
    for policy, kinds in result["assessment"].items():
        for kind, found in kinds.items():
            verdict.assessment.setdefault(policy, {}).setdefault(kind, []).extend(found)
    verdict.blocked = verdict.blocked or result["blocked"]
    verdict.masked = verdict.masked or result["anonymized"]
    verdict.texts.append(result["masked_text"])
    verdict.characters += len(text)
    units = _units(text)
    for policy, kind, judged, counted in (
        (
            "contentPolicy",
            "filters",
            content_policy.content_filters(record.get("ContentPolicy"), source, text),
            "contentPolicyUnits",
        ),
        ("topicPolicy", "topics", content_policy.topics(record.get("TopicPolicy"), source, text), "topicPolicyUnits"),
        ("wordPolicy", "managedWordLists", content_policy.profanity(words_policy, source, text), "wordPolicyUnits"),
    ):
        _add(verdict, policy, kind, *judged)
        if record.get(policy[0].upper() + policy[1:]):
            verdict.units[counted] += units
    if sensitive.get("piiEntitiesConfig"):
        verdict.units["sensitiveInformationPolicyUnits"] += units
    if sensitive.get("regexesConfig"):
        verdict.units["sensitiveInformationPolicyFreeUnits"] += units


def _add(verdict: Verdict, policy: str, kind: str, found: list[Json], blocks: bool) -> None:
    if found:
        verdict.assessment.setdefault(policy, {}).setdefault(kind, []).extend(found)
    verdict.blocked = verdict.blocked or blocks


def _units(text: str) -> int:
    return max(1, -(-len(text) // _UNIT))


def apply(identifier: str, version: str, request: Json) -> Json:
    """Answer ApplyGuardrail for a request that fits the service model.

    Raises:
        AwsError: ResourceNotFoundException, there is no such guardrail or version.
    """
    record = find(identifier, version)
    parts = [block["text"] for block in request["content"] if "text" in block]
    sources = [part["text"] for part in parts if "grounding_source" in (part.get("qualifiers") or [])]
    query = " ".join(part["text"] for part in parts if "query" in (part.get("qualifiers") or []))
    special = {"grounding_source", "query"}
    judged = [
        part["text"]
        for part in parts
        if not special & set(part.get("qualifiers") or []) or "guard_content" in (part.get("qualifiers") or [])
    ]
    verdict = evaluate(record, request["source"], judged, sources, query)
    outputs = []
    if verdict.blocked:
        outputs = [{"text": blocked_message(record, request["source"])}]
    elif verdict.masked or request.get("outputScope") == "FULL":
        outputs = [{"text": text} for text in verdict.texts]
    coverage = {"textCharacters": {"guarded": verdict.characters, "total": sum(len(part["text"]) for part in parts)}}
    return {
        "usage": verdict.units,
        "action": "GUARDRAIL_INTERVENED" if verdict.intervened else "NONE",
        "actionReason": verdict.action_reason(),
        "outputs": outputs,
        "assessments": [{**verdict.assessment, "invocationMetrics": verdict.metrics()}],
        "guardrailCoverage": coverage,
    }
