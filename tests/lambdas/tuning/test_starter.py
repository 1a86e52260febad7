"""A request becomes one execution, however often it is told of; what cannot be used becomes a failed run."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.tuning import run as runs
from lambdas.tuning.run import RunStatus
from lambdas.tuning.starter import Starter, lambda_handler
from tests.lambdas.cloudformation import Context
from tests.lambdas.fakes import client_error
from tests.lambdas.service_model import check
from tests.lambdas.tuning.fakes import World, request

PIPELINE = "arn:aws:states:us-east-1:123456789012:stateMachine:pipeline"
KEY = "runs/monday/run.yaml"


@dataclass
class FakeStates:
    """Executions by name."""

    started: dict[str, Any] = field(default_factory=dict)

    def start_execution(self, **kwargs: Any) -> Any:
        check("stepfunctions", "StartExecution", kwargs)
        if kwargs["name"] in self.started:
            raise client_error("ExecutionAlreadyExists")
        self.started[kwargs["name"]] = json.loads(kwargs["input"])
        return {}


@pytest.fixture
def world() -> World:
    made = World()
    made.bucket.objects = {
        "data/train.jsonl": b"{}\n",
        "data/test.jsonl": b"{}\n",
        KEY: runs.encode_request(request()),
    }
    return made


@pytest.fixture
def states() -> FakeStates:
    return FakeStates()


def start(world: World, states: FakeStates, key: str = KEY) -> str | None:
    return Starter(store=world.store, states=states, pipeline_arn=PIPELINE).start(key)


def test_the_same_twice_is_one_execution(world: World, states: FakeStates) -> None:
    world.bucket.objects["runs/tuesday/run.yaml"] = world.bucket.objects[KEY]

    run = start(world, states)

    assert start(world, states) == run
    assert start(world, states, "runs/tuesday/run.yaml") == run
    assert states.started == {run: {"run": run, "key": KEY}}


def test_other_data_make_another_run(world: World, states: FakeStates) -> None:
    first = start(world, states)
    world.bucket.objects["data/train.jsonl"] = b"{} \n"

    assert start(world, states) != first
    assert len(states.started) == 2


@pytest.mark.parametrize(
    "key", ["output/x/runs/y/run.yaml", "runs/a/b/run.yaml", "reports/x/status.json", "runs/x/run.yaml.txt"]
)
def test_nothing_else_starts_anything(world: World, states: FakeStates, key: str) -> None:
    assert start(world, states, key) is None
    assert states.started == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"alias: [", "no YAML"),
        (b"alias: tweets", "missing required field"),
        (runs.encode_request(request(training="data/nothing.jsonl")), "there is no object data/nothing.jsonl"),
    ],
)
def test_a_request_that_cannot_be_used_is_a_failed_run(
    world: World, states: FakeStates, content: bytes, told: str
) -> None:
    world.bucket.objects[KEY] = content

    assert start(world, states) == "monday"

    status = world.status("monday")
    assert (status.state, status.phase) == ("failed", "starting")
    assert told in status.reason
    assert states.started == {}


def test_a_run_that_goes_on_is_not_called_failed(world: World, states: FakeStates) -> None:
    world.store.write(RunStatus(run="monday", state="running", phase="training"))
    world.bucket.objects[KEY] = b"alias: ["

    start(world, states)

    assert world.status("monday").state == "running"


def test_the_event_names_the_key(world: World, states: FakeStates) -> None:
    event = {"detail": {"object": {"key": KEY}}}
    handler: Any = lambda_handler

    said = handler(event, Context(), lambda: Starter(store=world.store, states=states, pipeline_arn=PIPELINE))

    assert said["run"] in states.started
