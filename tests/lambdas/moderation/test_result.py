"""A guardrail's findings in OpenAI's shape."""

import json
from typing import Any

import msgspec
import pytest

from lambdas.moderation.result import CATEGORIES, result


def content(kind: str, confidence: str, action: str = "BLOCKED", **members: Any) -> dict[str, Any]:
    return {"contentPolicy": {"filters": [{"type": kind, "confidence": confidence, "action": action, **members}]}}


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("INSULTS", "harassment"),
        ("HATE", "hate"),
        ("MISCONDUCT", "illicit"),
        ("SEXUAL", "sexual"),
        ("VIOLENCE", "violence"),
    ],
)
def test_five_filters_have_a_category(kind: str, category: str) -> None:
    found = result([content(kind, "MEDIUM")])

    assert found.flagged
    assert [name for name, is_so in found.categories.items() if is_so] == [category]
    assert found.category_scores[category] == 0.6
    assert sum(found.category_scores.values()) == 0.6
    assert found.category_applied_input_types[category] == ["text"]
    assert found.quarry.blocked_by == [f"contentPolicy.{kind}"]


def test_what_is_not_found_is_told_of_all_categories() -> None:
    found = result([{}, content("HATE", "NONE", "NONE", detected=False)])

    assert not found.flagged
    assert set(found.categories) == set(found.category_scores) == set(CATEGORIES)
    assert not any(found.categories.values())
    assert found.category_applied_input_types["self-harm"] == []


def test_what_is_seen_and_let_through_is_flagged_as_openai_does() -> None:
    found = result([content("HATE", "LOW", "NONE", detected=True)])

    assert (found.flagged, found.categories["hate"], found.category_scores["hate"]) == (True, True, 0.3)
    assert found.quarry.blocked_by == []


def test_of_a_text_in_parts_the_worst_counts() -> None:
    found = result([content("HATE", "LOW"), content("HATE", "HIGH"), content("HATE", "MEDIUM")])

    assert found.category_scores["hate"] == 0.9
    assert found.quarry.blocked_by == ["contentPolicy.HATE"]


def test_what_has_no_category_is_named_and_never_told() -> None:
    found = result(
        [
            content("PROMPT_ATTACK", "HIGH"),
            {"topicPolicy": {"topics": [{"name": "Betting", "type": "DENY", "action": "BLOCKED"}]}},
            {
                "wordPolicy": {
                    "customWords": [{"match": "nightshade", "action": "BLOCKED"}],
                    "managedWordLists": [{"match": "damn", "type": "PROFANITY", "action": "BLOCKED"}],
                }
            },
            {
                "sensitiveInformationPolicy": {
                    "piiEntities": [
                        {"type": "EMAIL", "match": "ann@example.com", "action": "ANONYMIZED"},
                        {"type": "PASSWORD", "match": "hunter2", "action": "BLOCKED"},
                    ],
                    "regexes": [{"name": "key", "match": "qk-1", "regex": "qk", "action": "BLOCKED"}],
                }
            },
        ]
    )

    assert found.flagged
    assert not any(found.categories.values())
    assert found.quarry.blocked_by == [
        "contentPolicy.PROMPT_ATTACK",
        "topicPolicy.Betting",
        "wordPolicy.customWords",
        "wordPolicy.PROFANITY",
        "sensitiveInformationPolicy.PASSWORD",
        "sensitiveInformationPolicy.key",
    ]
    assert found.quarry.masked == ["sensitiveInformationPolicy.EMAIL"]
    told = json.dumps(msgspec.to_builtins(found))
    assert not any(text in told for text in ("nightshade", "damn", "ann@", "hunter2", "qk-1"))


def test_what_is_only_masked_is_not_flagged() -> None:
    found = result([{"sensitiveInformationPolicy": {"piiEntities": [{"type": "EMAIL", "action": "ANONYMIZED"}]}}])

    assert not found.flagged
