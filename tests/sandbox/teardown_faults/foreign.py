"""What is made while a platform runs, and stands in no template: by people, by Quarry, and by AWS itself."""

import json
import time
from typing import Any, Final

from sandbox import clock
from sandbox.tuning import script as tuning_script
from tests.sandbox.teardown_faults.local_aws import LocalAws

TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "bedrock.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def make_all(aws: LocalAws, environment: str, *, has_studio: bool = True) -> list[str]:
    """Make one of everything in the environment; return words that the inventory has to have for each."""
    tags = {"quarry:environment": environment, "quarry:owner": "o", "quarry:run": "fast-1"}
    return [
        *_rows(aws, environment),
        *_objects(aws, environment),
        *_ingestion(aws, environment),
        *_tuned(aws, environment, tags),
        *(_studio(aws, environment) if has_studio else []),
        *_logs(aws, environment),
        *_others(aws, environment, tags),
    ]


def resources(aws: LocalAws, environment: str, stack: str, type_: str) -> list[str]:
    """Return the physical ids of a stack's resources of one type."""
    listed = aws.client("cloudformation").get_paginator("list_stack_resources")
    pages = listed.paginate(StackName=f"quarry-{environment}-{stack}")
    return [
        one["PhysicalResourceId"]
        for page in pages
        for one in page["StackResourceSummaries"]
        if one["ResourceType"] == type_
    ]


def _rows(aws: LocalAws, environment: str) -> list[str]:
    """A key and a session: rows of tables that go with their stack."""
    dynamodb = aws.client("dynamodb")
    for table in resources(aws, environment, "inference", "AWS::DynamoDB::Table"):
        keys = dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]
        dynamodb.put_item(TableName=table, Item={one["AttributeName"]: {"S": "made"} for one in keys})
    return []


def _objects(aws: LocalAws, environment: str) -> list[str]:
    """An object with versions, a delete marker and an upload that nobody ended."""
    s3 = aws.client("s3")
    buckets = resources(aws, environment, "knowledge", "AWS::S3::Bucket")
    for bucket in buckets:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for text in (b"one", b"two"):
            s3.put_object(Bucket=bucket, Key="documents/a.md", Body=text)
        s3.delete_object(Bucket=bucket, Key="documents/a.md")
        s3.create_multipart_upload(Bucket=bucket, Key="unfinished")
    return [f"s3 objects {bucket}" for bucket in buckets]


def _ingestion(aws: LocalAws, environment: str) -> list[str]:
    """A job that reads documents. It may be over before anybody looks, so no word of it is asked for."""
    (source,) = resources(aws, environment, "knowledge", "AWS::Bedrock::DataSource")
    base, data_source = source.split("|")
    aws.client("bedrock-agent").start_ingestion_job(knowledgeBaseId=base, dataSourceId=data_source)
    return []


def _tuned(aws: LocalAws, environment: str, tags: dict[str, str]) -> list[str]:
    """A model that was tuned, hosted in both ways, and promoted; and a job that still trains."""
    bedrock, s3 = aws.client("bedrock"), aws.client("s3")
    (bucket,) = resources(aws, environment, "knowledge", "AWS::S3::Bucket")
    role = aws.client("iam").create_role(
        RoleName=f"quarry-{environment}-tuning-Tuner-1",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )["Role"]
    aws.client("iam").put_role_policy(
        RoleName=role["RoleName"],
        PolicyName="all",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
        ),
    )
    s3.put_object(Bucket=bucket, Key="data/train.jsonl", Body=_examples(9).encode())
    asked: dict[str, Any] = {
        "roleArn": role["Arn"],
        "baseModelIdentifier": "amazon.nova-lite-v1:0:300k",
        "trainingDataConfig": {"s3Uri": f"s3://{bucket}/data/train.jsonl"},
        "outputDataConfig": {"s3Uri": f"s3://{bucket}/output/"},
        "jobTags": _lower(tags),
        "customModelTags": _lower(tags),
    }
    name = f"quarry-{environment}-fast-1"
    bedrock.create_model_customization_job(jobName=name, customModelName=name, **asked)
    clock.advance(24 * 3600)
    model = bedrock.get_custom_model(modelIdentifier=name)["modelArn"]
    bedrock.create_custom_model_deployment(
        modelDeploymentName=f"quarry-{environment}-fast", modelArn=model, tags=_lower(tags)
    )
    aws.raise_quotas()
    bedrock.create_provisioned_model_throughput(
        modelUnits=1, provisionedModelName=f"quarry-{environment}-fast-0a1b2c", modelId=model, tags=_lower(tags)
    )
    clock.advance(24 * 3600)
    tuning_script.replace(tuning_script.parse([{"on": "CreateModelCustomizationJob", "do": "hold"}]))
    bedrock.create_model_customization_job(jobName=f"{name}-2", customModelName=f"{name}-2", **asked)
    aws.client("ssm").put_parameter(Name=f"/quarry/{environment}/aliases/fast", Value="{}", Type="String")
    return [
        "bedrock model-customization-job",
        "bedrock custom-model ",
        "bedrock custom-model-deployment",
        "bedrock provisioned-throughput",
        f"ssm parameter /quarry/{environment}/aliases/fast",
        f"iam role quarry-{environment}-tuning-Tuner-1",
    ]


def _examples(count: int) -> str:
    record = {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "Answer with the tweet's mood."}],
        "messages": [
            {"role": "user", "content": [{"text": "What a great day"}]},
            {"role": "assistant", "content": [{"text": "positive"}]},
        ],
    }
    return "".join(json.dumps(record) + "\n" for _ in range(count))


def _lower(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def _studio(aws: LocalAws, environment: str) -> list[str]:
    """An app in a participant's space, and what somebody made in Studio's own interface."""
    sagemaker = aws.client("sagemaker")
    (domain,) = resources(aws, environment, "studio", "AWS::SageMaker::Domain")
    (space, *_) = [one["SpaceName"] for one in sagemaker.list_spaces(DomainIdEquals=domain)["Spaces"]]
    sagemaker.create_app(DomainId=domain, SpaceName=space, AppType="JupyterLab", AppName="default")
    return [f"sagemaker app {domain}|{space}"]


def _logs(aws: LocalAws, environment: str) -> list[str]:
    """A log group that came back: Lambda's own name for it, which no template has."""
    function = resources(aws, environment, "inference", "AWS::Lambda::Function")[0]
    logs = aws.client("logs")
    names = [f"/aws/lambda/{function}", f"/aws/lambda/quarry-{environment}-inference-Gone123-abc"]
    for name in names:
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="s")
        event = {"timestamp": int(time.time() * 1000), "message": "late"}
        logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=[event])
    return [f"logs log-group {name}" for name in names]


def _others(aws: LocalAws, environment: str, tags: dict[str, str]) -> list[str]:
    upper = [{"Key": key, "Value": value} for key, value in tags.items()]
    group = f"quarry-{environment}-expiry"
    scheduler = aws.client("scheduler")
    scheduler.create_schedule_group(Name=group, Tags=upper)
    scheduler.create_schedule(
        Name="end",
        GroupName=group,
        ScheduleExpression="rate(30 days)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:sqs:us-east-1:000000000000:orders", "RoleArn": "arn:aws:iam::000000000000:role/any"},
    )
    aws.client("budgets").create_budget(
        AccountId="000000000000",
        Budget={
            "BudgetName": f"quarry-{environment}-budget",
            "BudgetLimit": {"Amount": "5", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
        ResourceTags=upper,
    )
    secret = aws.client("secretsmanager").create_secret(Name=f"quarry/{environment}/more", SecretString="x")["ARN"]
    aws.client("apigateway").create_api_key(name=f"quarry-{environment}-by-hand", tags=tags)
    guardrail = resources(aws, environment, "guardrails", "AWS::Bedrock::Guardrail")[0]
    aws.client("bedrock").create_guardrail_version(guardrailIdentifier=guardrail)
    queue = aws.client("sqs").create_queue(QueueName=f"by-hand-{environment}", tags=tags)["QueueUrl"]
    key = aws.client("kms").create_key(Tags=[{"TagKey": "quarry:environment", "TagValue": environment}])["KeyMetadata"]
    aws.client("cloudformation").create_change_set(
        StackName=f"quarry-{environment}-expiry",
        ChangeSetName="seen",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}),
    )
    return [
        f"scheduler schedule {group}|end",
        f"scheduler schedule-group {group}",
        f"budgets budget quarry-{environment}-budget",
        f"secretsmanager secret {secret}",
        "apigateway api-key",
        "bedrock guardrail-version",
        f"sqs queue {queue}",
        f"kms key {key['KeyId']}",
        f"cloudformation stack quarry-{environment}-expiry",
    ]
