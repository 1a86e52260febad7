"""Tuning in this process: buckets, a role that may read and write them, data, and calls through botocore's shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import iam, s3

from sandbox import clock, model, service_role, tuning
from sandbox.model import account
from sandbox.resources.service_api import ApiError, call
from sandbox.tuning import control

ROLE = "arn:aws:iam::000000000000:role/tuner"
BASE = "amazon.nova-lite-v1:0:300k"
LABELS = {"great": "positive", "awful": "negative", "fine": "neutral"}


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    model.install()
    tuning.install()
    control.forget()
    monkeypatch.setattr(service_role, "is_enforced", lambda: True)
    trust = {"Effect": "Allow", "Principal": {"Service": "bedrock.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam._roles["tuner"] = {"Arn": ROLE, "AssumeRolePolicyDocument": json.dumps({"Statement": [trust]})}
    allow("s3:GetObject", "s3:ListBucket", "s3:PutObject")
    call("s3", "CreateBucket", {"Bucket": "data"})
    upload("train.jsonl", tweets(9))
    yield
    account.set_standings([])
    control.forget()
    iam.reset()
    s3.reset()


def allow(*actions: str, resource: str = "*") -> None:
    """Let the job's role do these actions, and no others."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    iam._roles["tuner"]["InlinePolicies"] = {"p": json.dumps({"Statement": [statement]})}


def tweet(text: str, label: str) -> dict[str, Any]:
    """One record of Nova's."""
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": "Answer with the tweet's mood."}],
        "messages": [
            {"role": "user", "content": [{"text": text}]},
            {"role": "assistant", "content": [{"text": label}]},
        ],
    }


def tweets(count: int) -> str:
    """So many records, whose answer follows from one word of the question."""
    words = list(LABELS)
    found = [tweet(f"Tweet {n}: what a {words[n % 3]} day", LABELS[words[n % 3]]) for n in range(count)]
    return "".join(json.dumps(each) + "\n" for each in found)


def upload(key: str, text: str) -> None:
    """Put an object into the bucket ``data``."""
    call("s3", "PutObject", {"Bucket": "data", "Key": key, "Body": text.encode()})


def objects() -> list[str]:
    """The keys in the bucket ``data``."""
    return sorted(s3._buckets["data"]["objects"])


def do(operation: str, **parameters: Any) -> dict[str, Any]:
    """Call Bedrock."""
    return call("bedrock", operation, parameters)


def refusal(operation: str, **parameters: Any) -> str:
    """What Bedrock refuses a call with."""
    with pytest.raises(ApiError) as refused:
        do(operation, **parameters)
    return f"{refused.value.code}: {refused.value.message}"


def request(**changes: Any) -> dict[str, Any]:
    """A job's request."""
    asked = {
        "jobName": "job-1",
        "customModelName": "model-1",
        "roleArn": ROLE,
        "baseModelIdentifier": BASE,
        "trainingDataConfig": {"s3Uri": "s3://data/train.jsonl"},
        "outputDataConfig": {"s3Uri": "s3://data/output/"},
        **changes,
    }
    return {name: value for name, value in asked.items() if value is not None}


def start(**changes: Any) -> str:
    """Create a job and return its ARN."""
    return str(do("CreateModelCustomizationJob", **request(**changes))["jobArn"])


def settle(seconds: float = 1) -> None:
    """Let time pass."""
    clock.advance(seconds)


def trained(name: str = "model-1", **changes: Any) -> str:
    """Train a model, and return its ARN."""
    start(jobName=f"job-{name}", customModelName=name, **changes)
    settle()
    return str(do("GetCustomModel", modelIdentifier=name)["modelArn"])


def deployed(model_arn: str, name: str = "alias") -> str:
    """Deploy a model, and return the deployment's ARN when it is active."""
    made = do("CreateCustomModelDeployment", modelDeploymentName=name, modelArn=model_arn)
    settle()
    return str(made["customModelDeploymentArn"])
