"""What the tests of connections share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.lambdas.common.other_side import OtherSide


@pytest.fixture
def other_side(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., OtherSide]]:
    """Makes another side that gives certain answers, and connects to it whoever connects from then on."""
    with ExitStack() as made:

        def connected(*answers: Any) -> OtherSide:
            side = made.enter_context(closing(OtherSide(*answers)))
            monkeypatch.setattr("urllib3.util.connection.create_connection", side.connect)
            return side

        yield connected
