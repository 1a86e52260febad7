"""What passed before may be rolled back to: a failing check must not make a failed update worse."""

from collections.abc import Callable
from typing import Any

import pytest

from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.passed import PassedInParameter, fingerprint
from lambdas.model_access.verdicts import Finding
from tests.lambdas.model_access.deploying import FORM, READY, Unwritable, broken, deploy, finds
from tests.lambdas.model_access.fakes import FakeParameters


def properties(participants: int) -> dict[str, Any]:
    return {
        "ServiceToken": f"arn:function:{participants}",
        "Mode": "fail",
        "Candidates": "[]",
        "Participants": str(participants),
    }


@pytest.mark.parametrize("at_rollback", [finds(FORM), broken])
def test_a_rollback_to_what_passed_last_does_not_fail(
    at_rollback: Callable[[list[CheckedCandidate]], list[Finding]], caplog: pytest.LogCaptureFixture
) -> None:
    parameters = FakeParameters()
    before, after = properties(1), properties(2)

    created = deploy(finds(READY), parameters=parameters, ResourceProperties=before)
    updated = deploy(finds(FORM), parameters=parameters, request="Update", ResourceProperties=after)
    rolled_back = deploy(at_rollback, parameters=parameters, request="Update", ResourceProperties=before)

    assert [one["Status"] for one in (created, updated, rolled_back)] == ["SUCCESS", "FAILED", "SUCCESS"]
    assert rolled_back["Data"]["Summary"] != "smart: ready"
    assert any(one.levelname == "WARNING" and "have passed before" in one.message for one in caplog.records)


def test_a_create_fails_even_with_properties_that_passed() -> None:
    parameters = FakeParameters()
    deploy(finds(READY), parameters=parameters, ResourceProperties=properties(1))

    again = deploy(finds(FORM), parameters=parameters, ResourceProperties=properties(1))

    assert again["Status"] == "FAILED"


@pytest.mark.parametrize(("later", "status"), [(60, "SUCCESS"), (7200, "FAILED")])
def test_an_update_that_fails_after_the_check_has_passed_rolls_back_too(later: float, status: str) -> None:
    parameters = FakeParameters()
    deploy(finds(READY), parameters=parameters, ResourceProperties=properties(1))
    deploy(finds(READY), parameters=parameters, now=9000, request="Update", ResourceProperties=properties(2))

    back = deploy(
        finds(FORM), parameters=parameters, now=9000 + later, request="Update", ResourceProperties=properties(1)
    )

    assert back["Status"] == status


def test_what_only_the_mode_warn_let_pass_may_be_rolled_back_to() -> None:
    parameters = FakeParameters()
    lax = {**properties(1), "Mode": "warn"}
    deploy(finds(FORM), parameters=parameters, ResourceProperties=lax)

    failed = deploy(finds(FORM), parameters=parameters, request="Update", ResourceProperties=properties(1))
    rolled_back = deploy(finds(FORM), parameters=parameters, request="Update", ResourceProperties=lax)

    assert [one["Status"] for one in (failed, rolled_back)] == ["FAILED", "SUCCESS"]


@pytest.mark.parametrize(("finding", "status"), [(READY, "SUCCESS"), (FORM, "FAILED")])
def test_a_memory_that_cannot_be_used_changes_no_answer(finding: Finding, status: str) -> None:
    answer = deploy(finds(finding), parameters=Unwritable(readable=False), request="Update")

    assert answer["Status"] == status


@pytest.mark.parametrize("value", ["{", "[]", '{"aliases":{},"passed":[1]}', '{"aliases":{},"passed":[["a","b"]]}'])
def test_a_parameter_that_holds_something_else_has_passed_nothing_and_is_mended(value: str) -> None:
    client = FakeParameters(value)
    passed = PassedInParameter(client, "p")

    assert not passed.has({"Mode": "fail"})
    passed.add({"Mode": "fail"})
    assert passed.has({"Mode": "fail"})


def test_a_fingerprint_is_of_what_is_checked() -> None:
    asked = {"Mode": "fail", "Participants": "1"}

    assert fingerprint({"ServiceToken": "a", **asked}) == fingerprint({**asked, "ServiceTimeout": "180"})
    assert fingerprint(asked) != fingerprint({**asked, "Participants": "2"})
