"""The watch over an environment's month: what runs is metered, the owners are told, and what is spent is stopped.

A schedule runs it every minute. The stop itself needs nobody: a request that costs looks at the month's total first.
What follows from it (throughput, apps, the message) begins within the minute, and again every quarter of an hour, so
that nothing that was begun meanwhile goes on for long.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.budget.spending import DynamoDbClient, Month, Spending, key
from lambdas.common.aws_errors import code_of
from lambdas.common.figures import us_dollars
from lambdas.expiry import message
from lambdas.expiry.settings import BudgetPlan

METER_SECONDS: Final = 5 * 60
# What lies between two meterings is charged up to this: whoever was not metered for longer was not watched.
LONGEST_SECONDS: Final = 3_600
STOP_AGAIN_SECONDS: Final = 15 * 60


class StepFunctions(Protocol):
    """The call of Step Functions that is made."""

    def start_execution(self, **kwargs: Any) -> Any: ...


class LiftError(ValueError):
    """The budget cannot be lifted like that; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The watch of one environment.

    Attributes:
        running: returns what runs now, in US dollars per hour.
        tell: sends subject and text to the owners.
        now: seconds since the epoch.
    """

    environment: str
    plan: BudgetPlan
    spending: Spending
    client: DynamoDbClient
    machine_arn: str
    machines: StepFunctions
    running: Callable[[], float]
    tell: Callable[[str, str], None]
    now: Callable[[], float]

    def look(self) -> Month:
        """Look once, and return the month as it is then."""
        month = self._metered(self.spending.month())
        budget = self.budget(month)
        for percent in self.plan.alert_at:
            threshold = budget * percent // 100
            told = f"{percent}#{threshold}"
            if month.total >= threshold and told not in month.told:
                texts = message.alert(
                    self.environment, percent=percent, spent=month.total, monthly=budget, month=month.name
                )
                self.tell(*texts)
                self._mark(month, told)
        if month.is_stopped(self.spending.settings):
            self._stop(month)
        return month

    def budget(self, month: Month) -> int:
        """Return the month's budget (micro-dollars): the plan's, or what it was lifted to."""
        if month.stop_at is None or not self.plan.stop_at:
            return self.plan.monthly_micro_dollars
        return month.stop_at * 100 // self.plan.stop_at

    def lift(self, budget_usd: float | None) -> Month:
        """Let the environment go on in this month, and return the month as it is then.

        Args:
            budget_usd: the month's budget from now on; None adds as much as the environment's file gives a month.

        Raises:
            LiftError: nothing stops here, or so much is spent already.
        """
        plan, month = self.plan, self.spending.month()
        if plan.stop_at is None or plan.stop_micro_dollars is None:
            raise LiftError("the budget of this environment stops nothing (budget.stop_at: null)")
        if budget_usd is None:
            stop = month.total + plan.stop_micro_dollars
        else:
            stop = math.floor(budget_usd * 1_000_000) * plan.stop_at // 100
        if stop <= month.total:
            raise LiftError(
                f"{us_dollars(month.total / 1e6)} USD of {month.name} are spent, so it would stop again at once (it "
                f"stops at {us_dollars(stop / 1e6)} USD): give a larger --budget"
            )
        self._update(month, "SET stop_at = :stop", {":stop": {"N": str(stop)}})
        return self.spending.month()

    def _metered(self, month: Month) -> Month:
        """Add what ran since the last time; two runs at once add it once."""
        now = int(self.now())
        if month.metered_at is not None and now - month.metered_at < METER_SECONDS:
            return month
        added = 0
        condition, values = "attribute_not_exists(metered_at)", {":now": {"N": str(now)}}
        if month.metered_at is not None:
            seconds = min(now - month.metered_at, LONGEST_SECONDS)
            added = math.ceil(self.running() * 1_000_000 * seconds / 3_600)
            condition, values = "metered_at = :was", {**values, ":was": {"N": str(month.metered_at)}}
        values[":added"] = {"N": str(added)}
        try:
            self._update(month, "SET metered_at = :now ADD running :added", values, condition)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
        return self.spending.month()

    def _stop(self, month: Month) -> None:
        stop = month.stop(self.spending.settings)
        told = f"stop#{stop}"
        quarter = int(self.now()) // STOP_AGAIN_SECONDS
        try:
            self.machines.start_execution(
                stateMachineArn=self.machine_arn,
                name=f"budget-{month.name}-{stop}-{quarter}",
                input=json.dumps({"why": "budget", "phase": "begin", "quiet": told in month.told}),
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise
        if told not in month.told:
            self._mark(month, told)

    def _mark(self, month: Month, told: str) -> None:
        self._update(month, "SET #told = :now", {":now": {"N": str(int(self.now()))}}, names={"#told": f"told#{told}"})

    def _update(
        self,
        month: Month,
        expression: str,
        values: dict[str, Any],
        condition: str = "",
        *,
        names: dict[str, str] | None = None,
    ) -> None:
        self.client.update_item(
            TableName=self.spending.settings.table,
            Key=key(month.name),
            UpdateExpression=expression,
            ExpressionAttributeValues=values,
            **({"ConditionExpression": condition} if condition else {}),
            **({"ExpressionAttributeNames": names} if names else {}),
        )
