"""Studio's custom resources: the generic actions and its own, in one function that may run several times."""

import json
from typing import Any

import pytest

from lambdas.common import aws
from lambdas.lifecycle import removal
from lambdas.lifecycle.actions import GENERIC
from lambdas.studio import custom_resources
from lambdas.studio.custom_resources import ACTIONS, RUNS
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.studio.fakes import ARN, DOMAIN, FakeStudio
from tests.lambdas.studio.file_systems import FakeEfs, FakeGroups

CLEAN_UP = {"Action": "clean_up", "DomainId": DOMAIN, "Participants": ["ana"]}
FILE_SYSTEM = {"Action": "delete_file_system", "DomainId": DOMAIN, "DomainArn": ARN}


class FakeLambda:
    """Lambda, which is asked for runs."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def invoke(self, *, Payload: bytes, **_: Any) -> None:  # noqa: N803
        self.events.append(json.loads(Payload))


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> FakeStudio:
    made = FakeStudio(file_system="fs-11111111")
    made.app("ana")
    return made


@pytest.fixture(autouse=True)
def runs(studio: FakeStudio, monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    service, efs, groups = FakeLambda(), FakeEfs(studio.clock), FakeGroups(studio.clock)
    efs.add("fs-11111111")
    clients = {"sagemaker": studio, "efs": efs, "ec2": groups, "lambda": service}
    monkeypatch.setattr(aws, "client", lambda name, **_: clients[name])
    return service


def ask(request: str, properties: Any, *, seconds: float = 600, **changes: Any) -> FakeCloudFormation:
    """Return CloudFormation with what it was told."""
    cloudformation = FakeCloudFormation()
    custom_resources.lambda_handler(asked(request, properties, **changes), Context(seconds), send=cloudformation)
    return cloudformation


def test_the_generic_actions_are_among_them() -> None:
    assert set(GENERIC) < set(ACTIONS)
    reason = ask("Create", {}).answer["Reason"]
    assert "there are wait, empty_bucket, clean_up, delete_file_system" in reason


@pytest.mark.parametrize("properties", [CLEAN_UP, FILE_SYSTEM])
def test_each_is_about_its_domain(properties: Any) -> None:
    """With another domain it is another resource, whose former one CloudFormation deletes."""
    assert ask("Create", properties).answer["PhysicalResourceId"] == DOMAIN
    other = {**properties, "DomainId": "d-other"}
    answer = ask("Update", other, OldResourceProperties=properties, PhysicalResourceId=DOMAIN).answer
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "d-other")


@pytest.mark.parametrize("properties", [{**CLEAN_UP, "DomainId": ""}, {**FILE_SYSTEM, "DomainArn": ""}])
def test_what_could_not_be_created_can_be_deleted(properties: Any) -> None:
    created = ask("Create", properties).answer
    deleted = ask("Delete", properties, PhysicalResourceId=created["PhysicalResourceId"]).answer

    assert (created["Status"], deleted["Status"]) == ("FAILED", "SUCCESS")


def test_what_is_not_over_in_time_goes_on_in_another_run_but_not_for_ever(
    studio: FakeStudio, runs: FakeLambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real time passes here: so little that there is none for a second look."""
    monkeypatch.setattr(removal, "PAUSE_SECONDS", 10_000)
    event = asked("Delete", CLEAN_UP, PhysicalResourceId=DOMAIN)

    for run in range(1, RUNS):
        cloudformation = FakeCloudFormation()
        custom_resources.lambda_handler(event, Context(600), send=cloudformation)
        assert cloudformation.bodies == []
        assert len(runs.events) == run
        event = runs.events[-1]
    custom_resources.lambda_handler(event, Context(600), send=cloudformation)

    assert cloudformation.answer["Status"] == "FAILED"
    assert "left: app JupyterLab/default of space ana (Deleting)" in cloudformation.answer["Reason"]
    assert len(runs.events) == RUNS - 1


def test_both_do_at_deletion_what_they_are_for(studio: FakeStudio) -> None:
    studio.things.clear()
    studio.domain.status = "Gone"

    assert ask("Delete", CLEAN_UP, PhysicalResourceId=DOMAIN).answer["Status"] == "SUCCESS"
    assert {operation for operation, _ in studio.calls} == {"ListApps", "ListSpaces", "ListUserProfiles"}


def test_lambda_ends_no_function_for_calling_itself_that_often() -> None:
    """It does after about 16 times."""
    assert RUNS < 16
