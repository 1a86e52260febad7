"""When an environment ends: one item of the environment's table, changed by single conditional updates only.

Layout of the item (partition key ``pk`` = ``END``):

    written    S  what the environment file says: 14d, or a moment
    first_at   N  when that was first deployed (epoch), from which a duration counts
    extended   N  seconds that `quarry extend` has added in all
    ends_at    N  when it ends: by what is written, and what was added
    state      S  "set", then "ending" and nothing else: whoever comes first, the end or an extension, the other is told
    execution  S  which execution of the state machine ends it
    attempt    N  how often that was begun
    began_at   N  when first

A schedule carries the end that it was made for, and does nothing if that is another one by now. So no clocks are
compared: not the scheduler's with a function's, nor one that has jumped with one that has not.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.expiry import duration

KEY: Final = {"pk": {"S": "END"}}
# From now on, of all extensions together.
LONGEST_SECONDS: Final = 400 * 86_400
# Of changes that lose against another one.
ATTEMPTS: Final = 5

_TEXTS: Final = ("written", "state", "execution")
_NUMBERS: Final = ("first_at", "ends_at", "extended", "attempt", "began_at")


class PastError(ValueError):
    """The end would lie in the past; the message says what to do."""


class TooLateError(Exception):
    """The end has begun: nothing moves it any more."""


class NoEndError(Exception):
    """The environment never ends by itself."""


class DynamoDbClient(Protocol):
    """The calls that are made, with DynamoDB's own shapes."""

    def delete_item(self, **kwargs: Any) -> Any: ...
    def get_item(self, **kwargs: Any) -> Any: ...
    def update_item(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class End:
    """An environment's end, as the item has it."""

    written: str
    first_at: int
    ends_at: int
    extended: int = 0
    state: str = "set"
    execution: str = ""
    attempt: int = 0
    began_at: int = 0

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> "End":
        """Read the item."""
        values: dict[str, Any] = {name: int(item[name]["N"]) for name in _NUMBERS if name in item}
        values |= {name: item[name]["S"] for name in _TEXTS if name in item}
        return cls(**values)

    def to_item(self) -> dict[str, Any]:
        """Return what ``from_item`` reads."""
        texts = {name: {"S": getattr(self, name)} for name in _TEXTS}
        return {**texts, **{name: {"N": str(getattr(self, name))} for name in _NUMBERS}}


class EndStore:
    """The item.

    Args:
        client: DynamoDB's, low-level.
        table: name of the environment's table.
        clock: seconds since the epoch.
    """

    def __init__(self, *, client: DynamoDbClient, table: str, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def get(self) -> End | None:
        """Return the end as it is now; None if the environment never ends by itself."""
        reply = self._client.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)
        return End.from_item(reply["Item"]) if "written" in reply.get("Item", {}) else None

    def write(self, written: str) -> End:
        """Set the end by what the file says, and return it. What was there stays if the file says the same.

        Raises:
            PastError: it lies in the past.
            TooLateError: it has begun.
        """
        now = int(self._clock())
        for _ in range(ATTEMPTS):
            before = self.get()
            if before is not None and before.written == written:
                return before
            first_at, extended = (before.first_at, before.extended) if before else (now, 0)
            after = End(
                written=written,
                first_at=first_at,
                extended=extended,
                ends_at=duration.moment(written, first_at=first_at) + extended,
            )
            if after.ends_at <= now:
                raise PastError(_past(after, now))
            if self._replace(before, after):
                return after
        raise TooLateError("the end was changed by somebody else at the same time; try again")

    def extend(self, seconds: int) -> tuple[End, End]:
        """Move the end by so many seconds, and return it as it was and as it is.

        Raises:
            NoEndError, TooLateError: there is none, or it has begun.
            PastError: even so it lies in the past, or further away than 400 days.
        """
        for _ in range(ATTEMPTS):
            before = self.get()
            if before is None:
                raise NoEndError("this environment never ends by itself (expires_after: null), so nothing is moved")
            now = int(self._clock())
            after = replace(before, ends_at=before.ends_at + seconds, extended=before.extended + seconds)
            if before.state == "set" and not now < after.ends_at <= now + LONGEST_SECONDS:
                would = duration.shown(after.ends_at)
                raise PastError(f"the end would be {would}, and has to lie between now and 400 days from now")
            if self._replace(before, after):
                return before, after
        raise TooLateError("the end was changed by somebody else at the same time; try again")

    def forget(self) -> bool:
        """Let the environment never end by itself; return False if its end has begun, which goes on."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=KEY,
                ConditionExpression="attribute_not_exists(written) OR #state = :set",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":set": {"S": "set"}},
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def begin(self, *, ends_at: int, execution: str, attempt: int = 1) -> bool:
        """Begin the end, and return whether this execution is to do it.

        Args:
            ends_at: the end that this was made for: if it was moved since, nothing begins.
            attempt: which of the executions that are to end it, should the first ones not have got to the end.
        """
        now = str(int(self._clock()))
        values = {":end": {"N": str(ends_at)}, ":ending": {"S": "ending"}, ":me": {"S": execution}}
        values |= {":attempt": {"N": str(attempt)}, ":now": {"N": now}}
        if attempt == 1:
            condition = "#state = :set AND ends_at = :end"
            values[":set"] = {"S": "set"}
        else:
            condition = "#state = :ending AND ends_at = :end AND attempt = :before"
            values[":before"] = {"N": str(attempt - 1)}
        return self._updates(
            UpdateExpression="SET #state = :ending, execution = :me, attempt = :attempt, "
            "began_at = if_not_exists(began_at, :now)",
            # The second part is for an answer that was lost.
            ConditionExpression=f"({condition}) OR (execution = :me AND ends_at = :end)",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues=values,
        )

    def _replace(self, before: End | None, after: End) -> bool:
        """Write the end if it is still what it was, and return whether it was."""
        if before is not None and before.state != "set":
            raise TooLateError(f"the end began at {duration.shown(before.began_at)}: it cannot be moved any more")
        item = {name: value for name, value in after.to_item().items() if name in _WRITTEN}
        names = {f"#{name}": name for name in item}
        values = {f":{name}": value for name, value in item.items()}
        condition = "attribute_not_exists(written)"
        if before is not None:
            condition = "#state = :state AND ends_at = :before AND written = :was"
            values |= {":before": {"N": str(before.ends_at)}, ":was": {"S": before.written}}
        return self._updates(
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in item),
            ConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def _updates(self, **change: Any) -> bool:
        try:
            self._client.update_item(TableName=self._table, Key=KEY, **change)
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


_WRITTEN: Final = frozenset({"written", "first_at", "ends_at", "extended", "state"})


def _past(end: End, now: int) -> str:
    what = f"expires_after: {end.written} is over: the environment would have ended at {duration.shown(end.ends_at)}"
    if end.first_at < now - 60 and end.written[-1:] in "mhdw":
        what += f", counted from its first deploy at {duration.shown(end.first_at)}"
    return f"{what}, and it is {duration.shown(now)}. Write a later one, or null, and deploy again."
