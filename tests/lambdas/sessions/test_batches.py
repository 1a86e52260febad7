"""Calls that are done in part: asked again for the rest, with waits, and not for ever."""

from typing import Any

import pytest

from lambdas.common.errors import UnavailableError
from lambdas.sessions import batches


def test_the_rest_is_asked_for_until_nothing_is_left() -> None:
    asked: list[Any] = []
    waited: list[float] = []

    def half(RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - DynamoDB's name
        asked.append(RequestItems["t"])
        rest = RequestItems["t"][1:]
        return {"done": RequestItems["t"][0], "Left": {"t": rest} if rest else {}}

    replies = list(batches.done(half, {"t": [1, 2, 3]}, left="Left", sleep=waited.append))

    assert asked == [[1, 2, 3], [2, 3], [3]]
    assert [reply["done"] for reply in replies] == [1, 2, 3]
    assert len(waited) == 2


def test_a_table_that_does_nothing_is_not_asked_for_ever() -> None:
    asked: list[Any] = []
    waited: list[float] = []

    def busy(RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - DynamoDB's name
        asked.append(RequestItems)
        return {"UnprocessedKeys": RequestItems}

    with pytest.raises(UnavailableError) as told:
        list(batches.done(busy, {"t": [1]}, left="UnprocessedKeys", sleep=waited.append))

    assert (told.value.status, told.value.code, told.value.retry_after) == (503, "service_busy", 1)
    assert len(asked) == batches.ATTEMPTS
    assert all(0 <= one <= batches.BACKOFF_SECONDS * 2 ** (number + 1) for number, one in enumerate(waited))
