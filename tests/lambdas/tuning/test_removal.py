"""At the stack's deletion everything of the environment goes, in its order; nothing of another environment does."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.tuning import custom_resources, names
from lambdas.tuning.removal import TuningResources, clean_up
from tests.lambdas.fakes import client_error
from tests.lambdas.service_model import check
from tests.lambdas.studio.fakes import Clock
from tests.lambdas.tuning.fakes import ENVIRONMENT, FakeScheduler, World

PIPELINE = "arn:aws:states:us-east-1:123456789012:stateMachine:pipeline"


@dataclass
class FakeStates:
    """Executions of state machines that run."""

    running: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    late: Any = lambda: None

    def list_executions(self, **kwargs: Any) -> Any:
        check("stepfunctions", "ListExecutions", kwargs)
        start = int(kwargs.get("nextToken", 0))
        rows = [{"name": name, "executionArn": f"{PIPELINE}:{name}"} for name in self.running[start : start + 2]]
        more = {"nextToken": str(start + 2)} if start + 2 < len(self.running) else {}
        return {"executions": rows, **more}

    def stop_execution(self, **kwargs: Any) -> Any:
        check("stepfunctions", "StopExecution", kwargs)
        name = kwargs["executionArn"].rpartition(":")[2]
        self.running.remove(name)
        self.stopped.append(name)
        self.late()
        return {}


@dataclass
class Setting:
    """What the clean-up works with, and at which time."""

    world: World = field(default_factory=World)
    states: FakeStates = field(default_factory=FakeStates)
    clock: Clock = field(default_factory=Clock)

    def resources(self, environment: str, machines: Any) -> TuningResources:
        assert list(machines) == [PIPELINE]
        return TuningResources(
            environment=environment,
            bedrock=self.world.bedrock,
            scheduler=self.world.scheduler,
            ssm=self.world.ssm,
            states=self.states,
            state_machines=machines,
        )

    def ask(self, kind: str = "Delete", **properties: Any) -> None:
        given = {"Environment": ENVIRONMENT, "StateMachines": [PIPELINE], "SettleSeconds": "60", **properties}
        request = Request(
            kind=kind,
            type="Custom::QuarryTuningCleanUp",
            logical_id="CleanUp",
            properties=given,
            former=None,
            physical_id=ENVIRONMENT,
            left=self.clock.left,
        )
        clean_up(request, self.resources, sleep=self.clock.sleep)


@pytest.fixture
def setting() -> Setting:
    """Two tuned aliases, one on throughput; a run that trains; and another environment, whose name begins alike."""
    made = Setting()
    world = made.world
    world.promoted(world.begin("tweets-000000000001"))
    world.promoted(world.begin("bills-000000000002", alias="bills", hosting="provisioned"))
    world.begin("tweets-000000000003")
    world.conductor.create_job({"run": "tweets-000000000003"})
    model = world.bedrock.add("model", "quarry-dev-2-x-1", environment="dev-2", status="Active")
    world.bedrock.add("deployment", "quarry-dev-2-x", environment="dev-2", status="Active", model=model)
    world.bedrock.add("throughput", "quarry-dev-2-y", environment="dev-2", status="InService", model=model)
    world.bedrock.add("job", "quarry-dev-2-z", environment="dev-2", status="InProgress")
    world.bedrock.add("model", "by-hand", environment="", status="Active")
    world.ssm.put("/quarry/dev-2/aliases/x", "kept")
    world.bedrock.calls.clear()
    made.states.running = ["tweets-000000000003", "a", "b"]
    return made


def test_everything_of_the_environment_goes_in_order_and_nothing_else(setting: Setting) -> None:
    setting.ask()

    bedrock = setting.world.bedrock
    assert bedrock.names("deployment") == ["quarry-dev-2-x"]
    assert bedrock.names("throughput") == ["quarry-dev-2-y"]
    assert bedrock.names("model") == ["quarry-dev-2-x-1", "by-hand"]
    assert bedrock.things["job"]["quarry-dev-2-z"]["status"] == "InProgress"
    assert sorted(setting.states.stopped) == ["a", "b", "tweets-000000000003"]
    assert list(setting.world.ssm.versions) == ["/quarry/dev-2/aliases/x"]
    assert setting.world.scheduler.schedules == {}
    order = list(dict.fromkeys(operation for operation, _ in bedrock.calls))
    assert order == [
        "StopModelCustomizationJob",
        "DeleteProvisionedModelThroughput",
        "DeleteCustomModelDeployment",
        "DeleteCustomModel",
    ]


def test_what_a_stopped_run_was_making_goes_too(setting: Setting) -> None:
    world = setting.world

    def made_late() -> None:
        world.bedrock.add("job", "quarry-dev-late", status="InProgress")
        setting.states.late = lambda: None

    setting.states.late = made_late
    setting.ask()

    assert world.bedrock.things["job"]["quarry-dev-late"]["status"] == "Stopped"
    assert setting.clock.now >= 60


def test_without_runs_nothing_is_waited_for() -> None:
    setting = Setting()

    setting.ask()

    assert setting.clock.now == 0


def test_what_refuses_at_first_is_asked_again(setting: Setting) -> None:
    refusals: list[Exception] = [client_error("ConflictException"), client_error("ThrottlingException")]
    setting.world.bedrock.refuse["DeleteProvisionedModelThroughput"] = refusals

    setting.ask()

    assert setting.world.bedrock.names("throughput") == ["quarry-dev-2-y"]


def test_what_never_goes_is_named(setting: Setting) -> None:
    refusals: list[Exception] = [client_error("AccessDeniedException", "not you") for _ in range(30)]
    setting.world.bedrock.refuse["DeleteCustomModel"] = refusals

    with pytest.raises(CustomResourceError, match=r"custom model quarry-dev-\S+ \(AccessDeniedException: not you\)"):
        setting.ask()
    # What costs by the hour is gone all the same.
    assert setting.world.bedrock.names("throughput") == ["quarry-dev-2-y"]


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_nothing_goes_before(setting: Setting, kind: str) -> None:
    setting.ask(kind)

    assert setting.world.bedrock.calls == []
    assert setting.states.stopped == []


def test_properties_without_an_environment_are_refused_but_at_deletion(setting: Setting) -> None:
    setting.ask(Environment=None)
    assert setting.world.bedrock.calls == []

    with pytest.raises(CustomResourceError, match="lack Environment"):
        setting.ask("Create", Environment="")


def test_what_goes_after_a_group_of_schedules_that_is_gone_goes_all_the_same() -> None:
    class Gone(FakeScheduler):
        def list_schedules(self, **kwargs: Any) -> Any:
            raise client_error("ResourceNotFoundException")

    setting = Setting(world=World(scheduler=Gone()))
    model = setting.world.bedrock.add("model", "quarry-dev-x-1", environment=ENVIRONMENT, status="Active")
    setting.world.bedrock.add("deployment", "quarry-dev-x", environment=ENVIRONMENT, status="Active", model=model)

    setting.ask()

    assert (setting.world.bedrock.names("deployment"), setting.world.bedrock.names("model")) == ([], [])


def test_the_stacks_function_knows_the_action() -> None:
    assert {"clean_up", "empty_bucket", "wait"} == set(custom_resources.ACTIONS)
    assert custom_resources.ACTIONS["clean_up"].about({"Environment": "dev"}) == "dev"
    assert custom_resources.RUNS * 660 <= 3600


def test_the_groups_name_is_the_environments() -> None:
    assert names.schedule_group("dev") == "quarry-dev-tuning"
