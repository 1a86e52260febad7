"""A stack that could not be deleted has all that deleting it again needs."""

from typing import Any

import pytest
from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners

from sandbox import kept_dependencies
from tests.sandbox.resources import engine

KIND = "Custom::Obstinate"
TEMPLATE: dict[str, Any] = {
    "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/log"}},
    # Needed by way of another: the log group is not named by what fails.
    "Parameter": {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "/p", "Type": "String", "Value": {"Ref": "Log"}},
    },
    "Obstinate": {"Type": KIND, "Properties": {"Of": {"Ref": "Parameter"}}},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Other": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/q", "Type": "String", "Value": {"Ref": "Topic"}}},
}


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Whether the custom resource refuses to be deleted, which a test may change."""
    kept_dependencies.install()
    state = {"refuses": True}

    def delete(*_: Any) -> None:
        if state["refuses"]:
            raise ValueError("the bucket cannot be emptied")

    handlers: dict[str, Any] = {"create": lambda *_: ("obstinate", {}), "delete": delete}
    monkeypatch.setitem(provisioners._RESOURCE_HANDLERS, KIND, handlers)
    return state


def left() -> set[str]:
    return set(cloudformation._stacks[engine.STACK]["_resources"])


def test_what_failed_keeps_what_it_needs_and_the_next_deletion_goes_on_from_there(refusing: dict[str, bool]) -> None:
    assert engine.deploy(TEMPLATE) == "CREATE_COMPLETE"

    assert [engine.destroy(), engine.destroy()] == ["DELETE_FAILED", "DELETE_FAILED"]
    assert left() == {"Obstinate", "Parameter", "Log"}
    assert engine.reasons()[:2] == [
        "the bucket cannot be emptied",
        "kept: Obstinate, which could not be deleted, still needs it",
    ]

    refusing["refuses"] = False
    assert engine.destroy() == "DELETE_COMPLETE"
