"""A stack is deleted as the role that it was deployed with; without one, as whoever asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from sandbox.connection import ACCOUNT, REGION, Connection
from tests.sandbox import servers

TEMPLATE = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "Topic": {"Type": "AWS::SNS::Topic"}}})


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with servers.running(tmp_path_factory.mktemp("roles")) as (_, record):
        yield record.connection


class Account:
    """The administrator's clients, and those of a role that may do nothing but ask for deletions."""

    def __init__(self, connection: Connection) -> None:
        self._url = connection.aws_url
        self._session = servers.session(connection)
        self.cloudformation = self.client(self._session, "cloudformation")
        self.role("deployer", "cloudformation.amazonaws.com", "*")
        self.role("timid", "cloudformation.amazonaws.com", "sqs:*")
        asks = self.role("asks", None, "cloudformation:*")
        sts = self.client(self._session, "sts")
        given = sts.assume_role(RoleArn=asks, RoleSessionName="end")["Credentials"]
        session = boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=REGION,
        )
        self.asking = self.client(session, "cloudformation")

    def client(self, session: boto3.Session, service: str) -> Any:
        return session.client(service, endpoint_url=self._url, config=servers.ONE_ATTEMPT)  # type: ignore[call-overload]

    def role(self, name: str, service: str | None, actions: str) -> str:
        principal = {"Service": service} if service else {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam = self.client(self._session, "iam")
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Statement": [statement]}))
        return str(made["Role"]["Arn"])

    def deploy(self, name: str, role: str | None) -> None:
        given = {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/{role}"} if role else {}
        self.cloudformation.create_stack(StackName=name, TemplateBody=TEMPLATE, **given)
        servers.settled(self.cloudformation, name, "stack_create_complete")


@pytest.fixture(scope="module")
def account(connection: Connection) -> Account:
    return Account(connection)


def test_who_may_only_ask_deletes_what_a_role_deployed(account: Account) -> None:
    account.deploy("with-role", "deployer")

    account.asking.delete_stack(StackName="with-role")

    servers.settled(account.cloudformation, "with-role", "stack_delete_complete")
    assert "with-role" not in {one["StackName"] for one in account.cloudformation.describe_stacks()["Stacks"]}


@pytest.mark.parametrize(("name", "role"), [("without-role", None), ("timid-role", "timid")])
def test_what_neither_may_stays_and_says_why(account: Account, name: str, role: str | None) -> None:
    account.deploy(name, role)

    account.asking.delete_stack(StackName=name)

    with pytest.raises(Exception, match="DELETE_FAILED"):
        servers.settled(account.cloudformation, name, "stack_delete_complete")
    events = account.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("is not authorized to perform: sns:DeleteTopic" in reason for reason in reasons)
    left = account.cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    assert {one["LogicalResourceId"] for one in left} == ({"Topic"} if role else {"Queue", "Topic"})

    account.cloudformation.delete_stack(StackName=name, RoleARN=f"arn:aws:iam::{ACCOUNT}:role/deployer")
    servers.settled(account.cloudformation, name, "stack_delete_complete")
