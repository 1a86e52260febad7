"""Studio's stack comes, changes and goes under people who work, make spaces of their own, and leave apps that stick.

On a local AWS with IAM enforced: what is denied, or forgotten, keeps the stack from going.
"""

import json
from collections.abc import Iterator, Sequence

import pytest

from lambdas.lifecycle.removal import PAUSE_SECONDS
from lambdas.studio.custom_resources import RUNS
from tests.sandbox.studio_deployment.room import STACK
from tests.sandbox.studio_deployment.stack_alone import StackAlone, stack_alone

pytestmark = pytest.mark.studio

PEOPLE = [f"person-{number:02}" for number in range(12)]
ONE, TWO, THREE, FOUR, LEAVES, EIGHT, COMES = (f"person-{number:02}" for number in (1, 2, 3, 4, 7, 8, 12))


def in_order(calls: Sequence[tuple[str, str]], earlier: str, later: str) -> bool:
    """Return whether all calls of one operation come before all of another, and there are some of both."""
    seen = [operation for operation, _ in calls if operation in (earlier, later)]
    return {*seen} == {earlier, later} and seen == [earlier] * seen.count(earlier) + [later] * seen.count(later)


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackAlone]:
    with stack_alone(tmp_path_factory.mktemp("room")) as found:
        yield found


def test_one_comes_one_leaves_and_all_goes_in_order_with_what_people_made(room: StackAlone) -> None:
    room.deploy(PEOPLE)
    assert room.names("spaces") == room.names("user_profiles") == set(PEOPLE)

    # Ten work, two in spaces that they made, one of them shared, and one whose app did not start.
    room.space("sevens", LEAVES)
    room.space("eights", EIGHT, sharing="Shared")
    room.control("PUT", "script", [{"on": "CreateApp", "match": {"SpaceName": THREE}, "do": "fail"}])
    at_work = {*PEOPLE[:10], "sevens", "eights"}
    room.start(*sorted(at_work))
    room.control("PUT", "script", [])
    assert room.names("apps") == at_work

    others = [one for one in PEOPLE if one != LEAVES]
    room.deploy([*others, COMES])

    # Who left is gone with everything; nobody else lost anything.
    assert room.names("user_profiles") == {*others, COMES}
    assert room.names("spaces") == {*others, COMES, "eights"}
    assert room.names("apps") == at_work - {LEAVES, "sevens"}

    room.control(
        "PUT",
        "script",
        [
            {"on": "DeleteApp", "match": {"SpaceName": ONE}, "do": "take", "seconds": 6 * PAUSE_SECONDS},
            {"on": "DeleteApp", "match": {"SpaceName": TWO}, "do": "fail", "times": 2},
            {"on": "DeleteApp", "match": {"SpaceName": FOUR}, "do": "refuse", "times": 3},
            {"on": "DeleteSpace", "match": {"SpaceName": "eights"}, "do": "fail", "times": 1},
        ],
    )
    room.control("DELETE", "calls")

    assert room.destroy() == "DELETE_COMPLETE"

    deletions = [(operation, name) for operation, name in room.calls() if operation.startswith("Delete")]
    assert in_order(deletions, "DeleteApp", "DeleteSpace")
    assert in_order(deletions, "DeleteSpace", "DeleteUserProfile")
    assert in_order(deletions, "DeleteUserProfile", "DeleteDomain")
    assert {name for operation, name in deletions if operation == "DeleteApp"} == at_work - {LEAVES, "sevens"}
    assert deletions.count(("DeleteApp", TWO)) == 3
    # By the clean-up before CloudFormation deletes its own.
    first = next(name for operation, name in deletions if operation == "DeleteSpace")
    assert first == "eights"
    assert room.client("sagemaker").list_domains()["Domains"] == []
    assert room.left() == []


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackAlone]:
    """Two people's stack, for all tests that follow: the last one deletes it."""
    with stack_alone(tmp_path_factory.mktemp("pair")) as found:
        found.deploy([ONE, TWO])
        yield found


def test_the_function_of_the_maximum_age_may_stop_apps_and_leaves_spaces(pair: StackAlone) -> None:
    pair.start(TWO)
    functions, name = pair.client("lambda"), pair.only("AWS::Lambda::Function", "MaxAge")

    def run() -> object:
        reply = functions.invoke(FunctionName=name)
        return json.loads(reply["Payload"].read())

    assert run() == {"stopped": 0}
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    # No hour may be waited here: whatever was started before now is too old.
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, "MAX_AGE_HOURS": "0"}}
    )
    stopped = run()

    assert variables["MAX_AGE_HOURS"] == "12"
    assert stopped == {"stopped": 1}
    assert ("DeleteApp", TWO) in pair.calls()
    assert pair.names("spaces") == {ONE, TWO}


def test_an_app_that_is_stuck_is_waited_for_told_and_the_next_destroy_goes_on(
    pair: StackAlone,
) -> None:
    pair.start(ONE)
    # Of its ten minutes the function keeps 90 seconds, so of this it has ten for each run.
    clean_up = pair.only("AWS::Lambda::Function", "Lifecycle")
    pair.client("lambda").update_function_configuration(FunctionName=clean_up, Timeout=100)
    pair.control("PUT", "script", [{"on": "DeleteApp", "match": {"SpaceName": ONE}, "do": "hold"}])

    assert pair.destroy() == "DELETE_FAILED"

    events = pair.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    (reason,) = (
        one["ResourceStatusReason"]
        for one in events
        if one["ResourceType"] == "Custom::QuarryStudioCleanUp" and one["ResourceStatus"] == "DELETE_FAILED"
    )
    assert f"1 of what has to go first are left: app JupyterLab/default of space {ONE} (Deleting)" in reason
    assert pair.names("apps") == {ONE}
    log, group = pair.client("logs"), pair.only("AWS::Logs::LogGroup", "Lifecycle")
    lines = [one["message"] for one in log.filter_log_events(logGroupName=group)["events"]]
    assert sum("handed on to the next run" in line for line in lines) == RUNS - 1

    pair.control("PUT", "script", [])
    assert pair.destroy() == "DELETE_COMPLETE"
    assert pair.left() == []
