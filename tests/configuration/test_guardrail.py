"""The policy's fingerprint, on which a new version depends, and its limits."""

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from configuration.environment_file import PROJECT
from configuration.guardrail import GuardrailPolicy

DOCUMENT = yaml.safe_load((PROJECT / "guardrails" / "default.yaml").read_text(encoding="utf-8"))


def policy(**changes: Any) -> GuardrailPolicy:
    return GuardrailPolicy.model_validate({**DOCUMENT, **changes})


def test_the_same_policy_has_the_same_fingerprint() -> None:
    assert policy().fingerprint() == policy().fingerprint()


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt_attack": "low"},
        {"words": {"blocked": ["other"]}},
        {"pii": {}},
        {"messages": {"blocked_prompt": "No.", "blocked_answer": "No."}},
        {"patterns": []},
        {"grounding": {"grounding": 0.7, "relevance": 0.5}},
    ],
)
def test_any_change_changes_the_fingerprint(changes: dict[str, Any]) -> None:
    assert policy(**changes).fingerprint() != policy().fingerprint()


def test_a_part_that_a_policy_does_not_have_changes_nothing() -> None:
    # Else every policy would get a new version whenever policies can say something more.
    assert policy(grounding=None).fingerprint() == policy().fingerprint()
    assert "grounding" not in policy().model_dump_json(exclude_none=True)


PATTERN = {"name": "p", "description": "d", "regex": "x", "action": "block"}


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt_attack": "maximal"},
        {"words": {"blocked": ["x" * 101]}},
        {"pii": {"SHOE_SIZE": "block"}},
        {"messages": {"blocked_prompt": "", "blocked_answer": "No."}},
        {"patterns": [PATTERN, PATTERN]},
        {"content": {}},
        {"grounding": {"grounding": 1, "relevance": 0.5}},
        {"grounding": {"grounding": 0.7}},
    ],
)
def test_what_aws_would_refuse_is_refused_here(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        policy(**changes)
