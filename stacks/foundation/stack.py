"""The stack that is made first and goes last: an environment's end and budget. With neither there is none of it.

Idle it costs nothing by the hour: with a budget, a run a minute of a function, less than 0.05 USD a month.
"""

import re
from typing import Any, Final

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from configuration.config import Config
from configuration.names import STACKS, physical_name
from configuration.parameters import ParameterNames
from lambdas.expiry.settings import BudgetPlan, EndingSettings, KeeperSettings
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.python_function import PythonFunction
from stacks.components.table import Table
from stacks.foundation import costs, permissions
from stacks.foundation.alerts import Alerts
from stacks.foundation.aws_budget import AwsBudget
from stacks.foundation.end import EndSchedules
from stacks.foundation.machine import EndingMachine

STACK_ID: Final = STACKS[0]
KEEPER_SECONDS: Final = 50
ENDING_SECONDS: Final = 300
WATCH: Final = Duration.minutes(1)

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def is_needed(config: Config) -> bool:
    """Return whether there is anything in the stack: an empty one cannot be deployed."""
    return config.expires_after is not None or config.budget is not None


class FoundationStack(EnvironmentStack):
    """Composes what keeps the end and the budget, and what ends things."""

    def __init__(self, scope: Construct, id_: str, *, config: Config, account: str | None) -> None:
        super().__init__(
            scope, id_, config=config, account=account, description="Quarry: the environment's end and budget"
        )
        self.table = self._table()
        # An owner who is no address is told by whoever subscribes to the topic.
        self.alerts = Alerts(self, "Alerts", email=config.owner if _EMAIL.fullmatch(config.owner) else None)
        self._end = EndSchedules(self, "End") if config.expires_after is not None else None
        ending = self._ending()
        self.machine = EndingMachine(self, "Machine", ending=ending, topic=self.alerts.topic).machine
        keeper = self._keeper()
        if self._end is not None and config.expires_after is not None:
            self._end.set(written=config.expires_after, table=self.table, keeper=keeper, machine=self.machine)
        if config.budget is not None:
            AwsBudget(self, "Budget", budget=config.budget, alerts=self.alerts)
            self._watch(keeper)
            ssm.StringParameter(
                self,
                "TableParameter",
                parameter_name=ParameterNames(config).environment_table,
                string_value=self.table.table_name,
            )
        CfnOutput(
            self, "KeeperFunction", value=keeper.function.function_name, description="Function that moves the end"
        )
        CfnOutput(self, "AlertsTopic", value=self.alerts.topic.topic_arn, description="Topic that tells the owner")
        CfnOutput(self, "EnvironmentTable", value=self.table.table_name, description="Table of end and budget")

    def _table(self) -> Table:
        table = Table(self, "Table", partition_key="pk")
        # It holds nothing but what ends with the environment, whatever else is kept.
        table.apply_removal_policy(RemovalPolicy.DESTROY)
        resource = table.node.default_child
        assert isinstance(resource, dynamodb.CfnTable)
        resource.deletion_protection_enabled = False
        return table

    @property
    def _plan(self) -> BudgetPlan | None:
        budget = self.config.budget
        if budget is None:
            return None
        return BudgetPlan(
            monthly_micro_dollars=budget.monthly_micro_dollars,
            alert_at=tuple(budget.alert_at),
            stop_at=budget.stop_at,
        )

    @property
    def _told(self) -> dict[str, Any]:
        """What both functions are told."""
        told = {
            "environment": self.config.name,
            "table": self.table.table_name,
            "topic_arn": self.alerts.topic.topic_arn,
            "budget": self._plan,
        }
        if self._end is None:
            return told
        end = {"group": self._end.name, "group_arn": self._end.group.attr_arn}
        return {**told, **end, "scheduler_role_arn": self._end.role.role_arn}

    def _ending(self) -> PythonFunction:
        names = tuple(physical_name(self.config.name, id_.lower()) for id_ in reversed(STACKS))
        settings = EndingSettings(**self._told, stacks=names, inference=self.config.physical_name("inference"))
        function = PythonFunction(
            self,
            "Ending",
            description="Ends the environment, step by step: what costs, then its stacks",
            handler="lambdas.expiry.ending.lambda_handler",
            service="expiry-ending",
            settings=settings,
            memory_megabytes=512,
            timeout_seconds=ENDING_SECONDS,
        )
        role, environment = function.role, self.config.name
        permissions.grant_tell(role, topic=self.alerts.topic)
        costs.grant_see(role, kept=self._end is not None)
        costs.grant_stop(role, environment=environment)
        if self._end is not None:
            costs.grant_remove_kept(role, environment=environment, keys_stack=settings.inference)
            permissions.grant_end(role, table=self.table, names=names)
            permissions.grant_try_again(role, end=self._end.scheduling)
        return function

    def _keeper(self) -> PythonFunction:
        function = PythonFunction(
            self,
            "Keeper",
            description="Keeps the environment's end and budget: moves, warns, watches",
            handler="lambdas.expiry.keeper.lambda_handler",
            service="expiry-keeper",
            settings=KeeperSettings(**self._told, machine_arn=self.machine.state_machine_arn),
            memory_megabytes=256,
            timeout_seconds=KEEPER_SECONDS,
        )
        end = self._end.scheduling if self._end is not None else None
        budget = self.config.budget is not None
        permissions.grant_keep(
            function.role,
            table=self.table,
            topic=self.alerts.topic,
            stopped_by=self.machine if budget else None,
            end=end,
        )
        if budget:
            costs.grant_see(function.role, kept=False)
        return function

    def _watch(self, keeper: PythonFunction) -> None:
        events.Rule(
            self,
            "Watch",
            description="Looks at the environment's month: alerts, what runs by the hour, the stop",
            schedule=events.Schedule.rate(WATCH),
            # A look that failed is not taken again: the next one comes soon, and does the same.
            targets=[
                targets.LambdaFunction(
                    keeper.function,
                    event=events.RuleTargetInput.from_object({"action": "watch"}),
                    retry_attempts=0,
                )
            ],
        )
