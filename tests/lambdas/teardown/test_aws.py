from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.teardown.aws import Aws, is_missing


def error(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Describe")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ResourceNotFoundException", ""),
        ("ResourceNotFound", ""),
        ("NoSuchBucket", ""),
        ("NoSuchEntity", ""),
        ("404", "Not Found"),
        ("AWS.SimpleQueueService.NonExistentQueue", ""),
        ("QueueDoesNotExist", ""),
        ("ParameterNotFound", ""),
        ("InvalidGroup.NotFound", ""),
        ("InvalidVpcID.NotFound", ""),
        ("FileSystemNotFound", ""),
        ("StateMachineDoesNotExist", ""),
        ("ValidationError", "Stack with id quarry-dev-inference does not exist"),
    ],
)
def test_says_that_it_is_not_there(code: str, message: str) -> None:
    assert is_missing(error(code, message))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "the role was not found to be allowed"),
        ("ValidationException", "1 validation error detected"),
        ("ThrottlingException", ""),
        ("ConflictException", ""),
        ("", ""),
    ],
)
def test_says_something_else(code: str, message: str) -> None:
    assert not is_missing(error(code, message))


class Client:
    """Lists in pages as a service without a paginator does."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def can_paginate(self, _operation: str) -> bool:
        return False

    def list_things(self, **kwargs: Any) -> dict[str, Any]:
        self.asked.append(kwargs)
        return {"things": [2]} if "nextToken" in kwargs else {"things": [1], "nextToken": "more"}


def test_all_pages_are_read_where_botocore_knows_none() -> None:
    client = Client()
    aws = Aws(environment="dev", region="us-east-1", clients=lambda _service: client)

    assert list(aws.pages("any", "list_things", "things", kind="a")) == [1, 2]
    assert client.asked == [{"kind": "a"}, {"kind": "a", "nextToken": "more"}]


def test_a_client_is_made_once() -> None:
    made: list[str] = []

    def make(service: str) -> str:
        made.append(service)
        return service

    aws = Aws(environment="dev", region="us-east-1", clients=make)

    assert [aws.client("s3"), aws.client("s3"), aws.client("ec2")] == ["s3", "s3", "ec2"]
    assert made == ["s3", "ec2"]


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_arns_have_the_partition_of_the_region(region: str, partition: str) -> None:
    aws = Aws(environment="dev", region=region, clients=lambda _service: None, account="1")

    assert aws.arn("bedrock", "thing/x") == f"arn:{partition}:bedrock:{region}:1:thing/x"
