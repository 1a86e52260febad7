"""A Python function of ours: the one place that knows runtime, code asset, layer, tracing, logs and role."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from lambdas.common.observability import ENVIRONMENT_VARIABLE
from lambdas.common.settings import EnvSettings
from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.function_code import function_code
from stacks.components.log_group import log_group

METRICS_NAMESPACE: Final = "Quarry"
# Source: Lambda developer guide, quotas.
ENVIRONMENT_BYTES: Final = 4096
# The longest value that a token stands for: the ARN of an application inference profile.
TOKEN_BYTES: Final = 86
_TOKEN: Final = re.compile(r"\$\{Token\[[^]]+\]\}")


class EnvironmentTooLargeError(ValueError):
    """The function's variables do not fit into what Lambda takes."""


def _check_size(handler: str, environment: dict[str, str]) -> None:
    """Refuse at synth what Lambda would refuse in mid-deployment. What a token stands for counts as long as it can be.

    Raises:
        EnvironmentTooLargeError: the variables do not fit.
    """
    known = {name: _TOKEN.sub("x" * TOKEN_BYTES, value) for name, value in environment.items()}
    size = sum(len(name.encode()) + len(value.encode()) for name, value in known.items())
    if size > ENVIRONMENT_BYTES:
        raise EnvironmentTooLargeError(
            f"the environment variables of {handler} have {size:,} bytes; Lambda takes {ENVIRONMENT_BYTES:,}. "
            "Use fewer aliases, candidates or fields of knowledge.metadata."
        )


@dataclass(frozen=True, kw_only=True)
class FunctionLayer:
    """A layer besides that of the dependencies, and the variables, no settings of ours, by which it is used."""

    layer: lambda_.ILayerVersion
    variables: Mapping[str, str] = field(default_factory=dict)


class PythonFunction(Construct):
    """A function with its own role, log group and settings.

    Args:
        handler: dotted path of the handler, as ``lambdas.api.handler.lambda_handler``.
        settings: becomes the environment; the function reads it with the same class.
        service: name in logs and metrics.
        timeout_seconds: after which Lambda ends the function.
        layers: more layers than that of the dependencies.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        handler: str,
        settings: EnvSettings,
        service: str,
        description: str,
        memory_megabytes: int,
        timeout_seconds: int,
        layers: Sequence[FunctionLayer] = (),
    ) -> None:
        super().__init__(scope, id_)
        stack = EnvironmentStack.of(self)
        environment = {
            **settings.to_env(),
            **{name: value for layer in layers for name, value in layer.variables.items()},
            "POWERTOOLS_SERVICE_NAME": service,
            "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
            ENVIRONMENT_VARIABLE: stack.config.name,
        }
        _check_size(handler, environment)
        self.log_group: logs.LogGroup = log_group(self, "Logs")
        dependencies = stack.dependency_layer
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=dependencies.architecture,
            code=function_code(stack.config.functions.build_for),
            handler=handler,
            layers=[dependencies.layer, *(layer.layer for layer in layers)],
            role=self.role,
            memory_size=memory_megabytes,
            timeout=Duration.seconds(timeout_seconds),
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            environment=environment,
        )
        acknowledge(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            because="xray:PutTraceSegments and xray:PutTelemetryRecords know no resources.",
        )
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            because="Python 3.13 is what the dependency layer's wheels are fetched for; AWS supports it until 2029.",
        )
