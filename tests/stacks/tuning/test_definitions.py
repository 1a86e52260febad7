"""The state machines as graphs: every state is reached and ends, every failure is caught, every loop is bounded."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from configuration.tuning.section import EVENTS_PER_LOOK, MOST_EVENTS, OTHER_EVENTS, Tuning
from lambdas.tuning.conductor import STEPS
from stacks.tuning import pipeline_definition, removal_definition
from stacks.tuning.pipeline_steps import Functions
from stacks.tuning.states import OWN_ERRORS, State

REMOVAL = "arn:removal"
FUNCTIONS = Functions(preparer="prepare", conductor="conduct", evaluator="evaluate", reporter="report")
TUNING = Tuning(base_models=["amazon.nova-micro-v1:0"])
PIPELINE = pipeline_definition.definition(FUNCTIONS, tuning=TUNING, bucket="bucket", removal_arn=REMOVAL)
REMOVING = removal_definition.definition(
    "conduct", topic_arn="arn:topic", environment="dev", settle_seconds=60, drain_seconds=150
)
MACHINES = {"pipeline": PIPELINE, "removal": REMOVING}
# From here on everything is taken away: what fails there goes on to the end, or fails for all to see.
CLEARING = ("GiveUp", "TidyUp", "Discard", "Clear", "EndThroughput", "FallBack", "Retire", "Tell", "Ask")


def machines(test: Any) -> Any:
    return pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)(test)


def following(state: State) -> Iterator[str]:
    """Yield the states that may come next."""
    if "Next" in state:
        yield state["Next"]
    if "Default" in state:
        yield state["Default"]
    for choice in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield choice["Next"]


def reached(machine: State, start: str) -> set[str]:
    """Return the states that may come after one."""
    found: set[str] = set()
    open_ = [start]
    while open_:
        name = open_.pop()
        if name not in found:
            found.add(name)
            open_ += following(machine["States"][name])
    return found


def tasks(machine: State) -> dict[str, State]:
    """Return the states that do something."""
    return {name: state for name, state in machine["States"].items() if state["Type"] in ("Task", "Map")}


@machines
def test_every_state_is_reached_and_comes_to_an_end(machine: State) -> None:
    assert reached(machine, machine["StartAt"]) == set(machine["States"])
    for name in machine["States"]:
        assert any(machine["States"][one]["Type"] in ("Succeed", "Fail") for one in reached(machine, name)), name


@machines
def test_nothing_is_null_which_the_cdk_drops(machine: State) -> None:
    assert "null" not in json.dumps(machine)


@machines
def test_every_task_is_tried_again_and_what_fails_is_caught(machine: State) -> None:
    for name, task in tasks(machine).items():
        if name.startswith("Tell"):
            continue
        assert task.get("Retry") or task["Type"] == "Map", name
        (catch,) = task["Catch"]
        assert catch["ErrorEquals"] == ["States.ALL"], name
        if not name.startswith(CLEARING):
            assert catch["Next"] in ("GiveUp", "Settle"), name
        if catch["Next"] == "GiveUp":
            assert catch["ResultPath"] == "$.error", name


def test_whatever_fails_in_the_pipeline_is_cleared_up_or_was() -> None:
    for name in PIPELINE["States"]:
        after = reached(PIPELINE, name)
        assert (
            {"GiveUpNow", "TidyUpNow", "DiscardNow"} & after
            or name in ("Failed", "Promoted", "NotBetter")
            or (name.startswith(("TidyUp", "GiveUp")))
        ), name


def test_our_own_refusals_are_not_tried_again() -> None:
    for name, task in tasks(PIPELINE).items():
        if task.get("Resource") == "arn:aws:states:::lambda:invoke" and not name.startswith(CLEARING):
            assert task["Retry"][0] == {"ErrorEquals": list(OWN_ERRORS), "MaxAttempts": 0}, name


@machines
def test_every_loop_counts(machine: State) -> None:
    """Whoever goes round passes a counter, and a choice that goes by it."""
    for name, state in machine["States"].items():
        if state["Type"] == "Wait" and name in reached(machine, state["Next"]):
            loop = {one for one in reached(machine, name) if name in reached(machine, one)}
            assert any("MathAdd" in json.dumps(machine["States"][one]) for one in loop), name
            choices = [machine["States"][one] for one in loop if machine["States"][one]["Type"] == "Choice"]
            assert any("$.looks.n" in json.dumps(choice) for choice in choices), name


@machines
def test_steps_are_those_that_the_conductor_knows(machine: State) -> None:
    named = {
        task["Parameters"]["Payload"]["step"]
        for task in tasks(machine).values()
        if "step" in task.get("Parameters", {}).get("Payload", {})
    }

    assert named <= set(STEPS)
    assert named


def test_both_machines_know_all_steps_together() -> None:
    text = json.dumps([PIPELINE, REMOVING])

    assert all(f'"step": "{name}"' in text for name in STEPS)


def walk(machine: State, start: str, looked: dict[str, Any], **state: Any) -> str:
    """Return where a choice goes on that sees a look at Bedrock."""
    document = {"looked": looked, "looks": {"n": 0}, **state}
    for choice in machine["States"][start]["Choices"]:
        if holds(choice, document):
            return str(choice["Next"])
    return str(machine["States"][start]["Default"])


def holds(rule: Any, document: dict[str, Any]) -> bool:
    """Whether a rule of a Choice holds, as Step Functions reads it."""
    if "And" in rule:
        return all(holds(one, document) for one in rule["And"])
    if "Or" in rule:
        return any(holds(one, document) for one in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], document)
    value: Any = document
    for part in rule["Variable"].removeprefix("$.").split("."):
        if not isinstance(value, dict) or part not in value:
            assert "IsPresent" in rule, f"{rule['Variable']} is not there, and was not asked for: the execution fails"
            return rule["IsPresent"] is False
        value = value[part]
    if "IsPresent" in rule:
        return bool(rule["IsPresent"])
    if "StringEquals" in rule:
        return bool(value == rule["StringEquals"])
    if "BooleanEquals" in rule:
        return value is rule["BooleanEquals"]
    if "NumericEquals" in rule:
        return bool(value == rule["NumericEquals"])
    return bool(value >= rule["NumericGreaterThanEquals"])


def details(**phases: str) -> dict[str, Any]:
    return {f"{name}Details": {"Status": status} for name, status in phases.items()}


@pytest.mark.parametrize(
    ("status", "shown", "phase", "looks", "goes"),
    [
        ("Completed", details(), "training", 0, "Host"),
        ("Failed", details(), "training", 0, "JobFailed"),
        ("Stopped", None, "preparing_job", 0, "JobFailed"),
        ("Stopping", details(), "queued", 0, "JobFailed"),
        # At first there are no details at all.
        ("InProgress", None, "preparing_job", 0, "Pause"),
        ("InProgress", details(Validation="InProgress"), "preparing_job", 0, "Pause"),
        ("InProgress", details(Validation="InProgress"), "preparing_job", 120, "TooLong_preparing_job"),
        ("InProgress", details(DataProcessing="InProgress"), "preparing_job", 119, "Pause"),
        ("InProgress", details(DataProcessing="Completed", Training="NotStarted"), "preparing_job", 5, "Queues"),
        ("InProgress", details(DataProcessing="Completed", Training="NotStarted"), "queued", 719, "Pause"),
        ("InProgress", details(DataProcessing="Completed", Training="NotStarted"), "queued", 720, "TooLong_queued"),
        ("InProgress", details(DataProcessing="Completed", Training="InProgress"), "queued", 720, "Trains"),
        ("InProgress", details(DataProcessing="Completed", Training="InProgress"), "preparing_job", 0, "Trains"),
        ("InProgress", details(DataProcessing="Completed", Training="InProgress"), "training", 0, "Pause"),
        ("InProgress", details(DataProcessing="Completed", Training="InProgress"), "training", 720, "TooLong_training"),
        ("InProgress", details(DataProcessing="Completed", Training="Completed"), "training", 3, "Pause"),
    ],
)
def test_a_look_at_a_job_leads_on(status: str, shown: Any, phase: str, looks: int, goes: str) -> None:
    looked = {"Status": status, **({"StatusDetails": shown} if shown is not None else {})}

    assert walk(PIPELINE, "JobEnded?", looked, at={"phase": phase}, looks={"n": looks}) == goes


@pytest.mark.parametrize(
    ("looked", "looks", "goes"),
    [
        ({"Status": "Active"}, 0, "Measure"),
        ({"Status": "InService"}, 0, "Measure"),
        ({"Status": "Creating"}, 0, "PauseForHost"),
        ({"Status": "Creating"}, 240, "HostTooLong"),
        ({"Status": "Failed"}, 0, "HostFailed"),
    ],
)
def test_a_look_at_the_hosting_leads_on(looked: dict[str, Any], looks: int, goes: str) -> None:
    assert walk(PIPELINE, "Hosted?", looked, looks={"n": looks}) == goes


@pytest.mark.parametrize(
    ("looked", "looks", "goes"),
    [
        ({}, 0, "Promote"),
        ({"UpdateDetails": {"UpdateStatus": "UpdateCompleted"}}, 0, "Promote"),
        ({"UpdateDetails": {"UpdateStatus": "Updating"}}, 0, "PauseForMove"),
        ({"UpdateDetails": {"UpdateStatus": "Updating"}}, 240, "HostTooLong"),
        ({"UpdateDetails": {"UpdateStatus": "UpdateFailed"}}, 0, "MoveFailed"),
    ],
)
def test_a_look_at_the_update_leads_on(looked: dict[str, Any], looks: int, goes: str) -> None:
    assert walk(PIPELINE, "Moved?", looked, looks={"n": looks}) == goes


def test_worse_than_base_never_comes_to_promote() -> None:
    assert walk(PIPELINE, "Better?", {}, report={"answer": {"better": False}}) == "Discard"
    assert "Promote" not in reached(PIPELINE, "Discard")
    assert walk(PIPELINE, "Better?", {}, report={"answer": {"better": True}}) == "Move"


def test_throughput_goes_only_after_its_alias_fell_back_and_drained() -> None:
    fall_back, drain = REMOVING["States"]["FallBack"], REMOVING["States"]["Drain"]

    assert walk(REMOVING, "What?", {}, end={"throughput": "x"}) == "FallBack"
    assert walk(REMOVING, "What?", {}) == "ClearAtOnce"
    assert (fall_back["Next"], drain["Seconds"], drain["Next"]) == ("Drain", 150, "EndThroughput")


def test_the_longest_run_fits_into_an_execution() -> None:
    looks = TUNING.looks

    assert looks * EVENTS_PER_LOOK + OTHER_EVENTS <= MOST_EVENTS
    minutes = PIPELINE["TimeoutSeconds"] / 60
    assert minutes > looks * TUNING.poll_seconds / 60 + 2 * TUNING.bounds.hosting_minutes
