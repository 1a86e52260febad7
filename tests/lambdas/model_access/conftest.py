"""What tests of model access share."""

import pytest

from lambdas.model_access import handler


@pytest.fixture(autouse=True)
def _policies_count_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "SETTLE_SECONDS", (0.01, 0.01))
