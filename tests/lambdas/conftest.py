"""What all tests of functions share."""

from collections.abc import Iterator

import pytest

from lambdas.common.observability import metrics


@pytest.fixture(autouse=True)
def _no_metrics_of_others() -> Iterator[None]:
    """Begin without metrics that another test of this process counted and nobody printed, and leave none."""
    metrics.clear_metrics()
    yield
    metrics.clear_metrics()
