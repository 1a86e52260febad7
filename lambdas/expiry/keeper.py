"""The function that keeps an environment's end and budget: schedules and `quarry` call it with an action.

    warn     {ends_at, before}   tells the owners, unless the end was moved since
    watch    {}                  looks at the month: ``lambdas.expiry.watch``
    extend   {seconds}           moves the end
    never    {}                  takes the end away
    resume   {budget_usd}        lifts a budget that is spent, for this month
    status   {}                  tells end and month

Those of `quarry` answer ``{"ends_at", "was", ...}``, or ``{"error": {"code", "message"}}`` for what cannot be.
Importing this needs no environment, credentials or network: settings and clients are made on first use.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, Protocol

from lambdas.budget.settings import BudgetSettings
from lambdas.budget.spending import Spending
from lambdas.common import aws
from lambdas.common.observability import logger
from lambdas.expiry import message, schedules
from lambdas.expiry.costs import RUNNING, EnvironmentMoney, environment_aws
from lambdas.expiry.end import End, EndStore, NoEndError, PastError, TooLateError
from lambdas.expiry.schedules import Schedules
from lambdas.expiry.settings import KeeperSettings
from lambdas.expiry.watch import LiftError, Watch

READ_SECONDS: Final = 10.0

_CODES: Final[Mapping[type[Exception], str]] = {
    PastError: "past",
    TooLateError: "too_late",
    NoEndError: "never_ends",
    LiftError: "not_lifted",
}


class Topic(Protocol):
    """The call of SNS that is made."""

    def publish(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Does the actions.

    Attributes:
        schedules: None where the environment never ends.
        watch: None without a budget.
        now: seconds since the epoch.
    """

    settings: KeeperSettings
    store: EndStore
    schedules: Schedules | None
    watch: Watch | None
    sns: Topic
    now: Callable[[], float] = field(default=time.time)

    def act(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Do what the event asks for."""
        actions: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "warn": self._warn,
            "watch": self._watch,
            "extend": self._extend,
            "never": self._never,
            "resume": self._resume,
            "status": self._status,
        }
        try:
            return actions[str(event["action"])](event)
        except tuple(_CODES) as error:
            return {"error": {"code": _CODES[type(error)], "message": str(error)}}

    def tell(self, subject: str, text: str) -> None:
        """Send a message to the owners."""
        self.sns.publish(TopicArn=self.settings.topic_arn, Subject=subject[: message.MAX_SUBJECT], Message=text)

    def _warn(self, event: Mapping[str, Any]) -> dict[str, Any]:
        end = self.store.get()
        current = end is not None and end.state == "set" and end.ends_at == event["ends_at"]
        # A clock that has jumped brings warnings together with the end, or after it.
        if current := current and self.now() < event["ends_at"]:
            self.tell(*message.warning(self.settings.environment, ends_at=event["ends_at"], before=event["before"]))
        return {"told": current}

    def _watch(self, _event: Mapping[str, Any]) -> dict[str, Any]:
        return self._month() if self.watch is None else self._told(self.watch.look())

    def _extend(self, event: Mapping[str, Any]) -> dict[str, Any]:
        was, end = self.store.extend(int(event["seconds"]))
        if self.schedules is not None:
            self.schedules.set(end)
        return {**self._ends(end), "was": was.ends_at}

    def _never(self, _event: Mapping[str, Any]) -> dict[str, Any]:
        end = self.store.get()
        if end is None:
            raise NoEndError("this environment never ends by itself (expires_after: null)")
        if not self.store.forget():
            raise TooLateError("the end has begun: nothing takes it back")
        if self.schedules is not None:
            self.schedules.remove()
        return {"ends_at": None, "was": end.ends_at}

    def _resume(self, event: Mapping[str, Any]) -> dict[str, Any]:
        if self.watch is None:
            raise LiftError("this environment has no budget, so nothing of it was stopped")
        return self._told(self.watch.lift(event.get("budget_usd")))

    def _status(self, _event: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._ends(self.store.get()), **self._month()}

    def _month(self) -> dict[str, Any]:
        return {} if self.watch is None else self._told(self.watch.spending.month())

    def _told(self, month: Any) -> dict[str, Any]:
        assert self.watch is not None
        stop = month.stop(self.watch.spending.settings)
        return {
            "month": month.name,
            "spent_usd": month.total / 1e6,
            "budget_usd": self.watch.budget(month) / 1e6,
            "stops_at_usd": None if stop is None else stop / 1e6,
            "stopped": month.is_stopped(self.watch.spending.settings),
        }

    @staticmethod
    def _ends(end: End | None) -> dict[str, Any]:
        if end is None:
            return {"ends_at": None}
        return {"ends_at": end.ends_at, "first_at": end.first_at, "extended": end.extended, "state": end.state}


@cache
def keeper(keeper_arn: str) -> Keeper:
    """The keeper of the settings, made on first use."""
    settings = KeeperSettings.from_env()
    client = aws.client("dynamodb", read_timeout=READ_SECONDS)
    sns = aws.client("sns", read_timeout=READ_SECONDS)
    made = Keeper(
        settings=settings,
        store=EndStore(client=client, table=settings.table),
        schedules=schedules.of_settings(settings, machine_arn=settings.machine_arn, keeper_arn=keeper_arn),
        watch=None,
        sns=sns,
    )
    plan = settings.budget
    if plan is None:
        return made
    budget = BudgetSettings(table=settings.table, stop_micro_dollars=plan.stop_micro_dollars)
    money = EnvironmentMoney(aws=environment_aws(settings.environment, arn=keeper_arn), inference="", phases=RUNNING)
    watch = Watch(
        environment=settings.environment,
        plan=plan,
        spending=Spending(client=client, settings=budget),
        client=client,
        machine_arn=settings.machine_arn,
        machines=aws.client("stepfunctions", read_timeout=READ_SECONDS),
        running=money.usd_per_hour,
        tell=made.tell,
        now=time.time,
    )
    return replace(made, watch=watch)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: Any, kept_by: Keeper | None = None) -> dict[str, Any]:
    """Do an action and return what came of it.

    Args:
        kept_by: the keeper, for tests; by default that of the settings.
    """
    done = (kept_by or keeper(context.invoked_function_arn)).act(event)
    logger.info("done", extra={"action": event["action"], "result": done})
    return done
