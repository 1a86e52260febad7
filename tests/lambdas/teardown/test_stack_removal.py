from collections.abc import Callable
from typing import Any

import pytest

from lambdas.teardown.asking import Asking
from lambdas.teardown.stack import Stack
from lambdas.teardown.stack_removal import ATTEMPTS, StackRemoval, key_of
from tests.lambdas.teardown.account import FakeCloudFormation, FakeStack, Hourglass, Nothing, account, refusal

TABLE = ("Table", "AWS::DynamoDB::Table", "quarry-dev-inference-Table")
PARAMETER = ("Id", "AWS::SSM::Parameter", "/quarry/dev/guardrail/id")


def remove(
    cloudformation: FakeCloudFormation,
    *,
    spared: frozenset[str] = frozenset(),
    seconds: float = 3600.0,
    **services: Any,
) -> Asking:
    time = Hourglass(seconds)
    aws = account(cloudformation, **services)
    asking = Asking(aws=aws, left=time.left, sleep=time.sleep, tell=lambda _text: None, retained=lambda _one: False)
    StackRemoval(asking, spared=spared).run()
    return asking


def failing(*logical_ids: str, times: int = 1000, stack: Callable[[], FakeStack]) -> Callable[[dict[str, Any]], None]:
    """Return what lets these resources fail so often, as long as they are in the stack."""
    count = 0

    def on_delete(told: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        left = [one for one in stack().resources if one["LogicalResourceId"] in logical_ids]
        if not left or count > times:
            told["StackStatus"] = "DELETE_COMPLETE"
            return
        told["StackStatus"] = "DELETE_FAILED"
        stack().resources = left
        for one in left:
            one.update(ResourceStatus="DELETE_FAILED", ResourceStatusReason="it is in use")

    return on_delete


def test_who_reads_a_parameter_goes_before_who_writes_it() -> None:
    aws = FakeCloudFormation(
        FakeStack("quarry-dev-guardrails", PARAMETER),
        FakeStack("quarry-dev-inference", ("Url", "AWS::SSM::Parameter", "/base-url"), reads=(PARAMETER[2],)),
        FakeStack("quarry-dev-studio", reads=("/base-url", "/cdk-bootstrap/version")),
    )
    remove(aws)

    assert [name for name, _ in aws.deleted] == ["quarry-dev-studio", "quarry-dev-inference", "quarry-dev-guardrails"]


def test_stacks_of_others_are_left_alone() -> None:
    others = (
        "quarry-dev-2-inference",
        "quarry-development-inference",
        "quarry-dev-orders",
        "CDKToolkit",
        "orders",
        "quarry-dev-",
    )
    aws = FakeCloudFormation(FakeStack("quarry-dev-prompts"), *(FakeStack(name) for name in others))
    remove(aws, spared=frozenset({"quarry-dev-expiry"}))

    assert [name for name, _ in aws.deleted] == ["quarry-dev-prompts"]


def test_the_stack_that_ends_the_environment_by_itself_goes_last() -> None:
    aws = FakeCloudFormation(FakeStack("quarry-dev-foundation"), FakeStack("quarry-dev-prompts"))
    remove(aws)

    assert [name for name, _ in aws.deleted] == ["quarry-dev-prompts", "quarry-dev-foundation"]


def test_who_is_spared_stays() -> None:
    aws = FakeCloudFormation(FakeStack("quarry-dev-foundation"), FakeStack("quarry-dev-prompts"))
    remove(aws, spared=frozenset({"quarry-dev-foundation"}))

    assert [name for name, _ in aws.deleted] == ["quarry-dev-prompts"]


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "CREATE_IN_PROGRESS"])
def test_what_goes_on_is_waited_for(status: str) -> None:
    aws = FakeCloudFormation(FakeStack("quarry-dev-prompts", status=status))
    asking = remove(aws, seconds=60.0)

    assert aws.deleted == []
    assert asking.left() < 0


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "CREATE_FAILED"])
def test_what_was_never_finished_goes(status: str) -> None:
    aws = FakeCloudFormation(FakeStack("quarry-dev-prompts", status=status))
    remove(aws)

    assert aws.deleted == [("quarry-dev-prompts", [])]


def test_what_failed_once_is_asked_again() -> None:
    stack: FakeStack = FakeStack(
        "quarry-dev-knowledge",
        ("Rule", "AWS::Events::Rule", "r"),
        on_delete=failing("Rule", times=1, stack=lambda: stack),
    )
    aws = FakeCloudFormation(stack)
    events = Nothing()
    events.answers = {"list_targets_by_rule": {"Targets": []}}
    remove(aws, events=events)

    assert [name for name, _ in aws.deleted] == ["quarry-dev-knowledge"] * 2
    assert ("delete_rule", {"Name": "r"}) in events.asked


def test_what_is_gone_already_is_passed_over() -> None:
    stack: FakeStack = FakeStack("quarry-dev-inference", TABLE, on_delete=failing("Table", stack=lambda: stack))
    aws = FakeCloudFormation(stack)
    dynamodb = Nothing()
    dynamodb.refuses = {"describe_table": refusal("ResourceNotFoundException")}
    remove(aws, dynamodb=dynamodb)

    assert aws.deleted == [("quarry-dev-inference", []), ("quarry-dev-inference", ["Table"])]


def test_a_custom_resource_that_fails_twice_is_passed_over() -> None:
    stack: FakeStack = FakeStack(
        "quarry-dev-studio",
        ("Empty", "Custom::QuarryEmptyBucket", "e"),
        on_delete=failing("Empty", stack=lambda: stack),
    )
    aws = FakeCloudFormation(stack)
    remove(aws)

    assert [passed for _, passed in aws.deleted] == [[], [], ["Empty"]]


def test_what_never_goes_is_given_up_with_its_reason() -> None:
    stack: FakeStack = FakeStack("quarry-dev-inference", TABLE, on_delete=failing("Table", stack=lambda: stack))
    aws = FakeCloudFormation(stack)
    dynamodb = Nothing()
    dynamodb.answers = {"describe_table": {"Table": {"TableStatus": "ACTIVE"}}}
    dynamodb.refuses = {"delete_table": refusal("AccessDeniedException", "no")}
    asking = remove(aws, dynamodb=dynamodb)

    assert len(aws.deleted) == ATTEMPTS + 1
    told = asking.progress.why[key_of(Stack(name="quarry-dev-inference", id="", status="", aws=asking.aws))]
    assert "Table (AWS::DynamoDB::Table quarry-dev-inference-Table): it is in use" in told
    assert "no" in asking.progress.why["dynamodb", "table", TABLE[2]]


def test_a_stack_that_cannot_be_deleted_does_not_keep_what_it_stands_on() -> None:
    protected = FakeStack("quarry-dev-inference", reads=(PARAMETER[2],))

    def refuse(_told: dict[str, Any]) -> None:
        raise refusal("ValidationError", "Stack cannot be deleted while TerminationProtection is enabled")

    protected.on_delete = refuse
    aws = FakeCloudFormation(protected, FakeStack("quarry-dev-guardrails", PARAMETER))
    asking = remove(aws)

    assert aws.deleted[-1] == ("quarry-dev-guardrails", [])
    assert "TerminationProtection" in asking.progress.why["cloudformation", "stack", "quarry-dev-inference"]


def test_stacks_that_cannot_be_listed_are_told() -> None:
    aws = FakeCloudFormation()
    aws.refuses = {"list_stacks": refusal("AccessDenied", "no", "ListStacks")}
    asking = remove(aws)

    assert "ListStacks" in asking.progress.why["cloudformation", "stack", "all"]
