"""The function: it does the actions that it was given, and what is not one of them is told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from lambdas.common import aws
from lambdas.common.custom_resource import ANSWER_SECONDS, CustomResourceError, Request, UnfinishedError
from lambdas.lifecycle.actions import GENERIC, Action, property_named
from lambdas.lifecycle.handler import HANGING_SECONDS, START_SECONDS, handler
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.service_model import check

WAIT = {"Action": "wait", "Seconds": "0", "Of": "a"}
EMPTY = {"Action": "empty_bucket", "Bucket": "data"}


def ask(
    request: str,
    properties: Any,
    *,
    seconds: float = 600,
    actions: Mapping[str, Action] = GENERIC,
    **changes: Any,
) -> dict[str, Any]:
    """Return the answer."""
    cloudformation = FakeCloudFormation()
    told = handler(actions)(asked(request, properties, **changes), Context(seconds), send=cloudformation)
    assert told["ok"] == (cloudformation.answer["Status"] == "SUCCESS")
    return cloudformation.answer


def test_each_action_answers_success() -> None:
    with mock_aws():
        s3: Any = aws.client("s3", read_timeout=1)
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="documents/a.md", Body=b"a")

        for properties in (WAIT, EMPTY):
            assert ask("Create", properties)["Status"] == "SUCCESS"
            assert ask("Update", properties, OldResourceProperties=properties)["Status"] == "SUCCESS"

        assert ask("Delete", EMPTY)["Status"] == ask("Delete", WAIT)["Status"] == "SUCCESS"
        s3.delete_bucket(Bucket="data")
        assert ask("Delete", EMPTY)["Status"] == "SUCCESS"


def test_a_bucket_is_emptied_at_deletion_only() -> None:
    with mock_aws():
        s3: Any = aws.client("s3", read_timeout=1)
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="documents/a.md", Body=b"a")

        ask("Create", EMPTY)
        ask("Update", EMPTY, PhysicalResourceId="data", OldResourceProperties={})

        assert s3.list_objects_v2(Bucket="data")["KeyCount"] == 1


def test_a_wait_does_nothing_at_deletion() -> None:
    """Of the time that it has not, it takes none."""
    answer = ask("Delete", {**WAIT, "Seconds": "300"}, seconds=ANSWER_SECONDS + 10, PhysicalResourceId="there")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "there")


@pytest.mark.parametrize(
    "properties",
    [{}, None, {"Action": "dance"}, {"Action": ["wait"]}, {**EMPTY, "Bucket": ""}, {**WAIT, "Seconds": "x"}],
)
def test_what_could_not_be_created_can_be_deleted(properties: Any) -> None:
    created = ask("Create", properties)
    deleted = ask("Delete", properties, PhysicalResourceId=created["PhysicalResourceId"])

    assert created["Status"] == "FAILED"
    assert created["Reason"]
    assert deleted["Status"] == "SUCCESS"


def test_a_resource_whose_creation_was_never_answered_can_be_deleted() -> None:
    """CloudFormation makes up an id then."""
    with mock_aws():
        answer = ask("Delete", EMPTY, PhysicalResourceId="quarry-dev-knowledge-Empty-1ABC")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "quarry-dev-knowledge-Empty-1ABC")


@pytest.mark.parametrize("name", [None, "dance", 7, ""])
def test_an_unknown_action_is_told_with_those_that_there_are(name: Any) -> None:
    reason = ask("Create", {"Action": name})["Reason"]

    assert reason == f"The custom resource's Action is {name!r}; there are wait, empty_bucket."


def test_a_capability_adds_actions_of_its_own() -> None:
    done: list[tuple[str, Any]] = []

    def do(request: Request) -> None:
        done.append((request.kind, request.properties["Space"]))

    actions = {**GENERIC, "clean_space": Action(do=do, about=property_named("Space"))}
    properties = {"Action": "clean_space", "Space": "attic"}

    created = ask("Create", properties, actions=actions)
    ask("Delete", properties, actions=actions, PhysicalResourceId="attic")

    assert created["PhysicalResourceId"] == "attic"
    assert done == [("Create", "attic"), ("Delete", "attic")]
    assert "there are wait, empty_bucket, clean_space" in ask("Create", {"Action": "dance"}, actions=actions)["Reason"]
    assert ask("Create", WAIT, actions=actions)["Status"] == "SUCCESS"


def test_an_action_is_told_the_time_that_is_left_for_it() -> None:
    told: list[float] = []
    actions = {"look": Action(do=lambda request: told.append(request.left()))}

    ask("Create", {"Action": "look"}, seconds=ANSWER_SECONDS + HANGING_SECONDS + 7, actions=actions)

    assert told == [7]


def test_a_wait_that_does_not_fit_into_the_function_is_answered_at_once() -> None:
    answer = ask("Create", {**WAIT, "Seconds": "300"}, seconds=ANSWER_SECONDS + HANGING_SECONDS + 299)

    assert answer["Status"] == "FAILED"
    assert "does not fit" in answer["Reason"]


def test_a_waits_id_never_changes() -> None:
    created = ask("Create", WAIT)["PhysicalResourceId"]

    assert created == "Resource"
    assert ask("Update", {**WAIT, "Of": "b"}, PhysicalResourceId=created)["PhysicalResourceId"] == created


@pytest.mark.parametrize("ok", [True, False])
def test_what_is_emptied_is_what_the_resource_is_about(ok: bool) -> None:
    def do(_request: Request) -> None:
        if not ok:
            raise CustomResourceError("no")

    actions = {"empty_bucket": Action(do=do, about=GENERIC["empty_bucket"].about)}

    assert ask("Create", EMPTY, actions=actions)["PhysicalResourceId"] == "data"
    updated = ask("Update", EMPTY, actions=actions, PhysicalResourceId="former")
    assert updated["PhysicalResourceId"] == ("data" if ok else "former")


@dataclass
class FakeLambda:
    """Lambda, which is asked for runs and starts none."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **kwargs: Any) -> None:
        check("lambda", "Invoke", kwargs)
        self.asked.append(kwargs)


def never_sent(url: str, body: bytes, *, seconds: float) -> None:
    raise AssertionError("not to be answered")


def test_an_action_that_is_unfinished_goes_on_in_another_run_of_the_same_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = FakeLambda()
    monkeypatch.setattr(aws, "client", lambda name, **_: {"lambda": service}[name])
    seen: list[int] = []

    def do(request: Request) -> None:
        seen.append(request.run)
        if request.run < 3:
            raise UnfinishedError("Some are left.")

    function = handler({"tidy": Action(do=do)}, runs=3)
    event = asked("Delete", {"Action": "tidy"}, PhysicalResourceId="there")
    for _ in range(2):
        function(event, Context(600), send=never_sent)
        call = service.asked[-1]
        assert (call["FunctionName"], call["InvocationType"]) == ("resource", "Event")
        event = json.loads(call["Payload"])
    cloudformation = FakeCloudFormation()
    function(event, Context(600), send=cloudformation)

    assert seen == [1, 2, 3]
    assert (cloudformation.answer["Status"], cloudformation.answer["PhysicalResourceId"]) == ("SUCCESS", "there")


def test_a_function_runs_once_unless_it_is_to_run_more_often() -> None:
    def do(_request: Request) -> None:
        raise UnfinishedError("Some are left.")

    assert ask("Delete", {"Action": "tidy"}, actions={"tidy": Action(do=do)})["Reason"] == "Some are left."


def test_a_run_that_hangs_when_it_is_started_leaves_time_for_the_answer() -> None:
    assert 2 * (START_SECONDS + 2) < HANGING_SECONDS


@pytest.mark.parametrize("event", [{"action": "wait"}, [], None])
def test_other_events_are_refused(event: Any) -> None:
    assert "no ResponseURL" in handler(GENERIC)(event, Context())["reason"]


PROPERTIES = st.dictionaries(
    st.sampled_from(["Action", "Seconds", "Of", "Bucket"]),
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["wait", "0"]) | st.lists(st.text(max_size=2)),
)


@given(st.sampled_from(["Create", "Update", "Delete", ""]), st.none() | PROPERTIES, st.none() | PROPERTIES)
def test_any_request_is_answered(request: str, properties: Any, former: Any) -> None:
    """With so little time that nobody waits."""
    answer = ask(request, properties, seconds=ANSWER_SECONDS + 5, OldResourceProperties=former)

    assert answer["Status"] in ("SUCCESS", "FAILED")
    assert bool(answer["Reason"]) == (answer["Status"] == "FAILED")
    assert answer["PhysicalResourceId"]
