"""Every test starts from an empty MiniStack with the types registered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ministack.services import bedrock, bedrock_agent, budgets, cloudformation, opensearchserverless

from sandbox import entry, studio
from sandbox.resources import register
from sandbox.studio import control


@pytest.fixture(autouse=True)
def _empty_ministack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # States over time have tests of their own.
    monkeypatch.setattr(entry, "SECONDS", 0.0)
    studio.install()
    register()
    yield
    control.forget()
    for service in (bedrock, bedrock_agent, budgets, cloudformation, opensearchserverless):
        service.reset()
