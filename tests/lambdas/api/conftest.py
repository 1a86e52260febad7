"""The streaming function's app over fakes, and what it logs."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from lambdas.api import app
from lambdas.common.observability import logger, metrics
from tests.lambdas.fakes import SETTINGS
from tests.lambdas.knowledge.fakes import FakeRetrieve
from tests.lambdas.stores import Desk, desk

Serve = Callable[..., Desk]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the logger writes, which holds on to the stream it was made with."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Put a Bedrock that gives the replies it is told to, and documents, behind the app."""
    with ExitStack() as stack:

        def put(*replies: Any, documents: FakeRetrieve | None = None) -> Desk:
            made = stack.enter_context(desk(*replies, documents=documents))
            monkeypatch.setattr(app, "exchanges", lambda: made.exchanges)
            monkeypatch.setattr(app, "knowledge", lambda: made.knowledge)
            monkeypatch.setattr(app, "settings", lambda: SETTINGS)
            return made

        yield put
    metrics.clear_metrics()
