"""A stack with a streaming API and its functions, deployed by raw CloudFormation as the CDK would write it."""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from sandbox.state import Record
from tests.sandbox.servers import ONE_ATTEMPT, session, settled
from tests.waiting import PATIENCE

REGION = "us-east-1"
ADAPTER = f"arn:aws:lambda:{REGION}:753240598075:layer:LambdaAdapterLayerArm64:27"
ALLOWED = "Bearer good"
RUN = "#!/bin/sh\nexec python -m uvicorn --host 127.0.0.1 --port $PORT --log-level warning application:app\n"
ACCESS_LOG = json.dumps(
    {
        name.rpartition(".")[2]: f"$context.{name}"
        for name in (
            "requestId",
            "httpMethod",
            "path",
            "status",
            "authorizer.key_id",
            "responseLength",
            "error.responseType",
            "integrationLatency",
        )
    }
)

AUTHORIZER = """
def handler(event, context):
    allowed = event["authorizationToken"] == "Bearer good"
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow" if allowed else "Deny", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "someone", "policyDocument": policy, "context": {"key_id": "k-1", "reason": "no such key"}}
"""


def archive(run: str = RUN) -> bytes:
    """The function's code; run.sh is not executable in it."""
    return packed({"run.sh": run, "application.py": Path(__file__).with_name("application.py").read_text("utf-8")})


def packed(files: dict[str, str]) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
    return buffer.getvalue()


def function(
    role: str, *, key: str = "app.zip", timeout: int = 900, layers: Sequence[Any] = (ADAPTER,), **environment: str
) -> dict[str, Any]:
    """A function behind the adapter, whose code lies in the bucket ``code``. ``timeout`` is in seconds."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "run.sh",
            "Architectures": ["arm64"],
            "Role": {"Fn::GetAtt": [role, "Arn"]},
            "Code": {"S3Bucket": "code", "S3Key": key},
            "Layers": list(layers),
            "Timeout": timeout,
            "MemorySize": 512,
            "Environment": {
                "Variables": {
                    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
                    "AWS_LWA_INVOKE_MODE": "response_stream",
                    "AWS_LWA_READINESS_CHECK_PATH": "/ready",
                    **environment,
                }
            },
        },
    }


def role(*actions: str) -> dict[str, Any]:
    """A role for Lambda that allows ``actions``."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    grant = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [grant]}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [policy] if actions else [],
        },
    }


def route(name: str, function_id: str, *, authorized: bool = True, timeout: int = 900_000) -> dict[str, Any]:
    """``ANY /name/{proxy+}``, streamed by a function. ``timeout`` is in milliseconds."""
    arn = {"Fn::GetAtt": [function_id, "Arn"]}
    prefix = f"arn:aws:apigateway:{REGION}:lambda:path/2021-11-15/functions/"
    guard = {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}}
    return {
        f"{name}Top": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "PathPart": name,
            },
        },
        f"{name}Proxy": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {"RestApiId": {"Ref": "Api"}, "ParentId": {"Ref": f"{name}Top"}, "PathPart": "{proxy+}"},
        },
        f"{name}Method": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResourceId": {"Ref": f"{name}Proxy"},
                "HttpMethod": "ANY",
                **(guard if authorized else {"AuthorizationType": "NONE"}),
                "Integration": {
                    "Type": "AWS_PROXY",
                    "IntegrationHttpMethod": "POST",
                    "ResponseTransferMode": "STREAM",
                    "TimeoutInMillis": timeout,
                    "Uri": {"Fn::Join": ["", [prefix, arn, "/response-streaming-invocations"]]},
                },
            },
        },
    }


NAMES = ("chat", "slow", "broken", "mute", "late", "buffered", "hasty", "other", "plain")
"""Routes, each with a function of the same name."""


def template(**changes: Any) -> dict[str, Any]:
    """The stack; ``changes`` replace resources."""
    routes = {key: value for name in NAMES for key, value in route(name, name.capitalize(), authorized=False).items()}
    special = {**route("chat", "Chat"), **route("hasty", "Hasty", authorized=False, timeout=300)}
    outputs = {name.capitalize(): {"Value": {"Ref": name.capitalize()}} for name in NAMES}
    return {
        "Resources": {**functions(), **api(), **routes, **special, **changes},
        "Outputs": {**outputs, "Api": {"Value": {"Ref": "Api"}}},
    }


def functions() -> dict[str, Any]:
    """The functions, their role, and a layer."""
    return {
        "Role": role("s3:ListAllMyBuckets", "logs:*"),
        "Chat": function("Role"),
        "Slow": function("Role", timeout=1),
        "Broken": function("Role", key="broken.zip"),
        "Mute": function("Role", key="mute.zip"),
        "Late": function("Role", key="late.zip", AWS_LWA_ASYNC_INIT="true", AWS_LWA_REMOVE_BASE_PATH="/late"),
        "Buffered": function("Role", AWS_LWA_INVOKE_MODE="buffered"),
        "Hasty": function("Role"),
        "Other": function("Role", layers=(ADAPTER, {"Ref": "Layer"})),
        "Plain": function("Role"),
        "Layer": {
            "Type": "AWS::Lambda::LayerVersion",
            "Properties": {"Content": {"S3Bucket": "code", "S3Key": "layer.zip"}},
        },
        "AuthorizerFunction": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Code": {"ZipFile": AUTHORIZER},
            },
        },
    }


def gateway_response(kind: str, template: str, **properties: str) -> dict[str, Any]:
    """What the API answers in place of a function."""
    return {
        "Type": "AWS::ApiGateway::GatewayResponse",
        "Properties": {
            "RestApiId": {"Ref": "Api"},
            "ResponseType": kind,
            "ResponseTemplates": {"application/json": template},
            **properties,
        },
    }


def logging_role() -> dict[str, Any]:
    """The role by which API Gateway writes logs."""
    trust = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    policy = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "ManagedPolicyArns": [policy],
        },
    }


def api() -> dict[str, Any]:
    """The API without its routes."""
    function_arn = {"Fn::GetAtt": ["AuthorizerFunction", "Arn"]}
    prefix = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/"
    access_log = {"DestinationArn": {"Fn::GetAtt": ["AccessLog", "Arn"]}, "Format": ACCESS_LOG}
    stage = {"RestApiId": {"Ref": "Api"}, "DeploymentId": {"Ref": "Deployment"}, "StageName": "live"}
    return {
        "Api": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {"Name": "streams", "EndpointConfiguration": {"Types": ["REGIONAL"]}},
        },
        "Authorizer": {
            "Type": "AWS::ApiGateway::Authorizer",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "Name": "keys",
                "Type": "TOKEN",
                "IdentitySource": "method.request.header.Authorization",
                "AuthorizerUri": {"Fn::Join": ["", [prefix, function_arn, "/invocations"]]},
            },
        },
        "Denied": gateway_response("ACCESS_DENIED", '{"refused":"$context.authorizer.reason"}', StatusCode="401"),
        "Failed": gateway_response("DEFAULT_5XX", '{"failed":$context.error.messageString}'),
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": [*(f"{name}Method" for name in NAMES), "Denied", "Failed"],
            "Properties": {"RestApiId": {"Ref": "Api"}},
        },
        "AccessLog": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "access"}},
        "LoggingRole": logging_role(),
        "Account": {
            "Type": "AWS::ApiGateway::Account",
            "Properties": {"CloudWatchRoleArn": {"Fn::GetAtt": ["LoggingRole", "Arn"]}},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "DependsOn": "Account",
            "Properties": {**stage, "AccessLogSetting": access_log},
        },
    }


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployed stack.

    Attributes:
        names: of its functions, and the API's id, by output.
    """

    record: Record
    names: dict[str, str]

    @property
    def url(self) -> str:
        """The front door's."""
        return f"http://127.0.0.1:{self.record.port}"

    def get(self, path: str, **options: Any) -> httpx.Response:
        """What the front door answers, however long it takes."""
        return httpx.get(f"{self.url}{path}", timeout=PATIENCE, **options)

    @contextmanager
    def endless(self, path: str, http: httpx.Client | None = None) -> Iterator[httpx.Response]:
        """A stream, of which each line is the process id of the function, until it is closed."""
        # Closing the connection would not end it.
        with tempfile.NamedTemporaryFile() as going_on:
            url = f"{self.url}{path}?while={going_on.name}"
            with httpx.stream("GET", url, timeout=PATIENCE) if http is None else http.stream("GET", url) as response:
                yield response

    def log_lines(self, function: str) -> list[str]:
        """The log of a function, named by output."""
        events = self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{self.names[function]}")["events"]
        return [event["message"] for event in events]

    def access_log(self) -> dict[str, dict[str, str]]:
        """The access log's lines, by request id."""
        lines = [event["message"] for event in self.client("logs").filter_log_events(logGroupName="access")["events"]]
        return {line["requestId"]: line for line in map(json.loads, lines)}

    def client(self, service: str) -> Any:
        """A boto3 client with the administrator's key."""
        return client(self.record, service)


def client(record: Record, service: str) -> Any:
    """A boto3 client with the administrator's key."""
    made: boto3.Session = session(record.connection)
    return made.client(service, endpoint_url=record.connection.aws_url, config=ONE_ATTEMPT)  # type: ignore[call-overload]  # a name, not a literal


def deploy(record: Record) -> Deployment:
    """Create the bucket of the code and the stack."""
    s3 = client(record, "s3")
    s3.create_bucket(Bucket="code")
    codes = {
        "app.zip": RUN,
        "broken.zip": "#!/bin/sh\necho 'nothing to run' >&2\nexit 3\n",
        "mute.zip": "#!/bin/sh\nexec sleep 600\n",
        "late.zip": "sleep 2\n" + RUN,
    }
    for key, run in codes.items():
        s3.put_object(Bucket="code", Key=key, Body=archive(run))
    layer = packed({"python/from_a_layer.py": "NAME = 'a layer'\n"})
    s3.put_object(Bucket="code", Key="layer.zip", Body=layer)
    cloudformation = client(record, "cloudformation")
    cloudformation.create_stack(
        StackName="streams", TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_IAM"]
    )
    settled(cloudformation, "streams", "stack_create_complete")
    return Deployment(record=record, names=outputs(cloudformation))


def outputs(cloudformation: Any) -> dict[str, str]:
    """The stack's outputs."""
    stack = cloudformation.describe_stacks(StackName="streams")["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
