"""An environment's month: one item of the environment's table, to which every charge is added, and its budget.

Layout of the item (partition key ``pk`` = ``SPENT#<month>``, as ``SPENT#2026-11``; UTC's months, so a new one begins at
nothing without anybody having to reset a counter):

    keys         N  micro-dollars charged to keys
    running      N  micro-dollars that things cost by the hour while they were there, as far as they were metered
    stop_at      N  micro-dollars at which everything stops in this month, in place of the settings': `quarry resume`
    metered_at   N  when what runs was metered last (epoch)
    told#<what>  N  when the owners were told of a threshold, or of the stop (epoch)
    s#<0..2>     SS what was added in the last seconds, so that nothing is added twice when an answer is lost

Calls that begin at once see the same total, so what is spent passes the stop by at most what is under way then.
"""

import random
import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from lambdas.budget.settings import BudgetSettings
from lambdas.common.aws_errors import code_of, is_passing
from lambdas.common.errors import RateLimitError, UnavailableError
from lambdas.common.network_errors import NOTHING_SENT

STOPPED: Final = "budget_spent"
# Its threads start when the first is needed: in an environment without a budget, never.
_beside: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="spending")

ATTEMPTS: Final = 6
BACKOFF_SECONDS: Final = 0.05
# What was added is remembered for this long at least, and no attempt begins so late that it would be over later. The
# item is written whole for a few bytes more, and every kilobyte of it costs: at 80 additions a second it has about ten,
# which is what one item of DynamoDB takes.
ADDED_SECONDS: Final = 10
AGAIN_SECONDS: Final = 5
_ADDED_SETS: Final = 3

Item = dict[str, dict[str, Any]]


class BudgetSpentError(RateLimitError):
    """The environment's budget is spent: whatever costs is refused, whoever asks."""

    default_code = STOPPED

    def __init__(self, month: str) -> None:
        super().__init__(
            f"The budget of this platform for {month} is spent: nothing that costs is answered until its owner lifts "
            "that, or the month ends (UTC). No key is at fault; a retry does not help."
        )

    def headers(self) -> dict[str, str]:
        """Return that a retry is useless, which OpenAI's SDK obeys."""
        return {**super().headers(), "x-should-retry": "false"}


class DynamoDbClient(Protocol):
    """The calls that are made, with DynamoDB's own shapes. botocore's and boto3's clients both fit."""

    def get_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def update_item(self, **kwargs: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Month:
    """A month as it was at one moment; money is micro-dollars.

    Attributes:
        name: as 2026-11.
        told: what the owners were told of -> when (epoch).
    """

    name: str
    keys: int = 0
    running: int = 0
    stop_at: int | None = None
    metered_at: int | None = None
    told: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All that was spent, as far as it was metered."""
        return self.keys + self.running

    def stop(self, settings: BudgetSettings) -> int | None:
        """Return the total at which everything stops; None if nothing does."""
        return settings.stop_micro_dollars if self.stop_at is None else self.stop_at

    def is_stopped(self, settings: BudgetSettings) -> bool:
        """Return whether everything that costs is refused."""
        stop = self.stop(settings)
        return stop is not None and self.total >= stop

    @classmethod
    def from_item(cls, name: str, item: Mapping[str, Any]) -> "Month":
        """Read the item; an empty one is a month in which nothing was spent."""
        numbers = {key: int(value["N"]) for key, value in item.items() if "N" in value}
        told = {key.removeprefix("told#"): when for key, when in numbers.items() if key.startswith("told#")}
        return cls(
            name=name,
            keys=numbers.get("keys", 0),
            running=numbers.get("running", 0),
            stop_at=numbers.get("stop_at"),
            metered_at=numbers.get("metered_at"),
            told=told,
        )


def month_of(now: float) -> str:
    """Return the month (UTC) as 2026-11."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m")


def key(month: str) -> Item:
    """Return the primary key of a month's item."""
    return {"pk": {"S": f"SPENT#{month}"}}


class Spending:
    """The environment's months.

    Args:
        client: DynamoDB's, low-level.
        clock: seconds since the epoch.
        sleep: waits that many seconds; for tests.
    """

    def __init__(
        self,
        *,
        client: DynamoDbClient,
        settings: BudgetSettings,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._client = client
        self._clock = clock
        self._sleep = sleep

    def month(self) -> Month:
        """Return the present month as it is now: one consistent read."""
        name = month_of(self._clock())
        reply = self._call(self._client.get_item, Key=key(name), ConsistentRead=True)
        return Month.from_item(name, reply.get("Item", {}))

    def check(self) -> None:
        """Refuse what costs once the budget is spent; without a stop nothing is read.

        Raises:
            BudgetSpentError: it is.
            UnavailableError: nobody knows.
        """
        if self.settings.stop_micro_dollars is None:
            return
        try:
            month = self.month()
        except (BotoCoreError, ClientError) as error:
            raise UnavailableError(
                "What is left of this platform's budget cannot be read just now. Try again in a second.",
                code="budget_unknown",
                retry_after=1,
            ) from error
        if month.is_stopped(self.settings):
            raise BudgetSpentError(month.name)

    def add(self, micro_dollars: int) -> None:
        """Add what was charged to a key, once, though an answer is lost; nothing is written for nothing.

        Raises:
            ClientError, BotoCoreError: it was not added, or nobody knows.
        """
        if not micro_dollars:
            return
        now = self._clock()
        turn = int(now // ADDED_SECONDS)
        names = {"#keys": "keys", "#added": f"s#{turn % _ADDED_SETS}", "#oldest": f"s#{(turn + 1) % _ADDED_SETS}"}
        token = secrets.token_urlsafe(4)
        try:
            self._call(
                self._client.update_item,
                Key=key(month_of(now)),
                UpdateExpression="ADD #keys :charged, #added :tokens REMOVE #oldest",
                ConditionExpression="attribute_not_exists(#added) OR NOT contains(#added, :token)",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues={
                    ":charged": {"N": str(micro_dollars)},
                    ":tokens": {"SS": [token]},
                    ":token": {"S": token},
                },
            )
        except ClientError as error:
            # An attempt whose answer was lost had added it.
            if code_of(error) != "ConditionalCheckFailedException":
                raise

    def _call(self, operation: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
        """Call, and again if that may help; what is written has a token that keeps it from being written twice."""
        until = self._clock() + AGAIN_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return operation(TableName=self.settings.table, **arguments)
            except (ClientError, HTTPClientError) as error:
                again = is_passing(error) if isinstance(error, ClientError) else not isinstance(error, NOTHING_SENT)
                if not again or attempt == ATTEMPTS:
                    raise
                wait = random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311 - jitter
                if self._clock() + wait > until:
                    raise
            self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def checking(self) -> "Future[None]":
        """Begin ``check``, beside something else."""
        return _beside.submit(self.check)

    def adding(self, micro_dollars: int) -> "Future[None]":
        """Begin ``add``, beside something else."""
        return _beside.submit(self.add, micro_dollars)
