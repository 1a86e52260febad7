"""What no template has is found and goes; what is another environment's, or nobody's, stays as it is."""

import pytest

from lambdas.teardown.inventory import Inventory
from lambdas.teardown.teardown import take_inventory
from sandbox import inventory
from sandbox.deletions import script
from sandbox.tagging import lag
from tests.sandbox.teardown_faults import faults, foreign
from tests.sandbox.teardown_faults.conftest import ENVIRONMENT, OTHER
from tests.sandbox.teardown_faults.local_aws import LocalAws

pytestmark = pytest.mark.teardown


def lines(found: Inventory) -> list[str]:
    return [f"{one.service} {one.type} {one.id}" for one in found.things]


def everything(aws: LocalAws) -> set[str]:
    """Return all that lives in the sandbox, of whomever."""
    found = aws.run(inventory.take)
    return {f"{service} {one}" for service, names in found.items() for one in names}


def test_all_that_is_made_while_the_platform_runs_is_found_and_goes(aws: LocalAws) -> None:
    wanted = foreign.make_all(aws, ENVIRONMENT)
    found = take_inventory(faults.environment(aws))

    assert found.unseen == ()
    there = lines(found)
    assert [one for one in wanted if not any(line.startswith(one) for line in there)] == []
    verdict = faults.run(aws)
    assert verdict.is_zero, verdict.shown()
    assert faults.left(aws) == []
    assert verdict.usd_per_hour_left == 0
    assert len(verdict.deleted) == len(verdict.found)


def test_the_other_environment_and_strangers_are_not_touched(aws: LocalAws) -> None:
    foreign.make_all(aws, OTHER, has_studio=False)
    before = everything(aws)
    gone = faults.run(aws)
    after = everything(aws)

    assert gone.is_zero
    assert faults.left(aws) == []
    mine = {one for one in before if f"quarry-{ENVIRONMENT}-" in one or f"quarry/{ENVIRONMENT}/" in one}
    assert not [one for one in before - mine - after if OTHER in one and ENVIRONMENT not in one]
    assert [one for one in before if "orders" in one or "backup" in one or f"{ENVIRONMENT}-2" in one] == [
        one for one in before if ("orders" in one or "backup" in one or f"{ENVIRONMENT}-2" in one) and one in after
    ]
    assert {thing.key for thing in take_inventory(faults.environment(aws, OTHER)).things}


def test_the_one_whose_name_the_other_begins_with_goes_alone_too(aws: LocalAws) -> None:
    kept = {thing.key for thing in take_inventory(faults.environment(aws)).things}
    gone = faults.run(aws, name=OTHER)

    assert gone.is_zero
    assert not kept & {thing.key for thing in gone.found}
    assert {thing.key for thing in take_inventory(faults.environment(aws)).things} == kept
    assert take_inventory(faults.environment(aws, OTHER)).things == []


def test_twice_does_no_harm_and_finds_nothing(aws: LocalAws) -> None:
    faults.run(aws)
    again = faults.run(aws)

    assert (again.found, again.left, again.is_zero) == ((), (), True)


def test_what_a_forced_deletion_leaves_is_found_by_what_cloudformation_remembers(aws: LocalAws) -> None:
    cloudformation = aws.client("cloudformation")
    name = f"quarry-{ENVIRONMENT}-knowledge"
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    script.replace([script.Step(resource="*", stack=name, do="deny")])
    for mode in ("STANDARD", "FORCE_DELETE_STACK"):
        cloudformation.delete_stack(StackName=name, DeletionMode=mode)
        aws.settle(stack["StackId"])
    aws.forget()
    left = [thing for thing in take_inventory(faults.environment(aws)).things if thing.origin == "left over"]

    assert len(left) > 20
    assert {"table", "role"} - {thing.type for thing in left} == {"table"}
    verdict = faults.run(aws)
    assert verdict.is_zero, verdict.shown()
    assert faults.left(aws) == []


def test_a_tagging_api_that_is_late_neither_hides_nor_makes_up_anything(aws: LocalAws) -> None:
    aws.run(lag.hold)
    tags = {"quarry:environment": ENVIRONMENT}
    aws.client("apigateway").create_api_key(name=f"quarry-{ENVIRONMENT}-late", tags=tags)
    verdict = faults.run(aws)

    assert verdict.is_zero, verdict.shown()
    assert "api-key" in {thing.type for thing in verdict.deleted}
    assert faults.left(aws) == []
    assert take_inventory(faults.environment(aws)).things == []


def test_a_list_that_is_denied_makes_the_verdict_unknown_and_never_nothing(aws: LocalAws) -> None:
    aws.denied_lists = {"ListProvisionedModelThroughputs", "DescribeLogGroups"}
    verdict = faults.run(aws)

    assert not verdict.is_zero
    assert {"bedrock provisioned-throughput", "logs log-group"} <= {one.what for one in verdict.unseen}
    aws.forget()
    assert faults.run(aws).is_zero


def test_termination_protection_is_told_with_what_to_do(aws: LocalAws) -> None:
    cloudformation = aws.client("cloudformation")
    name = f"quarry-{ENVIRONMENT}-prompts"
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=True)
    verdict = faults.run(aws)

    told = next(one for one in verdict.shown()["left"] if one["id"] == name)
    assert "TerminationProtection" in told["why"]
    assert "protection off" in told["do"]
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    assert faults.run(aws).is_zero
