"""Deletions of stacks fail by script, and what they leave is remembered."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import cloudformation, sqs

from sandbox import deletions, kept_dependencies
from sandbox.deletions import control, script
from sandbox.resources import register
from tests.sandbox.resources import engine

QUEUES: dict[str, Any] = {
    "One": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "one"}},
    "Two": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "two"}, "DependsOn": "One"},
}


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    register()
    kept_dependencies.install()
    deletions.install()
    yield
    control.forget()
    cloudformation.reset()
    sqs.reset()


def statuses(stack: str = engine.STACK) -> dict[str, str]:
    return {name: one["ResourceStatus"] for name, one in cloudformation._stacks[stack]["_resources"].items()}


def stack_id() -> str:
    return str(cloudformation._stacks[engine.STACK]["StackId"])


@pytest.mark.parametrize("do", ["fail", "deny", "in_use"])
def test_what_a_step_says_fails_so_often(do: str) -> None:
    engine.deploy(QUEUES)
    script.replace(script.parse([{"resource": "T*", "do": do, "times": 1}]))

    assert engine.destroy() == "DELETE_FAILED"
    assert script.REASONS[do] in engine.reasons()
    # The one that it depends on did not fail itself.
    assert statuses() == {"One": "CREATE_COMPLETE", "Two": "DELETE_FAILED"}
    assert engine.destroy() == "DELETE_COMPLETE"


def test_a_stack_that_a_step_does_not_name_goes() -> None:
    engine.deploy(QUEUES)
    script.replace(script.parse([{"resource": "*", "stack": "another", "do": "deny"}]))

    assert engine.destroy() == "DELETE_COMPLETE"


def test_a_deleted_stack_is_remembered_by_its_id_and_its_name_is_free() -> None:
    engine.deploy(QUEUES)
    first = stack_id()
    engine.destroy()
    engine.deploy(QUEUES)
    listed = cloudformation._stacks.values()

    assert {(one["StackId"], one["StackStatus"]) for one in list(listed)} == {
        (first, "DELETE_COMPLETE"),
        (stack_id(), "CREATE_COMPLETE"),
    }
    assert statuses(first) == {}


def test_what_was_passed_over_is_remembered_with_the_stack() -> None:
    engine.deploy(QUEUES)
    first = stack_id()
    script.replace(script.parse([{"resource": "Two", "do": "deny"}]))
    engine.destroy()
    engine._request("DeleteStack", engine.STACK, **{"RetainResources.member.1": "Two"})

    assert statuses(first) == {"Two": "DELETE_SKIPPED"}


def test_a_deletion_that_hangs_goes_on_when_the_script_changes() -> None:
    engine.deploy(QUEUES)
    script.replace(script.parse([{"resource": "One", "do": "hang"}]))
    assert script.hangs(engine.STACK, ["One", "Two"])
    seen: list[str] = []

    def look(stack: str, resources: list[str]) -> bool:
        seen.append(str(cloudformation._stacks[stack]["StackStatus"]))
        return len(seen) < 3

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script, "hangs", look)
        assert engine.destroy() == "DELETE_COMPLETE"
    assert seen[-1] == "DELETE_IN_PROGRESS"


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({}, "a list of steps"),
        ([{}], "'resource', a glob"),
        ([{"resource": "A", "do": "explode"}], "'do' is one of fail, deny, in_use, hang, got 'explode'"),
        ([{"resource": "A", "do": "fail", "when": 1}], "unknown when"),
        ([{"resource": "A", "do": "fail", "times": 0}], "a whole number from 1"),
        ([{"resource": "A", "do": "fail", "stack": 1}], "a glob of a stack's name"),
    ],
)
def test_a_step_that_is_wrong_is_told(document: Any, says: str) -> None:
    status, _, reply = asyncio.run(control.handler("PUT", control.PREFIX, json.dumps(document).encode(), {}))

    assert status == 400
    assert says in reply.decode()


def test_the_script_is_shown_and_forgotten() -> None:
    def send(method: str, body: bytes = b"") -> tuple[int, Any]:
        status, _, reply = asyncio.run(control.handler(method, control.PREFIX, body, {}))
        return status, json.loads(reply) if reply else None

    assert send("PUT", b'[{"resource": "A", "do": "deny"}]')[0] == 200
    assert send("GET")[1][0]["used"] == 0
    assert send("DELETE") == (204, None)
    assert send("GET") == (200, [])
    assert send("POST")[0] == 405
