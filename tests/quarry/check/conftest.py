"""What tests of ``quarry check`` share."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quarry.check import model_access
from quarry.deployed.deployment import Deployment
from tests.quarry.check.account import FORM, FakeAccount


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> FakeAccount:
    fake = FakeAccount()
    monkeypatch.setattr(Deployment, "client", lambda _self, _service: fake)
    monkeypatch.setattr(model_access, "client_that_asks_once", lambda _deployment, _service, **_options: fake)
    monkeypatch.setattr("quarry.check.enabling.sleep", lambda _seconds: None)
    monkeypatch.setenv("COLUMNS", "100")
    return fake


@pytest.fixture
def form(tmp_path: Path) -> Callable[..., str]:
    def write(**changes: Any) -> str:
        file = tmp_path / "use-case-form.json"
        file.write_text(json.dumps({**FORM, **changes}), encoding="utf-8")
        return str(file)

    return write
