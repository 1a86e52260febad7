"""The schedule that stops apps for their age.

Some 2,900 runs a month, each far below a second, cost less than 0.02 USD.
"""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from lambdas.studio.settings import MaxAgeSettings
from stacks.components.checks import acknowledge_wildcards
from stacks.components.python_function import PythonFunction
from stacks.studio import function_permissions

EVERY_MINUTES: Final = 15
# Shorter than the time between two runs, so that they do not meet.
TIMEOUT_SECONDS: Final = 300


class MaxAge(Construct):
    """Stops the apps of ``domain`` that run for more than ``hours``; their spaces stay.

    Attributes:
        function: does it.
    """

    def __init__(self, scope: Construct, id_: str, *, domain: sagemaker.CfnDomain, hours: int) -> None:
        super().__init__(scope, id_)
        self.function = PythonFunction(
            self,
            "Function",
            description="Stops Studio's apps that run for too long",
            handler="lambdas.studio.max_age.lambda_handler",
            service="studio-max-age",
            settings=MaxAgeSettings(domain_id=domain.attr_domain_id, max_age_hours=hours),
            memory_megabytes=256,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        statements = function_permissions.stopping_apps(domain)
        for statement in statements:
            self.function.role.add_to_policy(statement)
        acknowledge_wildcards(
            self.function.role,
            statements,
            because="ListApps knows no resources; and any app of this one domain may be too old.",
        )
        events.Rule(
            self,
            "Schedule",
            description="Stops Studio's apps that run for too long",
            schedule=events.Schedule.rate(Duration.minutes(EVERY_MINUTES)),
            # A run that failed is not tried again: the next one comes soon, and does the same.
            targets=[targets.LambdaFunction(self.function.function, retry_attempts=0)],
        )
