"""The knowledge base's custom resources: the generic actions and its own, in one function."""

import json
from typing import Any

import pytest
from moto import mock_aws

from lambdas.common import aws
from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.ingestion import custom_resources
from lambdas.ingestion.custom_resources import ACTIONS
from lambdas.lifecycle.actions import GENERIC, Action
from lambdas.lifecycle.handler import handler
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked

EMPTY = {"Action": "empty_bucket", "Bucket": "data"}
OPEN = {"Action": "open_network", "Collection": "vectors", "Policy": "opening", "Seconds": "0"}
CLOSE = {**OPEN, "Action": "close_network"}
INGEST = {"Action": "ingest", "QueueUrl": "https://queue.test", "KnowledgeBaseId": "KB", "DataSourceId": "DS"}


def ask(request: str, properties: Any, *, does: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the answer.

    Args:
        does: what each action does in place of its own: work, or fail.
    """

    def do(_request: Request) -> None:
        if does == "fail":
            raise CustomResourceError("no")

    actions = {name: Action(do=do, about=action.about) for name, action in ACTIONS.items()} if does else None
    cloudformation = FakeCloudFormation()
    function = handler(actions) if actions else custom_resources.lambda_handler
    function(asked(request, properties, **changes), Context(600), send=cloudformation)
    return cloudformation.answer


def test_the_generic_actions_are_among_them() -> None:
    assert set(GENERIC) < set(ACTIONS)
    assert "there are wait, empty_bucket, ingest, open_network, close_network, fill" in ask("Create", {})["Reason"]


def test_a_wait_that_is_too_long_names_the_setting() -> None:
    reason = ask("Create", {"Action": "wait", "Seconds": "301", "Of": "a"})["Reason"]

    assert "Correct knowledge.propagation_seconds and deploy again." in reason


def test_the_first_ingestion_is_asked_for_at_creation() -> None:
    with mock_aws():
        url = aws.client("sqs", read_timeout=1).create_queue(QueueName="changes")["QueueUrl"]
        properties = {**INGEST, "QueueUrl": url}

        assert ask("Create", properties)["Status"] == "SUCCESS"
        assert ask("Update", properties, OldResourceProperties=properties)["Status"] == "SUCCESS"

        messages = aws.client("sqs", read_timeout=1).receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        assert [json.loads(message["Body"])["first"] for message in messages] == [True]


@pytest.mark.parametrize("properties", [{"Action": "ingest"}, {**OPEN, "Policy": ""}, {**CLOSE, "Collection": ""}])
def test_what_could_not_be_created_can_be_deleted(properties: Any) -> None:
    created = ask("Create", properties)
    deleted = ask("Delete", properties, PhysicalResourceId=created["PhysicalResourceId"])

    assert (created["Status"], deleted["Status"]) == ("FAILED", "SUCCESS")


@pytest.mark.parametrize(
    ("properties", "about"),
    [
        (EMPTY, "data"),
        (INGEST, "DS"),
        (OPEN, "open_network/vectors/opening"),
        (CLOSE, "close_network/vectors/opening"),
    ],
)
@pytest.mark.parametrize(
    ("request_type", "there", "does", "tells"),
    [
        ("Create", None, "work", True),
        ("Create", None, "fail", True),
        ("Update", "former", "work", True),
        ("Update", "former", "fail", False),
        ("Delete", "former", "work", False),
        ("Delete", "former", "fail", False),
    ],
)
def test_what_is_about_another_thing_is_another_resource_so_that_the_former_goes(
    properties: dict[str, Any], about: str, request_type: str, there: str | None, does: str, tells: bool
) -> None:
    more: Any = {"PhysicalResourceId": there} if there else {}

    answer = ask(request_type, properties, does=does, **more)

    assert answer["PhysicalResourceId"] == (about if tells else there)
