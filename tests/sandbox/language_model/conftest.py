"""One deployment with `make up MODEL=local` for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai import OpenAI

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform, deployed
from tests.waiting import PATIENCE


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with deployed(tmp_path_factory.mktemp("language-model"), "MODEL=local") as found:
        yield found


@pytest.fixture
def model(platform: Platform) -> Iterator[ModelScript]:
    """The script, which goes before the model; cleared afterwards."""
    with ModelScript(platform.aws["endpoint_url"]) as script:
        yield script


@pytest.fixture
def openai(platform: Platform) -> Iterator[OpenAI]:
    with OpenAI(base_url=platform.base_url, api_key=platform.api_key, max_retries=0, timeout=PATIENCE) as client:
        yield client
