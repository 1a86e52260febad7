"""What the proofs about the guardrail make of its answers."""

from typing import Any

import pytest

from configuration.config import Config
from configuration.environment_file import load
from quarry.prove import guardrail
from quarry.prove.proof import Verdict
from tests.quarry.prove.test_proofs import account

PARAMETER = {"Parameter": {"Value": "1"}}


def masking(action: str | None) -> Config:
    """Return dev with a policy that does this to addresses, or nothing."""
    config = load("dev")
    pii = {"EMAIL": action} if action else {}
    return config.model_copy(update={"guardrail": config.guardrail.model_copy(update={"pii": pii})})


@pytest.mark.parametrize(
    ("outputs", "verdict"),
    [
        (["Stone is cut in a quarry.", "Write to {EMAIL}."], Verdict.AS_WRITTEN),
        (["Write to {EMAIL}."], Verdict.OTHERWISE),
        (["Write to {EMAIL}.", "Stone is cut in a quarry."], Verdict.OTHERWISE),
        (["Stone is cut in a quarry.", "Write to ann@example.com."], Verdict.OTHERWISE),
        ([], Verdict.OTHERWISE),
    ],
)
def test_outputs_are_held_against_their_texts(outputs: list[str], verdict: Verdict) -> None:
    reply = {"outputs": [{"text": text} for text in outputs]}

    told = guardrail.outputs(
        account({"apply_guardrail": reply, "get_parameter": PARAMETER}, config=masking("anonymize"))
    )

    assert told.verdict is verdict
    assert told.seen.startswith(f"{len(outputs)} outputs")


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({}, Verdict.AS_WRITTEN),
        ({"1": {"sensitiveInformationPolicy": {"piiEntities": [{"match": "ann@example.com"}]}}}, Verdict.OTHERWISE),
    ],
)
def test_a_document_that_is_judged_is_told(found: dict[str, Any], verdict: Verdict) -> None:
    asked: list[dict[str, Any]] = []

    def converse(**arguments: Any) -> dict[str, Any]:
        asked.append(arguments)
        return {"trace": {"guardrail": {"inputAssessment": found}}}

    told = guardrail.documents(account({"converse": converse, "get_parameter": PARAMETER}, config=masking("anonymize")))

    assert told.verdict is verdict
    (call,) = asked
    assert call["guardrailConfig"] == {"guardrailIdentifier": "1", "guardrailVersion": "1", "trace": "enabled"}
    assert b"ann@example.com" in call["messages"][0]["content"][1]["document"]["source"]["bytes"]


@pytest.mark.parametrize("prove", [guardrail.outputs, guardrail.documents])
@pytest.mark.parametrize("action", [None, "block"])
def test_a_policy_that_masks_no_address_cannot_tell(prove: Any, action: str | None) -> None:
    assert prove(account({}, config=masking(action))).verdict is Verdict.NOT_TOLD
