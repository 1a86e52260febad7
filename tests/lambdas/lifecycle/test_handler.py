"""The function: CloudFormation always gets exactly one answer that says what to do, whatever it asks for."""

import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from lambdas.common import aws, custom_resource
from lambdas.lifecycle import actions, handler
from lambdas.lifecycle.actions import ACTIONS, Action, Request
from lambdas.lifecycle.errors import LifecycleError
from lambdas.lifecycle.handler import ANSWER_SECONDS
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.ingestion.fakes import refused

WAIT = {"Action": "wait", "Seconds": "0", "Of": "a"}
EMPTY = {"Action": "empty_bucket", "Bucket": "data"}
OPEN = {"Action": "open_network", "Collection": "vectors", "Policy": "opening", "Seconds": "0"}
INGEST = {"Action": "ingest", "QueueUrl": "https://queue.test", "KnowledgeBaseId": "KB", "DataSourceId": "DS"}


def ask(
    request: str, properties: Any, *, seconds: float = 600, action: Action | None = None, **changes: Any
) -> dict[str, Any]:
    """Return the answer.

    Args:
        action: takes the place of all actions.
    """
    cloudformation = FakeCloudFormation()
    by_name = dict.fromkeys(ACTIONS, action) if action else ACTIONS
    told = handler.lambda_handler(
        asked(request, properties, **changes), Context(seconds), send=cloudformation, actions=by_name
    )
    assert told == {"ok": cloudformation.answer["Status"] == "SUCCESS"}
    return cloudformation.answer


def fails(error: Exception) -> Action:
    """An action that does."""

    def action(_request: Request) -> None:
        raise error

    return action


def works(_request: Request) -> None:
    """An action that does."""


def never(*_arguments: Any, **_options: Any) -> None:
    raise AssertionError("not to be done")


def test_each_action_answers_success() -> None:
    with mock_aws():
        url = aws.client("sqs", read_timeout=1).create_queue(QueueName="changes")["QueueUrl"]
        aws.client("s3", read_timeout=1).create_bucket(Bucket="data")
        aws.client("s3", read_timeout=1).put_object(Bucket="data", Key="documents/a.md", Body=b"a")

        for properties in (WAIT, EMPTY, {**INGEST, "QueueUrl": url}):
            assert ask("Create", properties)["Status"] == "SUCCESS"
            assert ask("Update", properties, OldResourceProperties=properties)["Status"] == "SUCCESS"

        assert ask("Delete", EMPTY)["Status"] == ask("Delete", WAIT)["Status"] == "SUCCESS"
        aws.client("s3", read_timeout=1).delete_bucket(Bucket="data")
        messages = aws.client("sqs", read_timeout=1).receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        assert [json.loads(message["Body"])["first"] for message in messages] == [True]
        assert ask("Delete", EMPTY)["Status"] == "SUCCESS"


def test_a_bucket_is_emptied_at_deletion_only() -> None:
    with mock_aws():
        s3: Any = aws.client("s3", read_timeout=1)
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="data", Key="documents/a.md", Body=b"a")

        ask("Create", EMPTY)
        ask("Update", EMPTY, PhysicalResourceId="data", OldResourceProperties={})

        assert s3.list_objects_v2(Bucket="data")["KeyCount"] == 1


def test_a_wait_does_nothing_at_deletion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "wait", never)

    assert ask("Delete", WAIT, PhysicalResourceId="there")["PhysicalResourceId"] == "there"


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
    assert (
        "there are wait, empty_bucket, ingest, open_network, close_network" in ask("Create", {"Action": name})["Reason"]
    )


@pytest.mark.parametrize("request_type", ["Create", "Update", "Delete"])
def test_reasons_say_what_to_do(request_type: str) -> None:
    answer = ask(request_type, WAIT, action=fails(LifecycleError("Do this.")), PhysicalResourceId="there")

    assert (answer["Status"], answer["Reason"]) == ("FAILED", "Do this.")


def test_a_refusal_of_aws_is_told_in_its_words() -> None:
    reason = ask("Delete", EMPTY, action=fails(refused("AccessDenied", "ListObjectVersions")))["Reason"]

    assert "empty_bucket" in reason
    assert "AccessDenied" in reason
    assert "ListObjectVersions" in reason
    assert "do the same again" in reason


def test_aws_out_of_reach_is_told() -> None:
    error = EndpointConnectionError(endpoint_url="https://s3.test")

    assert "https://s3.test" in ask("Delete", EMPTY, action=fails(error))["Reason"]


def test_what_nobody_foresaw_is_told_without_a_stack_trace() -> None:
    reason = ask("Create", WAIT, action=fails(RuntimeError("secret")))["Reason"]

    assert "RuntimeError" in reason
    assert "log has more" in reason
    assert "secret" not in reason
    assert "Traceback" not in reason


def test_the_answer_is_never_longer_than_cloudformation_takes() -> None:
    cloudformation = FakeCloudFormation()
    handler.lambda_handler(
        asked("Create", WAIT), Context(), cloudformation, dict.fromkeys(ACTIONS, fails(LifecycleError("ü" * 9_000)))
    )

    assert len(cloudformation.bodies[0]) <= custom_resource.MAX_BYTES


def test_an_action_is_told_the_time_that_is_left_for_it() -> None:
    told: list[float] = []

    ask("Create", WAIT, seconds=ANSWER_SECONDS + 7, action=lambda request: told.append(request.left()))

    assert told == [7]


def test_a_wait_that_does_not_fit_into_the_function_is_answered_at_once() -> None:
    answer = ask("Create", {**WAIT, "Seconds": "300"}, seconds=ANSWER_SECONDS + 299)

    assert answer["Status"] == "FAILED"
    assert "does not fit" in answer["Reason"]


def test_a_waits_id_never_changes() -> None:
    created = ask("Create", WAIT)["PhysicalResourceId"]

    assert created == "Resource"
    assert ask("Update", {**WAIT, "Of": "b"}, PhysicalResourceId=created)["PhysicalResourceId"] == created


@pytest.mark.parametrize(
    ("properties", "about"),
    [
        (EMPTY, "data"),
        (INGEST, "DS"),
        ({**OPEN, "Action": "open_network"}, "open_network/vectors/opening"),
        ({**OPEN, "Action": "close_network"}, "close_network/vectors/opening"),
    ],
)
@pytest.mark.parametrize(
    ("request_type", "there", "ok", "tells"),
    [
        ("Create", None, True, True),
        ("Create", None, False, True),
        ("Update", "former", True, True),
        ("Update", "former", False, False),
        ("Delete", "former", True, False),
        ("Delete", "former", False, False),
    ],
)
def test_what_is_about_another_thing_is_another_resource_so_that_the_former_goes(
    properties: dict[str, Any], about: str, request_type: str, there: str | None, ok: bool, tells: bool
) -> None:
    more: Any = {"PhysicalResourceId": there} if there else {}

    answer = ask(request_type, properties, action=works if ok else fails(LifecycleError("no")), **more)

    assert answer["PhysicalResourceId"] == (about if tells else there)


def test_an_answer_that_cannot_be_sent_is_an_error_so_that_lambda_tries_again() -> None:
    def unreachable(url: str, body: bytes) -> None:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        handler.lambda_handler(asked("Create", WAIT), Context(600), unreachable)


def test_other_events_are_refused() -> None:
    with pytest.raises(ValueError, match="ResponseURL"):
        handler.lambda_handler({"action": "wait"}, Context())


PROPERTIES = st.dictionaries(
    st.sampled_from(["Action", "Seconds", "Of", "Bucket", "QueueUrl", "DataSourceId"]),
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["wait", "0"]) | st.lists(st.text(max_size=2)),
)


@given(st.sampled_from(["Create", "Update", "Delete", ""]), st.none() | PROPERTIES, st.none() | PROPERTIES)
def test_any_request_is_answered(request: str, properties: Any, former: Any) -> None:
    """With the time of a function that is about to end, so that nobody waits."""
    answer = ask(request, properties, seconds=0.0, OldResourceProperties=former)

    assert answer["Status"] in ("SUCCESS", "FAILED")
    assert bool(answer["Reason"]) == (answer["Status"] == "FAILED")
    assert answer["PhysicalResourceId"]
