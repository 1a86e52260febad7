"""A function that is an HTTP server behind the Lambda Web Adapter, because only so can Python stream its answers.

Sources: Lambda developer guide (no managed Python runtime streams its response), README of aws-lambda-web-adapter.
"""

from typing import Final

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.components.environment_stack import EnvironmentStack
from stacks.components.python_function import FunctionLayer

# AWS's own account for the adapter's layers, the same in all commercial regions.
ADAPTER_ACCOUNT: Final = "753240598075"
PORT: Final = 8080
READY_PATH: Final = "/ready"

VARIABLES: Final = {
    "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
    "AWS_LWA_INVOKE_MODE": "response_stream",
    "AWS_LWA_PORT": str(PORT),
    "AWS_LWA_READINESS_CHECK_PATH": READY_PATH,
    "PORT": str(PORT),
}


def web_adapter(scope: Construct, id_: str) -> FunctionLayer:
    """Return AWS's layer with the adapter, for the machine that the dependencies are built for."""
    stack = EnvironmentStack.of(scope)
    x86 = stack.dependency_layer.architecture.name == lambda_.Architecture.X86_64.name
    name = f"LambdaAdapterLayer{'X86' if x86 else 'Arm64'}:{stack.config.functions.web_adapter_layer}"
    arn = f"arn:{stack.partition}:lambda:{stack.region}:{ADAPTER_ACCOUNT}:layer:{name}"
    return FunctionLayer(layer=lambda_.LayerVersion.from_layer_version_arn(scope, id_, arn), variables=VARIABLES)
