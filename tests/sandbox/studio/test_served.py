"""Studio behind a real server: IAM, a stack with domain, profile and space, and what the inventory counts."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

from sandbox import process
from sandbox.connection import REGION, Connection
from tests.sandbox.servers import ONE_ATTEMPT, running, session, settled

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_IN_DOMAIN = {"DomainId": {"Ref": "Domain"}}
_STACK: dict[str, Any] = {
    "Resources": {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": _TRUST}},
        "Domain": {
            "Type": "AWS::SageMaker::Domain",
            "Properties": {
                "DomainName": "class",
                "AuthMode": "IAM",
                "HomeEfsFileSystemCreation": "Disabled",
                "DefaultUserSettings": {"ExecutionRole": {"Fn::GetAtt": ["Role", "Arn"]}},
                "VpcId": "vpc-00000001",
                "SubnetIds": ["subnet-00000001"],
            },
        },
        "Profile": {"Type": "AWS::SageMaker::UserProfile", "Properties": {**_IN_DOMAIN, "UserProfileName": "ann"}},
        "Space": {
            "Type": "AWS::SageMaker::Space",
            "DependsOn": "Profile",
            "Properties": {
                **_IN_DOMAIN,
                "SpaceName": "ann",
                "OwnershipSettings": {"OwnerUserProfileName": "ann"},
                "SpaceSharingSettings": {"SharingType": "Private"},
            },
        },
    }
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with running(tmp_path_factory.mktemp("studio")) as (_, record):
        yield record.connection


def _client(connection: Connection, service: Any, keys: dict[str, Any] | None = None) -> Any:
    owner = session(connection) if keys is None else boto3.Session(region_name=REGION, **keys)
    return owner.client(service, endpoint_url=connection.aws_url, config=ONE_ATTEMPT)


def _keys(connection: Connection, *actions: str) -> dict[str, str]:
    """The access key of a user who may do only ``actions``."""
    iam = _client(connection, "iam")
    iam.create_user(UserName="caller")
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="caller", PolicyName="some", PolicyDocument=document)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def _advance(connection: Connection, seconds: int) -> None:
    body = json.dumps({"advance_seconds": seconds}).encode()
    with urllib.request.urlopen(f"{connection.aws_url}/_sandbox/studio/clock", data=body) as reply:
        assert reply.status == 200


def test_a_stack_comes_and_goes_and_an_app_keeps_it(connection: Connection) -> None:
    cloudformation, sagemaker = _client(connection, "cloudformation"), _client(connection, "sagemaker")
    options = {"StackName": "studio", "Capabilities": ["CAPABILITY_IAM"]}
    cloudformation.create_stack(TemplateBody=json.dumps(_STACK), **options)
    settled(cloudformation, "studio", "stack_create_complete")
    (domain,) = sagemaker.list_domains()["Domains"]
    app = {"DomainId": domain["DomainId"], "SpaceName": "ann", "AppType": "JupyterLab", "AppName": "default"}
    sagemaker.create_app(**app)

    found = process.request(connection, "GET", "/_sandbox/inventory")["sagemaker"]
    assert [name.partition("/")[0] for name in found] == ["App", "Domain", "Space", "UserProfile"]
    _advance(connection, 60)
    cloudformation.delete_stack(StackName="studio")
    with pytest.raises(WaiterError, match="DELETE_FAILED"):
        settled(cloudformation, "studio", "stack_delete_complete")
    sagemaker.delete_app(**app)
    _advance(connection, 60)
    cloudformation.delete_stack(StackName="studio")
    settled(cloudformation, "studio", "stack_delete_complete")

    assert "sagemaker" not in process.request(connection, "GET", "/_sandbox/inventory")


def test_iam_counts_in_both_services(connection: Connection) -> None:
    keys = _keys(connection, "sagemaker:ListApps", "servicequotas:ListServiceQuotas")

    assert _client(connection, "sagemaker", keys).list_apps()["Apps"] is not None
    assert _client(connection, "service-quotas", keys).list_service_quotas(ServiceCode="sagemaker")["Quotas"]
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:ListDomains"):
        _client(connection, "sagemaker", keys).list_domains()
    with pytest.raises(ClientError, match="not authorized to perform: servicequotas:GetServiceQuota"):
        _client(connection, "service-quotas", keys).get_service_quota(ServiceCode="sagemaker", QuotaCode="L-AC46C40F")
