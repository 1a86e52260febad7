"""What a guardrail found, in the shape of OpenAI's moderations. Source: OpenAI's API reference, "Moderations".

Bedrock's content filters judge five of OpenAI's thirteen categories. Of the others it says nothing: they are false,
with a score of 0, whatever a text says. What else has stopped a text (a word, a topic, personal data, an attack on the
prompt) has no category of OpenAI's: ``flagged`` is true and ``quarry.blocked_by`` names it, never the text.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

CATEGORIES: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
# A content filter -> the category that means the same.
_JUDGED: Final = {
    "INSULTS": "harassment",
    "HATE": "hate",
    "MISCONDUCT": "illicit",
    "SEXUAL": "sexual",
    "VIOLENCE": "violence",
}
# Bedrock's confidence in words -> a score.
SCORES: Final = {"NONE": 0.0, "LOW": 0.3, "MEDIUM": 0.6, "HIGH": 0.9}
# Policy -> its findings -> the member that names one; of what matched, the text itself is never told.
_NAMED: Final = (
    ("topicPolicy", "topics", "name"),
    ("contentPolicy", "filters", "type"),
    ("wordPolicy", "customWords", None),
    ("wordPolicy", "managedWordLists", "type"),
    ("sensitiveInformationPolicy", "piiEntities", "type"),
    ("sensitiveInformationPolicy", "regexes", "name"),
)


class Findings(Struct, frozen=True):
    """What OpenAI's shape has no place for.

    Attributes:
        blocked_by: what stops the text, as ``contentPolicy.HATE`` or ``topicPolicy.<topic>``.
        masked: what would be masked in it, and lets it through, as ``sensitiveInformationPolicy.EMAIL``.
    """

    blocked_by: list[str]
    masked: list[str]


class ModerationResult(Struct, frozen=True, kw_only=True):
    """What was found in one text. ``categories`` and their scores are OpenAI's thirteen."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[str]]
    quarry: Findings


class Moderation(Struct, frozen=True, kw_only=True):
    """What was found, in the order of the texts."""

    id: str
    model: str
    results: list[ModerationResult]


def result(assessments: Sequence[Mapping[str, Any]]) -> ModerationResult:
    """Return the result of a text, of whose parts ``assessments`` are."""
    detected: set[str] = set()
    scores = dict.fromkeys(CATEGORIES, 0.0)
    blocked: dict[str, None] = {}
    masked: dict[str, None] = {}
    for name, found in _findings(assessments):
        category = _JUDGED.get(str(found.get("type"))) if name.startswith("contentPolicy.") else None
        if category is not None:
            scores[category] = max(scores[category], SCORES.get(found.get("confidence", "NONE"), 0.0))
        # Where nothing is done about it, Bedrock tells what it has seen.
        action = found.get("action", "NONE")
        if category is not None and (action == "BLOCKED" or found.get("detected")):
            detected.add(category)
        if action == "BLOCKED":
            blocked[name] = None
        elif action == "ANONYMIZED":
            masked[name] = None
    return ModerationResult(
        flagged=bool(blocked or detected),
        categories={name: name in detected for name in CATEGORIES},
        category_scores=scores,
        category_applied_input_types={name: ["text"] if name in _JUDGED.values() else [] for name in CATEGORIES},
        quarry=Findings(list(blocked), list(masked)),
    )


def _findings(assessments: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield everything that was found, by name."""
    for assessment in assessments:
        for policy, kind, member in _NAMED:
            for found in assessment.get(policy, {}).get(kind, ()):
                yield f"{policy}.{found.get(member) if member else kind}", found
