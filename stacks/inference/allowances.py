"""The allowances: the table that the ledger keeps, and the function that sweeps up after functions that died.

Idle it costs nothing but the sweeper's runs: some 8,600 a month, each far below a second, so less than 0.02 USD.
"""

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from lambdas.allowances.settings import SweeperSettings
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.python_function import PythonFunction
from stacks.components.table import Table
from stacks.foundation.counted import counted_budget, grant_count
from stacks.inference import permissions

SWEEP_MINUTES: Final = 5
# Shorter than the time between two sweeps, so that they do not meet.
TIMEOUT_SECONDS: Final = 240


class Allowances(Construct):
    """What each key has spent and reserved.

    Attributes:
        table: its layout is in lambdas.allowances.account; who uses it needs permissions.grant_use_ledger.
        sweeper: the function.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self.table = Table(self, "Table", partition_key="pk", sort_key="sk", time_to_live="ttl")
        stack = EnvironmentStack.of(self)
        budget = counted_budget(stack)
        self.sweeper = PythonFunction(
            self,
            "Sweeper",
            description="Ends the reservations of calls whose function died",
            handler="lambdas.allowances.handler.lambda_handler",
            service="allowances-sweeper",
            settings=SweeperSettings(
                allowances_table=self.table.table_name, environment_table=budget.table if budget else ""
            ),
            memory_megabytes=256,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        permissions.grant_sweep(self.sweeper.role, table=self.table)
        grant_count(self.sweeper.role, stack=stack)
        events.Rule(
            self,
            "Schedule",
            description="Runs the allowances' sweeper",
            schedule=events.Schedule.rate(Duration.minutes(SWEEP_MINUTES)),
            # A sweep that failed is not tried again: the next one comes soon, and does the same.
            targets=[targets.LambdaFunction(self.sweeper.function, retry_attempts=0)],
        )
