"""The custom resource that fixes the end: at the first deploy, at a later one, and when the stack goes."""

from typing import Any

import pytest

from lambdas.common import aws
from lambdas.expiry import custom_resources
from lambdas.expiry.end import EndStore
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.expiry.conftest import TABLE
from tests.lambdas.expiry.fakes import FakeScheduler
from tests.lambdas.expiry.test_schedules import GROUP_ARN, KEEPER, MACHINE

PROPERTIES = {
    "Action": "set_end",
    "Table": TABLE,
    "ExpiresAfter": "14d",
    "Group": "quarry-dev",
    "GroupArn": GROUP_ARN,
    "MachineArn": MACHINE,
    "KeeperArn": KEEPER,
    "RoleArn": "arn:aws:iam::000000000000:role/scheduler",
}


@pytest.fixture(autouse=True)
def scheduler(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> FakeScheduler:
    made = FakeScheduler()
    clients = {"dynamodb": dynamodb, "scheduler": made}
    monkeypatch.setattr(aws, "client", lambda name, **_: clients[name])
    return made


def ask(request: str, **changes: Any) -> FakeCloudFormation:
    cloudformation = FakeCloudFormation()
    former = {"OldResourceProperties": PROPERTIES} if request == "Update" else {}
    event = asked(request, {**PROPERTIES, **changes}, **former)
    custom_resources.lambda_handler(event, Context(600), send=cloudformation)
    return cloudformation


def test_it_comes_stays_where_it_is_and_goes(store: EndStore, scheduler: FakeScheduler) -> None:
    assert ask("Create").answer["Status"] == "SUCCESS"
    first = store.get()
    assert set(scheduler.schedules) == {"end", "warn-24h", "warn-1h"}
    store.extend(3_600)

    assert ask("Update").answer["Status"] == "SUCCESS"
    after = store.get()
    assert first is not None
    assert after is not None
    assert after.ends_at == first.ends_at + 3_600

    assert ask("Delete").answer["Status"] == "SUCCESS"
    assert store.get() is None
    assert scheduler.schedules == {}


def test_what_is_past_fails_the_deployment_with_what_to_do(scheduler: FakeScheduler) -> None:
    answer = ask("Create", ExpiresAfter="2020-01-01T00:00:00+00:00").answer

    assert answer["Status"] == "FAILED"
    assert "Write a later one, or null, and deploy again." in answer["Reason"]
    assert scheduler.schedules == {}
    assert ask("Delete").answer["Status"] == "SUCCESS"


def test_an_end_that_has_begun_goes_on_though_its_stack_goes(store: EndStore) -> None:
    ask("Create")
    end = store.get()
    assert end is not None
    store.begin(ends_at=end.ends_at, execution="one")

    assert ask("Delete").answer["Status"] == "SUCCESS"
    assert store.get() is not None
