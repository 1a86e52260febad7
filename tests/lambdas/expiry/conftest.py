"""moto's DynamoDB with the environment's table, at a time that stands still until it is moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.expiry.end import EndStore
from tests import mocked_aws

NOON = int(datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp())
HOUR = 3_600
DAY = 24 * HOUR
TABLE = "environment"


@dataclass
class Clock:
    """Seconds since the epoch."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mocked_aws.mock_aws():
        client: Any = mocked_aws.client("dynamodb")
        mocked_aws.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.fixture
def store(dynamodb: Any, clock: Clock) -> EndStore:
    return EndStore(client=dynamodb, table=TABLE, clock=clock)
