"""A whole environment deployed to the AWS in this process from its templates, by CloudFormation alone.

Functions do not run: a custom resource is answered at once. What it would have cleaned up a teardown has to find.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource

from configuration.environment_file import load
from sandbox.connection import ACCOUNT, REGION
from tests import templates
from tests.sandbox.teardown_faults.local_aws import URL, LocalAws

ASSETS: Final = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
# What needs what, as cdk deploys them.
ORDER: Final = ("Foundation", "Guardrails", "Knowledge", "Prompts", "Inference", "Tuning", "Studio")


def prepare(aws: LocalAws) -> None:
    """Make what `cdk bootstrap` makes, and answer custom resources."""
    custom_resource.invoke_custom_resource = _answer
    lambda_svc._execute_function = lambda *_given: {"body": None}
    aws.client("s3").create_bucket(Bucket=ASSETS)
    aws.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")


def _answer(request: str, logical_id: str, props: Mapping[str, Any], *_more: Any, **named: Any) -> tuple[str, Any]:
    if lambda_svc._get_func_record_for_ref(props["ServiceToken"])[0] is None:
        raise ValueError(f"Function not found: {props['ServiceToken']}")
    return named.get("physical_id") or f"custom-{logical_id}", {"Summary": "all can be called"}


def deploy(aws: LocalAws, environment: str, *, only: tuple[str, ...] = ORDER) -> None:
    """Deploy the stacks of environments/<environment>.yaml.

    Raises:
        AssertionError: a stack is not deployed; with the reasons.
    """
    for stack, template in _ordered(synthesised(environment), only):
        _upload(aws, template)
        name = f"quarry-{environment}-{stack.lower()}"
        create(aws, name, template)


def synthesised(environment: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the templates of environments/<environment>.yaml, of one with Studio with all stacks that there may be."""
    if not environment.endswith("-studio"):
        return templates.of_environment(environment)
    more = {"tuning": load("sandbox-tuning").tuning, "expires_after": load("dev").expires_after}
    return templates.synthesise(load(environment).model_copy(update=more))


def create(aws: LocalAws, name: str, template: Mapping[str, Any]) -> None:
    """Create a stack and wait for it."""
    aws.client("s3").put_object(Bucket=ASSETS, Key=f"{name}.json", Body=json.dumps(template).encode())
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=name, TemplateURL=f"{URL}/{ASSETS}/{name}.json", Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    status = "CREATE_IN_PROGRESS"
    while status.endswith("_IN_PROGRESS"):
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        status = stack["StackStatus"]
    assert status == "CREATE_COMPLETE", (name, stack.get("StackStatusReason"), _reasons(aws, name))


def _reasons(aws: LocalAws, name: str) -> list[str]:
    events = aws.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    return [
        f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason')}"
        for one in events
        if one["ResourceStatus"].endswith("FAILED")
    ]


def _ordered(stacks: Mapping[str, Mapping[str, Any]], only: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    assert stacks.keys() <= set(ORDER), f"{sorted(stacks.keys() - set(ORDER))} has no place in ORDER"
    yield from ((name, stacks[name]) for name in ORDER if name in stacks and name in only)


def _upload(aws: LocalAws, template: Mapping[str, Any]) -> None:
    """Put an archive where the template's functions and layers expect theirs."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("lambdas/__init__.py", "")
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        code = properties.get("Code") or properties.get("Content") or {}
        if isinstance(code, dict) and "S3Key" in code:
            aws.client("s3").put_object(Bucket=ASSETS, Key=code["S3Key"], Body=archive.getvalue())


def make_strangers(aws: LocalAws) -> None:
    """Make what is nobody's here: without tags, with another's tag, and named nearly as ours."""
    for name in ("orders", "quarry-sandbox-studio-backup"):
        aws.client("s3").create_bucket(Bucket=f"{name}-bucket")
        aws.client("s3").put_object(Bucket=f"{name}-bucket", Key="kept", Body=b"kept")
        aws.client("sqs").create_queue(QueueName=name)
        aws.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
        aws.client("ssm").put_parameter(Name=f"/{name}/x", Value="x", Type="String")
    topic = aws.client("sns").create_topic(
        Name="tagged", Tags=[{"Key": "quarry:environment", "Value": "sandbox-studio-2"}]
    )
    aws.client("ssm").put_parameter(Name="/quarry/sandbox-studio-2/x", Value=topic["TopicArn"], Type="String")
