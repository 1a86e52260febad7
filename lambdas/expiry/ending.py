"""The function that ends things, a step at a time: the state machine calls it with what is known so far.

Importing this needs no environment, credentials or network: settings and clients are made on first use.
"""

import time
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any, Final, Protocol

from lambdas.common import aws
from lambdas.common.observability import logger
from lambdas.expiry import message
from lambdas.expiry.costs import PHASES, RUNNING, EnvironmentMoney, environment_aws
from lambdas.expiry.end import EndStore
from lambdas.expiry.schedules import Schedules, of_settings
from lambdas.expiry.settings import EndingSettings
from lambdas.expiry.stacks import Stacks
from lambdas.expiry.steps import Ending, State

READ_SECONDS: Final = 20.0


class Topic(Protocol):
    """The call of SNS that is made."""

    def publish(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Moments:
    """When the environment ends, and when that is tried again; ``schedules`` is None where it never ends."""

    store: EndStore
    schedules: Schedules | None

    def begin(self, *, ends_at: int, execution: str, attempt: int) -> bool:
        """Begin the end: see ``EndStore.begin``."""
        return self.store.begin(ends_at=ends_at, execution=execution, attempt=attempt)

    def again(self, *, ends_at: int, attempt: int, at: float) -> None:
        """Have it begun once more."""
        if self.schedules is not None:
            self.schedules.again(ends_at=ends_at, attempt=attempt, at=at)


@cache
def ending(machine_arn: str, why: str) -> Ending:
    """What ends the environment, made on first use; the machine that calls is the one that is to call again."""
    settings = EndingSettings.from_env()
    sns = aws.client("sns", read_timeout=READ_SECONDS)
    store = EndStore(client=aws.client("dynamodb", read_timeout=READ_SECONDS), table=settings.table)

    def tell(state: State) -> None:
        subject, text = message.verdict(settings.environment, state)
        sns.publish(TopicArn=settings.topic_arn, Subject=subject[: message.MAX_SUBJECT], Message=text)

    return Ending(
        names=settings.stacks,
        money=EnvironmentMoney(
            aws=environment_aws(settings.environment, arn=machine_arn),
            inference=settings.inference,
            phases=PHASES if why == "expiry" else RUNNING,
        ),
        stacks=Stacks(aws.client("cloudformation", read_timeout=READ_SECONDS)),
        moments=Moments(store=store, schedules=of_settings(settings, machine_arn=machine_arn)),
        tell=tell,
        now=time.time,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], _context: Any, ended_by: Ending | None = None) -> dict[str, Any]:
    """Take a step.

    Args:
        event: ``{"state": what is known, "execution": the execution's name, "machine": the state machine's ARN}``.
        ended_by: takes it, for tests; by default that of the settings.

    Returns:
        What is known then; ``done`` says whether there are more steps, ``wait`` after how many seconds.
    """
    state = replace(State.from_event(event["state"]), execution=event["execution"])
    after = (ended_by or ending(event["machine"], state.why)).step(state)
    logger.info("step", extra={"phase": state.phase, "after": after.phase, "wait": after.wait, "done": after.done})
    return asdict(after)
