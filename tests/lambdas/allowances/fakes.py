"""A table that behaves as DynamoDB does where the ledger relies on it, and that can fail as DynamoDB can.

One update is atomic, conditions are held against the item as it is then, and an answer can get lost after the update
was made. Calls that AWS would refuse for their shape are refused. The expressions are those that the ledger writes;
any other is an error, so that nothing passes unread.
"""

import copy
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.lambdas import service_model

Item = dict[str, dict[str, Any]]

_CLAUSE = re.compile(r"\b(SET|ADD|REMOVE) ")
_EXISTS = re.compile(r"attribute_(?P<negated>not_)?exists\((?P<name>#\w+)\)")
_NOT_IN = re.compile(r"\(attribute_not_exists\((?P<name>#\w+)\) OR NOT contains\((?P=name), (?P<value>:\w+)\)\)")
_UP_TO = re.compile(r"\(attribute_not_exists\((?P<name>#\w+)\) OR (?P=name) <= (?P<value>:\w+)\)")


def refused(code: str, item: Item | None = None) -> ClientError:
    """Return botocore's exception for an error of DynamoDB."""
    response: Any = {"Error": {"Code": code, "Message": code}}
    if item is not None:
        response["Item"] = item
    return ClientError(response, "UpdateItem")


@dataclass
class FakeTable:
    """The client of a DynamoDB that has one table.

    Attributes:
        items: (pk, sk) -> item.
        busy: so many of the next calls are throttled.
        lost: so many of the next updates are made, and the answer does not arrive.
        updates: how many were asked for, refused ones included.
    """

    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    busy: int = 0
    lost: int = 0
    updates: int = 0
    reads: int = 0
    page_size: int = 2

    def get_item(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("dynamodb", "GetItem", kwargs)
        self._throttle()
        self.reads += 1
        assert kwargs["ConsistentRead"]
        item = self.items.get(_key(kwargs["Key"]))
        return {"Item": copy.deepcopy(item)} if item else {}

    def put_item(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("dynamodb", "PutItem", kwargs)
        self._throttle()
        self.items[_key(kwargs["Item"])] = copy.deepcopy(kwargs["Item"])
        return {}

    def query(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("dynamodb", "Query", kwargs)
        self._throttle()
        values = kwargs["ExpressionAttributeValues"]
        first = (values[":pk"]["S"], values.get(":sk", {"S": ""})["S"])
        found = sorted(key for key in self.items if key[0] == first[0] and key >= first)
        if "ExclusiveStartKey" in kwargs:
            found = [key for key in found if key > _key(kwargs["ExclusiveStartKey"])]
        reply: dict[str, Any] = {"Items": [copy.deepcopy(self.items[key]) for key in found[: self.page_size]]}
        if len(found) > self.page_size:
            reply["LastEvaluatedKey"] = {name: reply["Items"][-1][name] for name in ("pk", "sk")}
        return reply

    def update_item(self, **kwargs: Any) -> dict[str, Any]:
        service_model.check("dynamodb", "UpdateItem", kwargs)
        self._throttle()
        self.updates += 1
        names, values = kwargs["ExpressionAttributeNames"], kwargs.get("ExpressionAttributeValues", {})
        key = _key(kwargs["Key"])
        old = self.items.get(key)
        for condition in filter(None, kwargs.get("ConditionExpression", "").split(" AND ")):
            if not _holds(condition, old or {}, names, values):
                assert kwargs["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"
                raise refused("ConditionalCheckFailedException", copy.deepcopy(old))
        new = copy.deepcopy(old or kwargs["Key"])
        _change(new, kwargs["UpdateExpression"], names, values)
        self.items[key] = new
        if self.lost:
            self.lost -= 1
            raise ReadTimeoutError(endpoint_url="https://dynamodb.test")
        return {"Attributes": copy.deepcopy(new)} if kwargs["ReturnValues"] == "ALL_NEW" else {}

    def _throttle(self) -> None:
        if self.busy:
            self.busy -= 1
            raise refused("ProvisionedThroughputExceededException")


def _key(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _holds(condition: str, item: Item, names: dict[str, str], values: dict[str, Any]) -> bool:
    if match := _EXISTS.fullmatch(condition):
        return (names[match["name"]] in item) != bool(match["negated"])
    if match := _NOT_IN.fullmatch(condition):
        return values[match["value"]]["S"] not in item.get(names[match["name"]], {"SS": []})["SS"]
    match = _UP_TO.fullmatch(condition)
    assert match, condition
    name = names[match["name"]]
    return name not in item or int(item[name]["N"]) <= int(values[match["value"]]["N"])


def _change(item: Item, expression: str, names: dict[str, str], values: dict[str, Any]) -> None:
    _, *clauses = _CLAUSE.split(expression)
    touched: list[str] = []
    for verb, body in zip(clauses[::2], clauses[1::2], strict=True):
        for part in body.strip().split(", "):
            words = part.replace(" = ", " ").split()
            name = names[words[0]]
            touched.append(name)
            if verb == "SET":
                item[name] = values[words[1]]
            elif verb == "ADD" and "SS" in values[words[1]]:
                item[name] = {"SS": [*item.get(name, {"SS": []})["SS"], *values[words[1]]["SS"]]}
            elif verb == "ADD":
                number = int(item.get(name, {"N": "0"})["N"]) + int(values[words[1]]["N"])
                item[name] = {"N": str(number)}
            else:
                item.pop(name, None)
    # DynamoDB: "Two document paths overlap with each other".
    assert len(touched) == len(set(touched)), touched
    assert set(touched) <= set(names.values())
    assert not {"pk", "sk"} & set(touched)


class OneAtATime:
    """A client whose calls from many threads come one after another, as DynamoDB orders the updates of one item.

    moto itself reads, changes and writes without a lock.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        operation = getattr(self._client, name)

        def call(**kwargs: Any) -> dict[str, Any]:
            with self._lock:
                result: dict[str, Any] = operation(**kwargs)
                return result

        return call
