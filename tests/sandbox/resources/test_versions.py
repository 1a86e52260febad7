"""Versions of guardrails and prompts: as many as AWS lets there be, numbered once, and listed."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.quotas import applied
from sandbox.quotas.catalogue import GUARDRAIL_VERSIONS, PROMPT_VERSIONS
from sandbox.resources.service_api import ApiError, call
from tests.sandbox.resources import engine
from tests.sandbox.resources.examples import Template, guardrail

PROMPT = {"name": "p", "variants": [], "description": "d"}


def made_guardrail() -> str:
    given = guardrail()
    request = {
        "name": given["Name"],
        "blockedInputMessaging": "no",
        "blockedOutputsMessaging": "no",
        "wordPolicyConfig": {"wordsConfig": [{"text": "quartz"}]},
    }
    return str(call("bedrock", "CreateGuardrail", request)["guardrailId"])


def version(guardrail_id: str, description: str = "v") -> str:
    request = {"guardrailIdentifier": guardrail_id, "description": description}
    return str(call("bedrock", "CreateGuardrailVersion", request)["version"])


def listed(guardrail_id: str) -> list[tuple[str, str]]:
    found = call("bedrock", "ListGuardrails", {"guardrailIdentifier": guardrail_id})["guardrails"]
    return [(one["version"], one.get("description", "")) for one in found]


def test_a_guardrail_has_twenty_versions_and_no_more() -> None:
    guardrail_id = made_guardrail()
    for _ in range(20):
        version(guardrail_id)

    with pytest.raises(ApiError, match=r"limit of 20 \(L-D471AEAB\)") as refusal:
        version(guardrail_id)

    assert refusal.value.code == "ServiceQuotaExceededException"
    call("bedrock", "DeleteGuardrail", {"guardrailIdentifier": guardrail_id, "guardrailVersion": "3"})
    assert version(guardrail_id) == "21"


def test_a_prompt_has_ten_versions_and_no_more() -> None:
    prompt = call("bedrock-agent", "CreatePrompt", PROMPT)["id"]
    for _ in range(10):
        call("bedrock-agent", "CreatePromptVersion", {"promptIdentifier": prompt})

    with pytest.raises(ApiError, match=r"limit of 10 \(L-FBBE47CA\)"):
        call("bedrock-agent", "CreatePromptVersion", {"promptIdentifier": prompt})


def test_neither_quota_can_be_raised_with_aws_but_a_test_may() -> None:
    assert not GUARDRAIL_VERSIONS.adjustable
    assert not PROMPT_VERSIONS.adjustable
    applied.replace({GUARDRAIL_VERSIONS.code: 1})
    try:
        guardrail_id = made_guardrail()
        version(guardrail_id)
        with pytest.raises(ApiError, match="limit of 1 "):
            version(guardrail_id)
    finally:
        applied.replace({})


def test_the_number_of_a_deleted_version_is_not_given_again() -> None:
    guardrail_id = made_guardrail()
    assert [version(guardrail_id), version(guardrail_id)] == ["1", "2"]
    call("bedrock", "DeleteGuardrail", {"guardrailIdentifier": guardrail_id, "guardrailVersion": "2"})

    assert version(guardrail_id) == "3"


def test_the_list_of_one_guardrail_has_its_draft_and_its_versions_with_what_they_were_called() -> None:
    guardrail_id = made_guardrail()
    version(guardrail_id, "Policy a")
    version(guardrail_id, "Policy b")

    assert listed(guardrail_id) == [("DRAFT", ""), ("2", "Policy b"), ("1", "Policy a")]
    every = call("bedrock", "ListGuardrails", {})["guardrails"]
    assert [one["version"] for one in every] == ["DRAFT"]
    with pytest.raises(ApiError, match="not found"):
        listed("absent")


def test_a_stacks_twenty_first_version_fails_its_deployment() -> None:
    def template(number: int) -> Template:
        id_ = {"Fn::GetAtt": ["Guardrail", "GuardrailId"]}
        made: dict[str, Any] = {
            "Type": "AWS::Bedrock::GuardrailVersion",
            "Properties": {"GuardrailIdentifier": id_, "Description": f"Policy {number}"},
            "DeletionPolicy": "Retain",
        }
        return {
            "Guardrail": {"Type": "AWS::Bedrock::Guardrail", "Properties": guardrail()},
            f"Version{number}": made,
        }

    ends = [engine.deploy(template(number)) for number in range(21)]

    assert ends[19] == "UPDATE_COMPLETE"
    assert ends[20] == "UPDATE_ROLLBACK_COMPLETE"
    assert "ServiceQuotaExceeded" in engine.reasons()[0]
