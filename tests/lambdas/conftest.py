"""What all tests of functions share."""

import io
from collections.abc import Iterator

import pytest

from lambdas.common.observability import logger, metrics


@pytest.fixture(autouse=True)
def _no_metrics_of_others() -> Iterator[None]:
    """Begin without metrics that another test of this process counted and nobody printed, and leave none."""
    metrics.clear_metrics()
    yield
    metrics.clear_metrics()


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the logger writes, which holds on to the stream it was made with."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream
