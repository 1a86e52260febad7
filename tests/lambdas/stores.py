"""A ledger and sessions over a DynamoDB in memory (moto), for tests of what is built on them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from lambdas.allowances.ledger import Ledger
from lambdas.chat.service import ChatService
from lambdas.exchange.documents import from_documents, longest_grounded
from lambdas.exchange.exchanges import Exchanges
from lambdas.exchange.ingredient import MakeIngredient
from lambdas.exchange.response import Responses
from lambdas.exchange.session import from_sessions
from lambdas.knowledge.asking import Knowledge
from lambdas.knowledge.retrieval import Retriever
from lambdas.sessions import items
from lambdas.sessions.responses import ResponseStore
from lambdas.sessions.service import Sessions
from lambdas.sessions.store import SessionStore
from tests import mocked_aws
from tests.lambdas.fakes import ALIASES, KNOWLEDGE, SETTINGS, FakeConverse
from tests.lambdas.knowledge.fakes import FakeRetrieve

STRING = "S"


@dataclass(frozen=True)
class Desk:
    """Exchanges over a fake Bedrock and a fake knowledge base, and the stores behind them."""

    exchanges: Exchanges
    ledger: Ledger
    sessions: SessionStore
    responses: Responses
    service: ChatService
    bedrock: FakeConverse
    documents: FakeRetrieve
    knowledge: Knowledge


@contextmanager
def desk(
    *replies: Any,
    bedrock: FakeConverse | None = None,
    documents: FakeRetrieve | None = None,
    ingredients: Sequence[MakeIngredient] = (),
    **knowledge: Any,
) -> Iterator[Desk]:
    """Give a desk whose Bedrock has these replies.

    Args:
        bedrock: another one.
        ingredients: make what a request may have besides a session and documents.
        knowledge: changes to the knowledge base's settings.
    """
    retrieve = documents or FakeRetrieve()
    settings = msgspec.structs.replace(KNOWLEDGE, **knowledge)
    retriever = Retriever(settings=settings, client=lambda: retrieve, sleep=lambda _: None)
    asking = Knowledge(settings=settings, retriever=retriever)
    with mocked_aws.mock_aws():
        client: Any = mocked_aws.client("dynamodb")
        _table("allowances", ("pk", "sk"))
        _table("sessions", (items.PARTITION_KEY, items.SORT_KEY), index=True)
        bedrock = bedrock or FakeConverse(*replies)
        service = ChatService(settings=SETTINGS, aliases=ALIASES, client=bedrock, sleep=lambda _: None)
        ledger = Ledger(client=client, table_name="allowances", call_seconds=28)
        store = SessionStore(client=client, table_name="sessions", ttl_seconds=86_400)
        responses = Responses(
            store=ResponseStore(client=client, table_name="sessions", ttl_seconds=86_400),
            history_tokens=4_000,
            summary_alias="fast",
        )
        exchanges = Exchanges(
            service=service,
            ledger=ledger,
            ingredients=[
                from_sessions(Sessions(store=store, budget_tokens=4_000), history_tokens=4_000, summary_alias="fast"),
                from_documents(lambda: asking),
                *ingredients,
            ],
            longest=longest_grounded(lambda: settings),
        )
        yield Desk(
            exchanges=exchanges,
            ledger=ledger,
            sessions=store,
            responses=responses,
            service=service,
            bedrock=bedrock,
            documents=retrieve,
            knowledge=asking,
        )


def _table(name: str, keys: tuple[str, str], *, index: bool = False) -> None:
    attributes = [*keys, *([items.OWNER_KEY] if index else [])]
    owner = {
        "IndexName": items.OWNER_INDEX,
        "KeySchema": [
            {"AttributeName": items.OWNER_KEY, "KeyType": "HASH"},
            {"AttributeName": items.PARTITION_KEY, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }
    mocked_aws.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": STRING} for one in attributes],
        KeySchema=[{"AttributeName": keys[0], "KeyType": "HASH"}, {"AttributeName": keys[1], "KeyType": "RANGE"}],
        **({"GlobalSecondaryIndexes": [owner]} if index else {}),
    )
