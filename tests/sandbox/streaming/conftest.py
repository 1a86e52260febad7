"""One server with the streaming stack per test module."""

from collections.abc import Iterator

import httpx
import pytest

from tests.sandbox.servers import running
from tests.sandbox.streaming.deployment import ALLOWED, Deployment, deploy
from tests.waiting import PATIENCE


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with running(tmp_path_factory.mktemp("streaming") / "state") as (_, record):
        yield deploy(record)


@pytest.fixture
def http(deployment: Deployment) -> Iterator[httpx.Client]:
    """A client of the front door whose key is accepted."""
    with httpx.Client(base_url=deployment.url, headers={"Authorization": ALLOWED}, timeout=PATIENCE) as client:
        yield client
