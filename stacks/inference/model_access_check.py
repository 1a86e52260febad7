"""The access check as part of a deployment: it fails, with the fix as CloudFormation's reason, before anybody calls.

The check's function stays and answers ``quarry check``. Its role can look and ask, but accept nothing.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import CfnOutput, CustomResource, Duration
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from configuration.config import Config
from configuration.model_access import candidates
from configuration.parameters import ParameterNames
from configuration.targets import Target
from lambdas.model_access import published
from lambdas.model_access.candidates import to_json
from lambdas.model_access.settings import ModelAccessSettings
from stacks.components.checks import acknowledge
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.python_function import PythonFunction
from stacks.inference import permissions
from stacks.inference.served_models import ServedModels

# The check, repeated while a new role's policy settles for as long as there is time; the handler keeps 30 s of it for
# telling CloudFormation.
TIMEOUT_SECONDS: Final = 120
# If even that fails, CloudFormation stops waiting.
SERVICE_TIMEOUT_SECONDS: Final = 180


class ModelAccessCheck(Construct):
    """Checks that ``inference``, with its own role, can call the models behind the aliases.

    Args:
        inference: the function that serves; it makes the real calls.
        models: what the aliases call, as it is deployed.
    """

    def __init__(self, scope: Construct, id_: str, *, inference: PythonFunction, models: ServedModels) -> None:
        super().__init__(scope, id_)
        stack = EnvironmentStack.of(self)
        config = stack.config
        name = ParameterNames(config).model_access
        settings = ModelAccessSettings(
            environment=config.name,
            region=config.region,
            inference_function=inference.function.function_name,
            parameter_name=name,
            participants=config.models.participants,
            needed_until=config.models.needed_until,
            called_as=_called_as(models.aliases),
        )
        function = PythonFunction(
            self,
            "Function",
            description="Checks whether the models behind the aliases can be called, and says what to do if not",
            handler="lambdas.model_access.handler.lambda_handler",
            service="model-access",
            settings=settings,
            memory_megabytes=512,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        permissions.grant_check_model_access(function.role, stack=stack, caller=inference.function, parameter_name=name)
        # Each write keeps what has passed: lambdas.model_access.passed.
        permissions.grant_read_model_access(function.role, stack=stack, parameter_name=name)
        acknowledge(
            function.role,
            "AwsSolutions-IAM5[Resource::*]",
            because="Calls that look up access, quotas and account settings know no resources; nor does X-Ray.",
        )
        # The function overwrites the value; the stack owns the parameter, so that it goes with the stack.
        parameter = ssm.StringParameter(self, "Findings", parameter_name=name, string_value=published.EMPTY)
        if config.models.access_check != "off":
            self._run_at_deploy(config, settings, function, after=(inference, function, parameter))
        _output(self, "ModelAccessFunction", function.function.function_name, "Function that quarry check asks")

    def _run_at_deploy(
        self, config: Config, settings: ModelAccessSettings, function: PythonFunction, *, after: Sequence[Construct]
    ) -> None:
        check = CustomResource(
            self,
            "Check",
            service_token=function.function.function_arn,
            resource_type="Custom::ModelAccess",
            service_timeout=Duration.seconds(SERVICE_TIMEOUT_SECONDS),
            # CloudFormation runs it again when any of these changes, and only then.
            properties={
                "Mode": config.models.access_check,
                "Candidates": json.dumps(to_json(candidates(config)), separators=(",", ":"), sort_keys=True),
                "CalledAs": settings.to_env()["CALLED_AS"],
                "Participants": config.models.participants,
                "NeededUntil": str(settings.needed_until or ""),
            },
        )
        # Functions alone are not enough: their roles' policies must be there too.
        check.node.add_dependency(*after)
        _output(self, "ModelAccess", check.get_att_string("Summary"), "What the last deployment found of each alias")


def _called_as(served: Mapping[str, Sequence[Target]]) -> dict[str, dict[str, str]]:
    """Return what is called in place of the catalogue's ids: see ModelAccessSettings."""
    replaced = {
        alias: {target.own_id: target.cost_profile_arn for target in targets if target.cost_profile_arn}
        for alias, targets in served.items()
    }
    return {alias: names for alias, names in replaced.items() if names}


def _output(scope: Construct, name: str, value: str, description: str) -> None:
    CfnOutput(scope, name, value=value, description=description).override_logical_id(name)
