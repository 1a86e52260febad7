"""Tuning behind a real server: IAM of each request, a run by a state machine, what the inventory counts."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox import process
from sandbox.connection import ACCOUNT, REGION, Connection
from tests.sandbox import servers
from tests.sandbox.state_machines.room import Room, sdk
from tests.sandbox.tuning.conftest import BASE, tweets
from tests.waiting import eventually

BEDROCK = f"arn:aws:bedrock:{REGION}:{ACCOUNT}"
BASE_ARN = f"arn:aws:bedrock:{REGION}::foundation-model/{BASE}"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder: Path = tmp_path_factory.mktemp("tuning")
    with servers.running(folder) as (_, record):
        found = Room(record.connection)
        found.s3.create_bucket(Bucket="data")
        found.s3.put_object(Bucket="data", Key="data/train.jsonl", Body=tweets(12).encode())
        reads, writes = ("s3:GetObject", "arn:aws:s3:::data/data/*"), ("s3:PutObject", "arn:aws:s3:::data/output/*")
        found.role("tuner", reads, ("s3:ListBucket", "arn:aws:s3:::data"), writes, service="bedrock")
        yield found


def _control(connection: Connection, name: str, document: object) -> None:
    url = f"{connection.aws_url}/_sandbox/tuning/{name}"
    request = urllib.request.Request(url, json.dumps(document).encode(), method="PUT")
    with urllib.request.urlopen(request) as reply:
        assert reply.status == 200


def _caller(room: Room, name: str, *statements: dict[str, Any]) -> Any:
    """Clients of a user with these statements, by service."""
    room.iam.create_user(UserName=name)
    found = [{"Effect": "Allow", **statement} for statement in statements]
    policy = json.dumps({"Version": "2012-10-17", "Statement": found})
    room.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
    key = room.iam.create_access_key(UserName=name)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    url = room.connection.aws_url
    return lambda service: session.client(service, endpoint_url=url, config=servers.ONE_ATTEMPT)


def _job(name: str, **more: Any) -> dict[str, Any]:
    return {
        "jobName": name,
        "customModelName": name,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/tuner",
        "baseModelIdentifier": BASE,
        "trainingDataConfig": {"s3Uri": "s3://data/data/train.jsonl"},
        "outputDataConfig": {"s3Uri": "s3://data/output/"},
        **more,
    }


def _model(room: Room, name: str, **more: Any) -> str:
    bedrock = room.client("bedrock")
    bedrock.create_model_customization_job(**_job(name, **more))

    def done() -> str | None:
        job = bedrock.get_model_customization_job(jobIdentifier=name)
        assert job["status"] in ("InProgress", "Completed"), job.get("failureMessage")
        arn: str | None = job.get("outputModelArn")
        return arn

    return eventually(done)


def _deployment(room: Room, model: str, name: str) -> str:
    bedrock = room.client("bedrock")
    arn = str(
        bedrock.create_custom_model_deployment(modelDeploymentName=name, modelArn=model)["customModelDeploymentArn"]
    )

    def active() -> bool:
        return bool(bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn)["status"] == "Active")

    eventually(active)
    return arn


def test_a_job_needs_each_right_of_its_caller(room: Room) -> None:
    create = {"Action": "bedrock:CreateModelCustomizationJob", "Resource": [BASE_ARN, f"{BEDROCK}:*"]}
    tag = {
        "Action": "bedrock:TagResource",
        "Resource": f"{BEDROCK}:model-customization-job/*",
        "Condition": {"StringEquals": {"aws:RequestTag/quarry:run": "r"}},
    }
    passing = {"Action": "iam:PassRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/tuner"}
    tags = [{"key": "quarry:run", "value": "r"}]

    def refusal(name: str, *statements: dict[str, Any], tagged: list[dict[str, str]]) -> str:
        with pytest.raises(ClientError) as refused:
            _caller(room, name, *statements)("bedrock").create_model_customization_job(**_job(name, jobTags=tagged))
        assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
        return refused.value.response["Error"]["Message"]

    assert "bedrock:CreateModelCustomizationJob on resource: " + BASE_ARN in refusal(
        "no-create", {**create, "Resource": f"{BEDROCK}:*"}, tag, passing, tagged=tags
    )
    assert "bedrock:TagResource" in refusal("no-tag", create, passing, tagged=tags)
    other = [{"key": "quarry:run", "value": "other"}]
    assert "bedrock:TagResource" in refusal("wrong-tag", create, tag, passing, tagged=other)
    assert f"iam:PassRole on resource: arn:aws:iam::{ACCOUNT}:role/tuner" in refusal(
        "no-pass", create, tag, tagged=tags
    )
    allowed = _caller(room, "allowed", create, tag, passing)("bedrock")
    assert allowed.create_model_customization_job(**_job("allowed", jobTags=tags))["jobArn"]
    with pytest.raises(ClientError, match="not authorized to perform: bedrock:ListModelCustomizationJobs"):
        allowed.list_model_customization_jobs()


def test_deleting_goes_by_the_tags_of_what_is_deleted(room: Room) -> None:
    owned = _model(room, "owned", customModelTags=[{"key": "quarry:environment", "value": "dev"}])
    foreign = _model(room, "foreign", customModelTags=[{"key": "quarry:environment", "value": "prod"}])
    only = {"StringEquals": {"aws:ResourceTag/quarry:environment": "dev"}}
    caller = _caller(room, "cleaner", {"Action": "bedrock:DeleteCustomModel", "Resource": "*", "Condition": only})
    caller("bedrock").delete_custom_model(modelIdentifier=owned)
    with pytest.raises(ClientError, match="not authorized to perform: bedrock:DeleteCustomModel"):
        caller("bedrock").delete_custom_model(modelIdentifier=foreign)


def test_a_deployment_answers_who_may_call_it(room: Room) -> None:
    arn = _deployment(room, _model(room, "called"), "called")
    asked = {"modelId": arn, "messages": [{"role": "user", "content": [{"text": "what an awful day"}]}]}
    may = _caller(room, "may", {"Action": "bedrock:InvokeModel", "Resource": arn})("bedrock-runtime")
    assert may.converse(**asked)["output"]["message"]["content"] == [{"text": "negative"}]
    with pytest.raises(ClientError, match="bedrock:InvokeModelWithResponseStream on resource: " + arn):
        may.converse_stream(**asked)
    bare = {"Action": "bedrock:InvokeModel*", "Resource": "arn:aws:bedrock:*::foundation-model/*"}
    with pytest.raises(ClientError, match="not authorized to perform: bedrock:InvokeModel on resource: " + arn):
        _caller(room, "may-not", bare)("bedrock-runtime").converse(**asked)
    stream = room.client("bedrock-runtime").converse_stream(**asked)["stream"]
    deltas = [each["contentBlockDelta"]["delta"]["text"] for each in stream if "contentBlockDelta" in each]
    assert "".join(deltas) == "negative"


def test_a_state_machine_trains_and_hosts_and_a_rule_hears_of_it(room: Room) -> None:
    sqs, events = room.client("sqs"), room.client("events")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    pattern = {"source": ["aws.bedrock"], "detail-type": ["Model Customization Job State Change"]}
    events.put_rule(Name="heard", EventPattern=json.dumps({**pattern, "detail": {"jobName": ["by-machine"]}}))
    events.put_targets(Rule="heard", Targets=[{"Id": "q", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:heard"}])
    create = {f"{name[:1].upper()}{name[1:]}": value for name, value in _job("by-machine").items()}
    create["TrainingDataConfig"] = {"S3Uri": "s3://data/data/train.jsonl"}
    create["OutputDataConfig"] = {"S3Uri": "s3://data/output/"}
    states: dict[str, Any] = {
        "Create": {
            "Type": "Task",
            "Resource": sdk("bedrock:createModelCustomizationJob"),
            "Parameters": create,
            "ResultPath": "$.job",
            "Next": "Look",
        },
        "Look": {
            "Type": "Task",
            "Resource": sdk("bedrock:getModelCustomizationJob"),
            "Parameters": {"JobIdentifier.$": "$.job.JobArn"},
            "ResultPath": "$.found",
            "Next": "Done?",
        },
        "Done?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.found.Status", "StringEquals": "Completed", "Next": "Host"}],
            "Default": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": 2, "Next": "Look"},
        "Host": {
            "Type": "Task",
            "Resource": sdk("bedrock:createCustomModelDeployment"),
            "Parameters": {"ModelDeploymentName": "by-machine", "ModelArn.$": "$.found.OutputModelArn"},
            "End": True,
        },
    }
    allowed = [("bedrock:*", "*"), ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/tuner")]
    hosted = room.run("trains", {"StartAt": "Create", "States": states}, *allowed)
    assert hosted["CustomModelDeploymentArn"].startswith(f"{BEDROCK}:custom-model-deployment/")
    heard: list[str] = []

    def both() -> bool:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            heard.append(json.loads(message["Body"])["detail"]["jobStatus"])
        return len(heard) == 2

    eventually(both)
    assert sorted(heard) == ["Completed", "InProgress"]


def test_the_script_and_the_inventory_know_a_stalled_job(room: Room) -> None:
    _control(room.connection, "script", [{"on": "CreateModelCustomizationJob", "do": "hold", "phase": "training"}])
    bedrock = room.client("bedrock")
    bedrock.create_model_customization_job(**_job("stalled"))

    def training() -> bool:
        details = bedrock.get_model_customization_job(jobIdentifier="stalled")["statusDetails"]
        return bool(details["trainingDetails"]["status"] == "InProgress")

    eventually(training)
    found = process.request(room.connection, "GET", "/_sandbox/inventory")["bedrock"]
    assert "ModelCustomizationJob/stalled" in found
    bedrock.stop_model_customization_job(jobIdentifier="stalled")
    eventually(lambda: bedrock.get_model_customization_job(jobIdentifier="stalled")["status"] == "Stopped")
    found = process.request(room.connection, "GET", "/_sandbox/inventory")["bedrock"]
    assert "ModelCustomizationJob/stalled" not in found


def test_a_wrong_script_says_what_is_wrong(room: Room) -> None:
    url = f"{room.connection.aws_url}/_sandbox/tuning/script"
    request = urllib.request.Request(url, b'[{"on": "X", "do": "hold", "phase": "queue"}]', method="PUT")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as error:
        assert "'phase' is one of validation, dataProcessing, training" in error.read().decode()
