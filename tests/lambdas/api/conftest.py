"""Both functions over fakes, and what they log."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lambdas.api import composition
from lambdas.common.observability import metrics
from lambdas.model_access.listing import ModelListing
from lambdas.prompts.definition import Prompt, Variable
from tests.lambdas.fakes import ALIASES, SETTINGS
from tests.lambdas.knowledge.fakes import FakeRetrieve
from tests.lambdas.model_access.test_listing import FakeParameters
from tests.lambdas.stores import Desk, desk

Serve = Callable[..., Desk]

READY = '{"checked_at": null, "aliases": {"fast": {"standing": "first", "verdict": "ready"}}}'
GREETING = Prompt(
    name="greeting",
    version="01234567",
    description="Greets",
    alias="fast",
    system="You greet.",
    template="Greet {{name}}.",
    variables=(Variable(name="name", description="Who", max_length=20, required=True),),
)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Put a Bedrock that gives the replies it is told to, and documents, behind both functions."""
    with ExitStack() as stack:

        def put(*replies: Any, documents: FakeRetrieve | None = None) -> Desk:
            made = stack.enter_context(desk(*replies, documents=documents))
            listed = ModelListing(
                max_body_bytes=1024,
                aliases=ALIASES,
                parameter_name=SETTINGS.model_access_parameter,
                client=lambda: FakeParameters(READY),
            )
            monkeypatch.setattr(composition, "exchanges", lambda: made.exchanges)
            monkeypatch.setattr(composition, "knowledge", lambda: made.knowledge)
            monkeypatch.setattr(composition, "settings", lambda: SETTINGS)
            monkeypatch.setattr(composition, "aliases", lambda: ALIASES)
            monkeypatch.setattr(composition, "ledger", lambda: made.ledger)
            monkeypatch.setattr(composition, "session_store", lambda: made.sessions)
            monkeypatch.setattr(composition, "response_store", lambda: made.responses.store)
            monkeypatch.setattr(composition, "responses", lambda: made.responses)
            monkeypatch.setattr(composition, "service", lambda: made.service)
            monkeypatch.setattr(composition, "runtime_client", lambda: made.bedrock)
            monkeypatch.setattr(composition, "model_listing", lambda: listed)
            monkeypatch.setattr("lambdas.prompts.definition.load", lambda: {"greeting": GREETING})
            return made

        yield put
    metrics.clear_metrics()
