"""What lives in a running sandbox, over one server: fresh, with a stack, after its deletion, and over a reset."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.core.responses import AccountRegionScopedDict

from sandbox import inventory, process
from sandbox.connection import ACCOUNT, REGION, Connection
from tests.sandbox.servers import ONE_ATTEMPT, running, session, settled

TEMPLATE = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "a-bucket"}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "TableName": "a-table",
                "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}}},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {"Name": "a-rule", "ScheduleExpression": "rate(1 hour)"},
        },
        "Group": {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": {"ModelPackageGroupName": "a-group"}},
    }
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with running(tmp_path_factory.mktemp("inventory")) as (_, record):
        yield record.connection


@pytest.fixture
def empty(connection: Connection) -> Connection:
    process.request(connection, "POST", "/_ministack/reset")
    return connection


def take(connection: Connection) -> dict[str, Any]:
    return process.request(connection, "GET", "/_sandbox/inventory")


def client(connection: Connection, service: Any, **options: Any) -> Any:
    return session(connection).client(service, endpoint_url=connection.aws_url, config=ONE_ATTEMPT, **options)


def test_a_fresh_server_has_nothing_even_after_its_built_ins_were_looked_at(empty: Connection) -> None:
    client(empty, "ec2").describe_vpcs()
    client(empty, "events").list_event_buses()
    client(empty, "iam").list_users()
    client(empty, "scheduler").list_schedule_groups()

    assert take(empty) == {}


def test_a_stack_and_its_resources_are_listed_and_gone_after_its_deletion(empty: Connection) -> None:
    cloudformation = client(empty, "cloudformation")

    cloudformation.create_stack(StackName="a-stack", TemplateBody=json.dumps(TEMPLATE))
    settled(cloudformation, "a-stack", "stack_create_complete")
    found = take(empty)
    cloudformation.delete_stack(StackName="a-stack")
    settled(cloudformation, "a-stack", "stack_delete_complete")

    assert [key.partition("/")[0] for key in found.pop("kms")] == ["keys"]
    assert found == {
        "cloudformation": ["stacks/a-stack"],
        "dynamodb": ["tables/a-table"],
        "events": ["rules/default|a-rule"],
        "s3": ["buckets/a-bucket"],
        "sagemaker": [f"ModelPackageGroup/arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package-group/a-group"],
    }
    assert take(empty) == {}


def test_another_region_counts_too(empty: Connection) -> None:
    session(empty).client("sqs", endpoint_url=empty.aws_url, region_name="eu-west-1", config=ONE_ATTEMPT).create_queue(
        QueueName="far"
    )

    assert [name.rpartition("@")[2] for name in take(empty)["sqs"]] == ["000000000000/eu-west-1"]


def test_the_administrator_outlives_a_reset_and_a_wrong_secret_is_refused(empty: Connection) -> None:
    wrong = Connection(aws_port=empty.aws_port, port=empty.port, secret_access_key="wrong")

    arn = client(empty, "sts").get_caller_identity()["Arn"]
    with pytest.raises(ClientError) as refused:
        client(wrong, "s3").list_buckets()

    assert arn == "arn:aws:iam::000000000000:user/sandbox-administrator"
    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_a_policy_that_demands_tls_does_not_lock_everyone_out(empty: Connection) -> None:
    s3 = client(empty, "s3")
    s3.create_bucket(Bucket="strict")
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": condition}
    s3.put_bucket_policy(Bucket="strict", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    s3.put_object(Bucket="strict", Key="k", Body=b"x")

    assert s3.get_object(Bucket="strict", Key="k")["Body"].read() == b"x"


@pytest.mark.parametrize(
    ("module", "name", "counts"),
    [
        ("s3", "_buckets", True),
        ("s3", "_bucket_policies", False),
        ("dynamodb", "_tags", False),
        ("cloudformation", "_stack_events", False),
        ("bedrock", "_invocation_logging_config", True),
        ("bedrock", "_provisioned_throughputs", True),
        ("bedrock", "_model_customization_jobs", False),
        ("a_service_of_next_year", "_widgets", True),
    ],
)
def test_stores_count_unless_they_are_known_to_hold_no_resources(module: str, name: str, counts: bool) -> None:
    assert inventory._holds_resources(module, name) is counts


def test_records_of_gone_resources_do_not_count() -> None:
    store = AccountRegionScopedDict()
    store["alive"], store["gone"], store["empty"] = {"KeyState": "Enabled"}, {"KeyState": "PendingDeletion"}, {}

    assert list(inventory._identifiers("kms", "_keys", store.to_dict())) == ["keys/alive"]


def test_a_stack_can_be_left_out_with_all_that_belongs_to_it(empty: Connection) -> None:
    cloudformation = client(empty, "cloudformation")
    cloudformation.create_stack(StackName="ours", TemplateBody=json.dumps(TEMPLATE))
    settled(cloudformation, "ours", "stack_create_complete")
    client(empty, "s3").create_bucket(Bucket="stray")

    left = process.request(empty, "GET", "/_sandbox/inventory?without_stack=ours&without_stack=unknown")

    assert left == {"s3": ["buckets/stray"]}
