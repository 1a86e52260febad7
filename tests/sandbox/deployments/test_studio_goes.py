"""Studio's stack comes, changes and goes under people who work, make spaces of their own, and leave apps that stick.

On a local AWS with IAM enforced: what is denied, or forgotten, keeps the stack from going.
"""

import json
from collections.abc import Iterator, Sequence

import pytest

from lambdas.studio.custom_resources import RUNS
from lambdas.studio.removal import PAUSE_SECONDS
from tests.sandbox.deployments.room import STACK, Room, opened, people

pytestmark = pytest.mark.deployments

ONE, TWO, THREE, FOUR, LEAVES, EIGHT = people(1, 2, 3, 4, 7, 8)


def in_order(calls: Sequence[tuple[str, str]], earlier: str, later: str) -> bool:
    """Return whether all calls of one operation come before all of another, and there are some of both."""
    seen = [operation for operation, _ in calls if operation in (earlier, later)]
    return {*seen} == {earlier, later} and seen == [earlier] * seen.count(earlier) + [later] * seen.count(later)


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with opened(tmp_path_factory.mktemp("studio")) as found:
        yield found


def test_forty_people_one_comes_one_leaves_and_all_goes_in_order_with_what_they_made(room: Room) -> None:
    class_of_forty = people(*range(1, 41))
    room.deploy(class_of_forty)
    assert room.names("spaces") == room.names("user_profiles") == set(class_of_forty)

    # Ten work, two in spaces that they made, one of them shared, and one whose app did not start.
    room.space("sevens", LEAVES)
    room.space("eights", EIGHT, sharing="Shared")
    room.control("PUT", "script", [{"on": "CreateApp", "match": {"SpaceName": THREE}, "do": "fail"}])
    at_work = {*people(*range(1, 11)), "sevens", "eights"}
    room.start(*sorted(at_work))
    room.control("PUT", "script", [])
    assert room.names("apps") == at_work

    others = [one for one in class_of_forty if one != LEAVES]
    room.deploy([*others, "person-41"])

    # Who left is gone with everything; nobody else lost anything.
    assert room.names("user_profiles") == {*others, "person-41"}
    assert room.names("spaces") == {*others, "person-41", "eights"}
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
    assert in_order(deletions, "DeleteUserProfile", "DeleteDomain")
    # CloudFormation goes from person to person.
    for one in (*others, "person-41"):
        assert deletions.index(("DeleteSpace", one)) < deletions.index(("DeleteUserProfile", one))
    assert {name for operation, name in deletions if operation == "DeleteApp"} == at_work - {LEAVES, "sevens"}
    assert deletions.count(("DeleteApp", TWO)) == 3
    # By the clean-up before CloudFormation deletes its own.
    first = next(name for operation, name in deletions if operation == "DeleteSpace")
    assert first == "eights"
    assert room.client("sagemaker").list_domains()["Domains"] == []
    assert "nothing left" in room.left()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """Two people's stack, for all tests that follow: the last one deletes it."""
    with opened(tmp_path_factory.mktemp("pair")) as found:
        found.deploy([ONE, TWO])
        yield found


def test_the_function_of_the_maximum_age_may_stop_apps_and_leaves_spaces(pair: Room) -> None:
    pair.start(TWO)
    functions, name = pair.client("lambda"), pair.function("MaxAge")

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


def test_an_app_that_is_stuck_is_waited_for_by_run_after_run_told_and_the_next_destroy_goes_on(pair: Room) -> None:
    pair.start(ONE)
    # Of its ten minutes the function keeps 90 seconds, so of this it has ten for each run.
    clean_up = pair.function("Lifecycle")
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
    log = pair.client("logs")
    (group,) = (name for name in pair.resources("AWS::Logs::LogGroup") if "Lifecycle" in name)
    lines = [one["message"] for one in log.filter_log_events(logGroupName=group)["events"]]
    assert sum("handed on to the next run" in line for line in lines) == RUNS - 1

    pair.control("PUT", "script", [])
    assert pair.destroy() == "DELETE_COMPLETE"
    assert "nothing left" in pair.left()
