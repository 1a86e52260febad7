"""Configurations to vary from."""

from collections.abc import Callable
from typing import Any

import pytest

from configuration.config import Config
from configuration.environment_file import load

Vary = Callable[..., Config]


@pytest.fixture
def vary() -> Vary:
    """Return a function that loads dev and changes sections: vary(inference={"max_attempts": 2}, log_days=7).

    Its models can be tuned in its own region only: who does not ask for ``tuning`` has none, and may move it.
    """

    def varied(**changes: Any) -> Config:
        document = {**load("dev").model_dump(), "tuning": None}
        for name, change in changes.items():
            document[name] = {**(document[name] or {}), **change} if isinstance(change, dict) else change
        return Config.model_validate(document)

    return varied
