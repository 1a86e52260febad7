"""The aliases of an environment that tunes models, read beside the requests through one source; and all clients."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from lambdas.api import composition
from lambdas.budget.settings import BudgetSettings
from lambdas.chat.promotions import Promotions, TunedModel
from lambdas.common.observability import metrics
from tests.lambdas.fakes import KNOWLEDGE, NOVA_LITE, NOVA_MICRO, SETTINGS, client_error
from tests.lambdas.knowledge.fakes import FakeRetrieve
from tests.lambdas.knowledge.test_current_id import FakeParameter
from tests.lambdas.parameter_store import FakeParameterStore

PATH = "/quarry/test/aliases"
ARN = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeParameterStore]:
    """An environment that tunes, over an SSM in memory."""
    made = FakeParameterStore()

    def client(service: str, **options: Any) -> FakeParameterStore:
        # A reader that waited for retries would hold the first request.
        assert (service, options["max_attempts"]) == ("ssm", 1)
        return made

    monkeypatch.setattr("lambdas.common.aws.client", client)
    monkeypatch.setattr(composition, "settings", lambda: replace(SETTINGS, promotions_path=PATH))
    composition.aliases.cache_clear()
    yield made
    composition.aliases.cache_clear()
    metrics.clear_metrics()


def test_a_promoted_model_answers_first(store: FakeParameterStore) -> None:
    promotions = Promotions(client=lambda: store, path=PATH, clock=lambda: datetime(2026, 11, 30, tzinfo=UTC))
    promotions.promote("fast", TunedModel(arn=ARN, base=NOVA_MICRO, run="fast-0123456789ab"))

    found = composition.aliases().chatting("fast")

    assert [one.callable_id for one in found] == [ARN, NOVA_MICRO, NOVA_LITE]


def test_a_store_that_is_denied_leaves_the_configured_models(store: FakeParameterStore) -> None:
    store.down = client_error("AccessDeniedException")

    assert [one.callable_id for one in composition.aliases().chatting("fast")] == [NOVA_MICRO, NOVA_LITE]


def test_the_knowledge_base_that_is_asked_is_the_one_that_the_parameter_names(monkeypatch: pytest.MonkeyPatch) -> None:
    made = FakeParameter("KBNEW00001")
    documents = FakeRetrieve()
    monkeypatch.setattr(
        "lambdas.common.aws.client", lambda service, **_options: made if service == "ssm" else documents
    )
    told = msgspec.structs.replace(KNOWLEDGE, id="KBOLD00001", parameter="/quarry/dev/knowledge/id")
    monkeypatch.setattr(composition, "settings", lambda: replace(SETTINGS, knowledge=told))
    composition.knowledge.cache_clear()
    try:
        composition.knowledge().retriever.find("x", results=1)
    finally:
        composition.knowledge.cache_clear()

    assert [call["knowledgeBaseId"] for call in documents.calls] == ["KBNEW00001"]
    assert made.reads == 1


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The clients that were made since, with their options."""
    made: list[tuple[str, dict[str, Any]]] = []

    def client(service: str, **options: Any) -> FakeParameterStore | FakeRetrieve:
        made.append((service, options))
        return FakeParameterStore() if service == "ssm" else FakeRetrieve()

    told = msgspec.structs.replace(KNOWLEDGE, parameter="/quarry/dev/knowledge/id")
    budget = BudgetSettings(table="environment", stop_micro_dollars=1)
    settings = replace(SETTINGS, knowledge=told, promotions_path=PATH, budget=budget)
    monkeypatch.setattr("lambdas.common.aws.client", client)
    monkeypatch.setattr(composition, "settings", lambda: settings)
    graph = [one for one in vars(composition).values() if hasattr(one, "cache_clear")]
    for one in graph:
        one.cache_clear()
    yield made
    for one in graph:
        one.cache_clear()
    metrics.clear_metrics()


def test_the_connections_of_every_client_outlive_a_freeze(clients: list[tuple[str, dict[str, Any]]]) -> None:
    composition.exchanges()
    composition.responses()
    composition.runtime_client()
    composition.reranking_client()
    composition.model_listing().models()
    composition.knowledge().retriever.find("x", results=1)

    assert {service for service, _ in clients} == {
        "bedrock-agent-runtime",
        "bedrock-runtime",
        "dynamodb",
        "ssm",
    }
    assert [one for one in clients if not (one[1].get("bounded") or one[1].get("direct"))] == []
