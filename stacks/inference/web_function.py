"""A function that is an HTTP server behind the Lambda Web Adapter, because only so can Python stream its answers.

Sources: Lambda developer guide (no managed Python runtime streams its response), README of aws-lambda-web-adapter.
"""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_lambda as lambda_

from stacks.components.dependency_layer import DependencyLayer

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


def adapter_layer(scope: Stack, id_: str, *, dependencies: DependencyLayer, version: int) -> lambda_.ILayerVersion:
    """Return AWS's layer with the adapter, for the machine that the dependencies are built for."""
    x86 = dependencies.architecture.name == lambda_.Architecture.X86_64.name
    name = f"LambdaAdapterLayer{'X86' if x86 else 'Arm64'}"
    arn = f"arn:{scope.partition}:lambda:{scope.region}:{ADAPTER_ACCOUNT}:layer:{name}:{version}"
    return lambda_.LayerVersion.from_layer_version_arn(scope, id_, arn)
