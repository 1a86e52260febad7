"""A sessions table as DynamoDB behaves (moto), and a clock that tests turn."""

from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.sessions import items
from lambdas.sessions.store import SessionStore
from tests import mocked_aws

DAY = 24 * 3600
TTL = 8 * DAY


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def repeated(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each PutItem made twice, as botocore does where the first answer is lost."""
    put = client.put_item

    def twice(**request: Any) -> Any:
        put(**request)
        return put(**request)

    monkeypatch.setattr(client, "put_item", twice)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mocked_aws.mock_aws():
        client = mocked_aws.client("dynamodb")
        names = (items.PARTITION_KEY, items.SORT_KEY, items.OWNER_KEY)
        mocked_aws.create_table(
            TableName="sessions",
            KeySchema=[
                {"AttributeName": items.PARTITION_KEY, "KeyType": "HASH"},
                {"AttributeName": items.SORT_KEY, "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            BillingMode="PAY_PER_REQUEST",
            GlobalSecondaryIndexes=[
                {
                    "IndexName": items.OWNER_INDEX,
                    "KeySchema": [
                        {"AttributeName": items.OWNER_KEY, "KeyType": "HASH"},
                        {"AttributeName": items.PARTITION_KEY, "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(items.LISTED)},
                }
            ],
        )
        yield client


@pytest.fixture
def store(dynamodb: Any, clock: Clock) -> SessionStore:
    return SessionStore(client=dynamodb, table_name="sessions", ttl_seconds=TTL, clock=clock)
