"""Ledgers over a faked table and over moto's, at a time that stands still until it is moved."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.allowances.ledger import Ledger
from lambdas.allowances.usage import Usage
from lambdas.common.caller import Caller, KeyLimits
from tests import mocked_aws
from tests.lambdas.allowances.fakes import FakeTable

NOON = datetime(2026, 11, 21, 12, 0, 20, tzinfo=UTC).timestamp()
TODAY = "2026-11-21"
CALL_SECONDS = 28


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
def table() -> FakeTable:
    return FakeTable()


@pytest.fixture
def ledger(table: FakeTable, clock: Clock) -> Ledger:
    return ledger_over(table, clock)


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    """moto's, with the table "allowances"."""
    with mocked_aws.mock_aws():
        client: Any = mocked_aws.client("dynamodb")
        mocked_aws.create_table(
            TableName="allowances",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def ledger_over(client: Any, clock: Clock) -> Ledger:
    """Return a ledger that waits for nothing."""
    return Ledger(client=client, table_name="allowances", call_seconds=CALL_SECONDS, clock=clock, sleep=lambda _: None)


def caller(
    *,
    rpm: int | None = None,
    tokens: int | None = None,
    usd: int | None = None,
    aliases: tuple[str, ...] | None = None,
    key_id: str = "key_ann",
) -> Caller:
    """Return the owner of a key; ``usd`` is micro-dollars."""
    limits = KeyLimits(requests_per_minute=rpm, tokens_per_day=tokens, usd_total=usd, aliases=aliases)
    return Caller(key_id=key_id, owner="ann", limits=limits)


def usage(micro_dollars: int, *, tokens_in: int = 10, tokens_out: int = 5, of_input: int = 0) -> Usage:
    """Return usage of so many micro-dollars."""
    return Usage(
        input_tokens=tokens_in, output_tokens=tokens_out, micro_dollars=micro_dollars, input_micro_dollars=of_input
    )
