"""What a resource costs for as long as it is there: one row per rule, worked out by hand."""

from typing import Any

import pytest

from lambdas.catalogue.idle import BILLED, price_of

MONTH = 730
GB = 1024**3
VPC_ENDPOINT = "AWS::EC2::VPCEndpoint"
STAGE = "AWS::ApiGateway::Stage"
TABLE = "AWS::DynamoDB::Table"
ALARM = "AWS::CloudWatch::Alarm"
ALIAS = "AWS::Lambda::Alias"
COLLECTION = "AWS::OpenSearchServerless::Collection"
GROUP = "AWS::OpenSearchServerless::CollectionGroup"
MAPPING = "AWS::Lambda::EventSourceMapping"
THROUGHPUT = "AWS::Bedrock::ProvisionedModelThroughput"
FOUNDATION = "arn:aws:bedrock:us-east-1::foundation-model/"
SPACE = "AWS::SageMaker::Space"
STAT = {"MetricStat": {"Period": 60}}
CAPACITY = {"ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": "4"}}


def usd(type_name: str, properties: dict[str, Any] | None = None, region: str = "us-east-1") -> float | None:
    return price_of(type_name, properties or {}, region=region).usd_per_hour


@pytest.mark.parametrize(
    ("type_name", "properties", "expected"),
    [
        (COLLECTION, {"StandbyReplicas": "DISABLED"}, 0.24),
        (COLLECTION, {"StandbyReplicas": "ENABLED"}, 0.48),
        (COLLECTION, {}, 0.48),
        (COLLECTION, {"StandbyReplicas": "DISABLED", "StoredBytes": 10 * GB}, 0.24 + 10 * 0.024 / MONTH),
        (COLLECTION, {"CollectionGroupName": "group"}, 0),
        (GROUP, {"CapacityLimits": {"MaxIndexingCapacityInOcu": 4}}, 0),
        (GROUP, {"CapacityLimits": {"MinIndexingCapacityInOcu": 2, "MinSearchCapacityInOcu": 4}}, 6 * 0.24),
        ("AWS::OpenSearchServerless::VpcEndpoint", {"SubnetIds": ["a", {"Ref": "b"}]}, 0.02),
        ("AWS::KMS::Key", {}, 1 / MONTH),
        ("AWS::KMS::ReplicaKey", {}, 1 / MONTH),
        ("AWS::SecretsManager::Secret", {}, 0.4 / MONTH),
        (ALARM, {"Period": 300}, 0.1 / MONTH),
        (ALARM, {"Period": 10}, 0.3 / MONTH),
        (ALARM, {"Metrics": [{"Expression": "a/b"}, STAT, STAT]}, 0.2 / MONTH),
        ("AWS::CloudWatch::CompositeAlarm", {}, 0.5 / MONTH),
        ("AWS::CloudWatch::Dashboard", {}, 3 / MONTH),
        (SPACE, {}, 5 * 0.112 / MONTH),
        (
            SPACE,
            {"SpaceSettings": {"SpaceStorageSettings": {"EbsStorageSettings": {"EbsVolumeSizeInGb": 20}}}},
            20 * 0.112 / MONTH,
        ),
        ("AWS::SageMaker::App", {"ResourceSpec": {"InstanceType": "ml.t3.2xlarge"}}, 0.399),
        ("AWS::SageMaker::App", {"ResourceSpec": {"InstanceType": "system"}}, 0),
        ("AWS::EC2::NatGateway", {}, 0.045),
        ("AWS::EC2::EIP", {}, 0.005),
        (VPC_ENDPOINT, {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}, 0.02),
        (VPC_ENDPOINT, {"VpcEndpointType": "Gateway", "RouteTableIds": ["a"]}, 0),
        (STAGE, {}, 0),
        (STAGE, {"CacheClusterEnabled": True}, 0.02),
        (STAGE, {"CacheClusterEnabled": "true", "CacheClusterSize": "6.1"}, 0.2),
        (TABLE, {"BillingMode": "PAY_PER_REQUEST"}, 0),
        (TABLE, {**CAPACITY, "GlobalSecondaryIndexes": [CAPACITY]}, 2 * (10 * 0.00013 + 4 * 0.00065)),
        (
            TABLE,
            {
                "BillingMode": "PAY_PER_REQUEST",
                "StoredBytes": 2 * GB,
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            },
            2 * (0.25 + 0.2) / MONTH,
        ),
        (ALIAS, {}, 0),
        (
            ALIAS,
            {
                "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2},
                "MemorySize": 1024,
                "Architectures": ["arm64"],
            },
            2 * 0.0000033334 * 3600,
        ),
        ("AWS::Lambda::Function", {"MemorySize": 1024}, 0),
        (
            "AWS::Lambda::Function",
            {"MemorySize": 512, "Architectures": ["arm64"], "RunsPerHour": 12},
            12 * (0.2 + 0.5 * 13.3334) / 1_000_000,
        ),
        # Five connections that ask three times a minute.
        (MAPPING, {"EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}}, 5 * 3 * 60 * 0.4 / 1_000_000),
        (MAPPING, {"EventSourceArn": {"Fn::GetAtt": ["Stream", "Arn"]}, "StartingPosition": "LATEST"}, 0),
        ("AWS::WAFv2::WebACL", {"Rules": [{"Name": "a"}, {"Name": "b"}]}, 7 / MONTH),
        ("AWS::EFS::FileSystem", {"StoredBytes": GB}, 0.3 / MONTH),
        ("AWS::Route53::HostedZone", {}, 0.5 / MONTH),
        ("AWS::Budgets::BudgetsAction", {}, 0.1 / 24),
        ("AWS::Bedrock::CustomModel", {}, 1.95 / MONTH),
        (THROUGHPUT, {"FoundationModelArn": f"{FOUNDATION}amazon.nova-2-lite-v1:0", "ModelUnits": 2}, 2 * 60.5),
        (THROUGHPUT, {"FoundationModelArn": f"{FOUNDATION}amazon.nova-2-lite-v1:0:256k"}, 60.5),
        (THROUGHPUT, {"ModelArn": f"{FOUNDATION}amazon.nova-lite-v1:0:24k", "ModelUnits": 1}, 108.15),
        (
            THROUGHPUT,
            {"FoundationModelArn": f"{FOUNDATION}amazon.nova-2-lite-v1:0", "CommitmentDuration": "OneMonth"},
            55,
        ),
        ("AWS::KMS::Key", {"KeyState": "Enabled"}, 1 / MONTH),
        ("AWS::KMS::Key", {"KeyState": "PendingDeletion"}, 0),
        ("AWS::SecretsManager::Secret", {"DeletedDate": "2026-11-30"}, 0),
        ("AWS::EFS::FileSystem", {"SizeInBytes": {"Value": 2 * GB}}, 0.6 / MONTH),
        (TABLE, {"TableSizeBytes": GB}, 0.25 / MONTH),
        ("AWS::Logs::LogGroup", {}, 0),
        ("AWS::Logs::LogGroup", {"StoredBytes": 3 * GB}, 3 * 0.03 / MONTH),
        ("AWS::S3::Bucket", {"StoredBytes": 100 * GB}, 2.3 / MONTH),
        ("AWS::S3Vectors::Index", {"StoredBytes": GB}, 0.06 / MONTH),
    ],
)
def test_what_is_there_costs_so_much_an_hour(type_name: str, properties: dict[str, Any], expected: float) -> None:
    assert usd(type_name, properties) == pytest.approx(expected)


def test_every_type_that_is_billed_costs_something_somehow() -> None:
    tried = {row[0] for row in test_what_is_there_costs_so_much_an_hour.pytestmark[0].args[1] if row[2] > 0}

    assert BILLED.keys() <= tried


def test_what_is_free_says_why() -> None:
    found = price_of("AWS::IAM::Role", {}, region="eu-west-3")

    assert (found.usd_per_hour, found.reason) == (0, "IAM is free")


def test_what_is_paid_by_use_says_for_what() -> None:
    assert price_of("AWS::SQS::Queue", {}, region="us-east-1").reason == "by use: requests"


def test_custom_resources_of_any_name_are_their_functions() -> None:
    assert price_of("Custom::Anything", {}, region="us-east-1").reason == "its function is paid when it runs"


def test_an_unknown_type_is_unpriced_and_not_free() -> None:
    found = price_of("AWS::RDS::DBInstance", {}, region="us-east-1")

    assert (found.usd_per_hour, found.reason) == (None, "no price for the type AWS::RDS::DBInstance")


@pytest.mark.parametrize(
    ("type_name", "properties", "region", "reason"),
    [
        ("AWS::KMS::Key", {}, "mx-central-1", "kms.key has no price in mx-central-1; it has in"),
        (STAGE, {"CacheClusterEnabled": True, "CacheClusterSize": "7"}, "us-east-1", "no price api_gateway.cache.7"),
        ("AWS::SageMaker::App", {"ResourceSpec": {"InstanceType": "ml.p5.48xlarge"}}, "us-east-1", "no price studio"),
        (
            COLLECTION,
            {"StandbyReplicas": {"Fn::If": ["Wide", "ENABLED", "DISABLED"]}},
            "us-east-1",
            "is known only once",
        ),
        (
            "AWS::Bedrock::CustomModel",
            {},
            "eu-west-3",
            "a custom model's storage has no price in eu-west-3; it has in us",
        ),
        (THROUGHPUT, {"FoundationModelArn": "ours"}, "us-east-1", "no price of throughput of ours"),
        (THROUGHPUT, {"FoundationModelArn": "amazon.nova-pro-v1:0"}, "us-east-1", "no price of throughput of Nova Pro"),
        (THROUGHPUT, {"FoundationModelArn": "amazon.nova-2-lite-v1:0"}, "eu-west-3", "has no price in eu-west-3"),
        ("AWS::S3::Bucket", {"StoredBytes": {"Ref": "Size"}}, "us-east-1", "StoredBytes is known only once"),
        (COLLECTION, {"StandbyReplicas": {"Ref": "Standby"}}, "us-east-1", "StandbyReplicas is known only once"),
    ],
)
def test_what_cannot_be_told_is_unpriced_with_the_reason(
    type_name: str, properties: dict[str, Any], region: str, reason: str
) -> None:
    found = price_of(type_name, properties, region=region)

    assert found.usd_per_hour is None
    assert reason in found.reason


def test_a_price_shows_what_it_is_made_of() -> None:
    (acl, rules) = price_of("AWS::WAFv2::WebACL", {"Rules": [{}, {}]}, region="us-east-1").charges

    assert (acl.name, acl.quantity) == ("waf.web_acl", 1)
    assert (rules.name, rules.quantity) == ("waf.rule", 2)
