"""A production environment's first deployment that fails: nothing of it is left, and the next one goes through.

By CloudFormation alone, in this process, from the environment's own templates. Functions do not run, but for what
protects tables: its code does.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from ministack.services.cloudformation import custom_resource, stacks

from lambdas.lifecycle.protection import protect
from sandbox import inventory
from tests.sandbox.teardown_faults import platform
from tests.sandbox.teardown_faults.local_aws import LocalAws

pytestmark = pytest.mark.deployments

PRODUCTION = "production"
PROTECTION = "Custom::QuarryTableProtection"
# Whatever fails after they were made leaves them: API Gateway's account names the role, and forgets nothing by itself.
OF_THE_ACCOUNT = ("RestLoggingRole", "RestAccount")


class Injected:
    """A failure of one resource's creation."""

    def __init__(self) -> None:
        self.at = ""

    def install(self, patch: pytest.MonkeyPatch) -> None:
        provision: Callable[..., Any] = stacks._provision_keeping_seed

        def failing(kind: str, logical_id: str, *more: Any) -> Any:
            if logical_id == self.at:
                raise ValueError("injected")
            return provision(kind, logical_id, *more)

        patch.setattr(stacks, "_provision_keeping_seed", failing)


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as found:
        yield found


@pytest.fixture
def aws(patch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    found = LocalAws()
    put_back = found.keep()
    platform.prepare(found)
    answer = custom_resource.invoke_custom_resource

    def really(request: str, logical_id: str, props: Mapping[str, Any], *more: Any, **named: Any) -> Any:
        if props.get("Action") == "protect_tables" and request != "Delete":
            protect(props["Tables"], dynamodb=found.client("dynamodb"))
        return answer(request, logical_id, props, *more, **named)

    patch.setattr(custom_resource, "invoke_custom_resource", really)
    yield found
    put_back()


def there(aws: LocalAws) -> set[str]:
    """Return all that lives in the account but for what is the account's."""
    found = aws.run(inventory.take)
    every = {f"{service} {one}" for service, names in found.items() for one in names}
    return {one for one in every if not any(kept in one for kept in OF_THE_ACCOUNT)}


def create(aws: LocalAws, stack: str, template: Mapping[str, Any]) -> str:
    """Create a stack, and return its status; one that failed is deleted then."""
    name = f"quarry-{PRODUCTION}-{stack.lower()}"
    platform._upload(aws, template)
    with contextlib.suppress(AssertionError):
        platform.create(aws, name, template)
    (told,) = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    status = str(told["StackStatus"])
    if status != "CREATE_COMPLETE":
        aws.delete_stacks([name])
    return status


def points(template: Mapping[str, Any]) -> list[str]:
    """Return where to fail: half-way, at the last but what protects tables, and at that."""
    resources = template["Resources"]
    ordered = stacks._topological_sort(resources, {})
    protecting = [one for one in ordered if resources[one]["Type"] == PROTECTION]
    others = [one for one in ordered if one not in protecting]
    return [others[len(others) // 2], others[-1], *protecting]


def test_whatever_stack_fails_nothing_is_left_and_the_second_deployment_goes_through(
    aws: LocalAws, patch: pytest.MonkeyPatch
) -> None:
    injected = Injected()
    injected.install(patch)
    kept = 0
    for stack, template in platform._ordered(platform.synthesised(PRODUCTION), platform.ORDER):
        kept += sum("Retain" in str(one.get("DeletionPolicy")) for one in template["Resources"].values())
        # With what the archives of its code are, which stay in any case.
        platform._upload(aws, template)
        before = there(aws)
        for injected.at in points(template):
            assert create(aws, stack, template) == "ROLLBACK_COMPLETE"
            assert there(aws) - before == set(), injected.at
        injected.at = ""
        assert create(aws, stack, template) == "CREATE_COMPLETE"

    assert kept > 10
    tables = [aws.client("dynamodb").describe_table(TableName=name)["Table"] for name in _tables(aws)]
    assert len(tables) == 3
    assert all(table["DeletionProtectionEnabled"] for table in tables)


def test_what_holds_data_stays_when_its_stack_goes(aws: LocalAws) -> None:
    platform.deploy(aws, PRODUCTION)
    tables = _tables(aws)
    aws.delete_stacks([f"quarry-{PRODUCTION}-{name}" for name in ("inference", "knowledge")])

    assert _tables(aws) == tables
    assert all(
        aws.client("dynamodb").describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] for name in tables
    )
    left = there(aws)
    assert sum(one.startswith("s3 buckets/quarry-production-knowledge") for one in left) == 1
    assert any("/aws/vendedlogs/states/quarry-production-knowledge" in one for one in left)


def _tables(aws: LocalAws) -> list[str]:
    names: list[str] = aws.client("dynamodb").list_tables()["TableNames"]
    return sorted(name for name in names if name.startswith(f"quarry-{PRODUCTION}"))
