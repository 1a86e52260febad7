"""The Price List behind a real server: IAM, throttling, and `quarry cost --refresh` with the real client."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.connection import Connection
from tests.sandbox import commands
from tests.sandbox.commands import Ended
from tests.sandbox.servers import ONE_ATTEMPT, running, session


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with running(tmp_path_factory.mktemp("price-list")) as (_, record):
        yield record.connection


@pytest.fixture(autouse=True)
def _as_it_is(connection: Connection) -> Iterator[None]:
    yield
    for name in ("prices", "script"):
        control(connection, name, method="DELETE")


def control(connection: Connection, name: str, document: object = None, *, method: str = "PUT") -> None:
    url = f"{connection.aws_url}/_sandbox/price-list/{name}"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(document).encode(), method=method)) as reply:
        assert reply.status in (200, 204)


def user(connection: Connection, name: str, *actions: str) -> dict[str, str]:
    """Return the variables of a user who may do only ``actions``."""
    iam: Any = session(connection).client("iam", endpoint_url=connection.aws_url, config=ONE_ATTEMPT)
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="some", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def refresh(connection: Connection, folder: Path, **variables: str) -> Ended:
    given = connection.client_environment({}, state=folder)
    environ = {**given, "QUARRY_STATE": str(folder), **variables}
    return commands.quarry("cost", "--refresh", "--environment", "dev", "--json", environ=environ)


def test_what_the_local_list_says_is_what_we_say(connection: Connection, tmp_path: Path) -> None:
    reader = user(connection, "reader", "pricing:GetProducts")

    ran = refresh(connection, tmp_path, **reader)

    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["differences"] == []


def test_what_changes_in_the_list_is_told(connection: Connection, tmp_path: Path) -> None:
    control(connection, "prices", {"us-east-1-KMS-Keys": "1.2500000000", "USE1-StateTransition": None})

    ran = refresh(connection, tmp_path)

    assert ran.code == 1
    assert [(one["price"], one["kind"]) for one in json.loads(ran.out)["differences"]] == [
        ("kms.key", "changed"),
        ("step_functions.transition", "missing"),
    ]


def test_who_may_not_read_it_is_told_what_to_ask_for(connection: Connection, tmp_path: Path) -> None:
    ran = refresh(connection, tmp_path, **user(connection, "other", "pricing:DescribeServices"))

    assert (ran.code, ran.out) == (1, "")
    assert "they need pricing:GetProducts" in ran.err


def test_a_list_that_throttles_is_told(connection: Connection, tmp_path: Path) -> None:
    control(connection, "script", [{"on": "GetProducts", "do": "refuse"}])

    ran = refresh(connection, tmp_path, AWS_MAX_ATTEMPTS="1")

    assert (ran.code, ran.out) == (1, "")
    assert "takes no more requests for now" in ran.err
