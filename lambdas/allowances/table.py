"""The allowances table: one item changed at a time, on a condition, with what is busy tried again.

Single updates and not transactions: DynamoDB puts the updates of one item in order by itself, while transactions that
meet on an item cancel one another, and forty calls on one key do meet.
"""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError, HTTPClientError

from lambdas.allowances.account import Item
from lambdas.common.aws_errors import code_of, is_passing
from lambdas.common.errors import UnavailableError
from lambdas.common.network_errors import NOTHING_SENT

ATTEMPTS: Final = 6
# Doubles with every attempt; what is waited is drawn between 0 and it. All attempts wait 0.8 s on average.
BACKOFF_SECONDS: Final = 0.05


class DynamoDbClient(Protocol):
    """The calls that are made, with DynamoDB's own shapes. botocore's and boto3's clients both fit."""

    def get_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def put_item(self, **kwargs: Any) -> dict[str, Any]: ...
    def query(self, **kwargs: Any) -> dict[str, Any]: ...
    def update_item(self, **kwargs: Any) -> dict[str, Any]: ...


class ConditionFailedError(Exception):
    """The change was not made. ``item`` is what the condition was held against, {} if there is none."""

    def __init__(self, item: Item) -> None:
        super().__init__("the condition does not hold")
        self.item = item


class Change:
    """One UpdateItem in the making. It needs a condition that keeps it from being made twice: answers may get lost."""

    def __init__(self) -> None:
        self._set: list[str] = []
        self._add: dict[str, int] = {}
        self._members: list[tuple[str, str]] = []
        self._remove: list[str] = []
        self._conditions: list[str] = []
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def set(self, attribute: str, value: dict[str, Any]) -> None:
        """Set an attribute to a value in DynamoDB's shape."""
        self._set.append(f"{self._name(attribute)} = {self._value(value)}")

    def add(self, attribute: str, number: int) -> None:
        """Add to a number; one that is not there begins at 0. Of several additions to one attribute the sum is made."""
        self._add[attribute] = self._add.get(attribute, 0) + number

    def remove(self, attribute: str) -> None:
        """Remove an attribute."""
        self._remove.append(self._name(attribute))

    def only_with(self, attribute: str) -> None:
        """Make the change only if the item has the attribute."""
        self._conditions.append(f"attribute_exists({self._name(attribute)})")

    def only_without(self, attribute: str) -> None:
        """Make the change only if the item lacks the attribute."""
        self._conditions.append(f"attribute_not_exists({self._name(attribute)})")

    def add_to_set(self, attribute: str, member: str) -> None:
        """Add to a set of strings; one that is not there begins empty."""
        self._members.append((attribute, member))

    def only_without_member(self, attribute: str, member: str) -> None:
        """Make the change only if the set is not there or has no such member."""
        name, value = self._name(attribute), self._value({"S": member})
        self._conditions.append(f"(attribute_not_exists({name}) OR NOT contains({name}, {value}))")

    def only_up_to(self, attribute: str, number: int) -> None:
        """Make the change only if the number is not there or at most ``number``."""
        name = self._name(attribute)
        self._conditions.append(f"(attribute_not_exists({name}) OR {name} <= {self._value({'N': str(number)})})")

    def arguments(self) -> dict[str, Any]:
        """Return UpdateItem's expressions."""
        added = [
            f"{self._name(attribute)} {self._value({'N': str(number)})}"
            for attribute, number in self._add.items()
            if number
        ]
        added += [f"{self._name(attribute)} {self._value({'SS': [member]})}" for attribute, member in self._members]
        clauses = {"SET": self._set, "ADD": added, "REMOVE": self._remove}
        arguments: dict[str, Any] = {
            "UpdateExpression": " ".join(f"{verb} {', '.join(parts)}" for verb, parts in clauses.items() if parts),
            "ExpressionAttributeNames": {name: attribute for attribute, name in self._names.items()},
        }
        if self._values:
            arguments["ExpressionAttributeValues"] = self._values
        if self._conditions:
            arguments["ConditionExpression"] = " AND ".join(self._conditions)
            arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return arguments

    def _name(self, attribute: str) -> str:
        return self._names.setdefault(attribute, f"#n{len(self._names)}")

    def _value(self, value: dict[str, Any]) -> str:
        name = f":v{len(self._values)}"
        self._values[name] = value
        return name


class AllowanceTable:
    """The table. ``sleep`` waits that many seconds; for tests."""

    def __init__(self, *, client: DynamoDbClient, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, key: Item) -> Item:
        """Return an item as it is now, {} if there is none."""
        reply = self._call(self._client.get_item, Key=key, ConsistentRead=True)
        item: Item = reply.get("Item", {})
        return item

    def put(self, item: Item) -> None:
        """Write an item over whatever was there."""
        self._call(self._client.put_item, Item=item)

    def update(self, key: Item, change: Change, *, told: bool = True) -> Item:
        """Make the change and return the item as it is then, or {} if ``told`` is False, which takes less time.

        Raises:
            ConditionFailedError: with the item as it is.
            UnavailableError: the table stayed busy.
        """
        try:
            reply = self._call(
                self._client.update_item,
                Key=key,
                ReturnValues="ALL_NEW" if told else "NONE",
                **change.arguments(),
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            item: dict[str, Any] = dict(error.response)
            raise ConditionFailedError(item.get("Item", {})) from error
        attributes: Item = reply["Attributes"] if told else {}
        return attributes

    def query(self, pk: str, *, sk_from: str | None = None) -> Iterator[Item]:
        """Yield the items of a partition, from a sort key on, in its order; they may be some seconds old."""
        page: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
        }
        if sk_from is not None:
            page["KeyConditionExpression"] += " AND sk >= :sk"
            page["ExpressionAttributeValues"][":sk"] = {"S": sk_from}
        while True:
            reply = self._call(self._client.query, **page)
            yield from reply.get("Items", [])
            if "LastEvaluatedKey" not in reply:
                return
            page["ExclusiveStartKey"] = reply["LastEvaluatedKey"]

    def _call(self, operation: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 - jitter
            try:
                return operation(TableName=self._name, **arguments)
            except ClientError as error:
                if not is_passing(error):
                    raise
                last: Exception = error
            except NOTHING_SENT as error:
                last = error
                # The connections' own second attempt failed too.
                break
            except HTTPClientError as error:
                last = error
        raise UnavailableError(
            "This API key's allowance cannot be reckoned just now. Try again in a second.",
            code="allowances_busy",
            retry_after=1,
        ) from last
