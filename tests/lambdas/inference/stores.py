"""A ledger and sessions over a DynamoDB in memory (moto), for tests of what is built on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto import mock_aws

from lambdas.allowances.ledger import Ledger
from lambdas.inference.converse import to_turns
from lambdas.inference.exchange import Exchanges
from lambdas.inference.service import ChatService
from lambdas.sessions import items
from lambdas.sessions.service import Sessions
from lambdas.sessions.store import SessionStore
from lambdas.sessions.summary import AliasSummariser
from tests.lambdas.inference.fakes import SETTINGS, FakeConverse

STRING = "S"


@dataclass(frozen=True)
class Desk:
    """Exchanges over a fake Bedrock, and the stores behind them."""

    exchanges: Exchanges
    ledger: Ledger
    sessions: SessionStore
    bedrock: FakeConverse


@contextmanager
def desk(*replies: Any) -> Iterator[Desk]:
    """Give a desk whose Bedrock has these replies."""
    with mock_aws():
        client: Any = boto3.client("dynamodb")
        _table(client, "allowances", ("pk", "sk"))
        _table(client, "sessions", (items.PARTITION_KEY, items.SORT_KEY), index=True)
        bedrock = FakeConverse(*replies)
        service = ChatService(settings=SETTINGS, client=bedrock, sleep=lambda _: None)
        ledger = Ledger(client=client, table_name="allowances", call_seconds=28)
        store = SessionStore(client=client, table_name="sessions", ttl_seconds=86_400)
        summarise = AliasSummariser(
            complete=lambda request: service.complete(request, to_turns(request)), alias="fast", max_tokens=500
        )
        exchanges = Exchanges(
            service=service,
            ledger=ledger,
            sessions=Sessions(store=store, budget_tokens=4_000, summarise=summarise),
            history_tokens=4_000,
        )
        yield Desk(exchanges=exchanges, ledger=ledger, sessions=store, bedrock=bedrock)


def _table(client: Any, name: str, keys: tuple[str, str], *, index: bool = False) -> None:
    attributes = [*keys, *([items.OWNER_KEY] if index else [])]
    owner = {
        "IndexName": items.OWNER_INDEX,
        "KeySchema": [
            {"AttributeName": items.OWNER_KEY, "KeyType": "HASH"},
            {"AttributeName": items.PARTITION_KEY, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": STRING} for one in attributes],
        KeySchema=[{"AttributeName": keys[0], "KeyType": "HASH"}, {"AttributeName": keys[1], "KeyType": "RANGE"}],
        **({"GlobalSecondaryIndexes": [owner]} if index else {}),
    )
