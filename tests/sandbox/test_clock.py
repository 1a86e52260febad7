"""The clock that tests move: forward only, by its endpoint, and back to the real time."""

import asyncio
import json
import threading
import time

import pytest

from sandbox import clock
from tests.waiting import PATIENCE


def ask(method: str, document: object = None) -> tuple[int, dict[str, object]]:
    body = json.dumps(document).encode()
    status, _, answer = asyncio.run(clock.handler(method, clock.PREFIX, body, {}))
    return status, json.loads(answer or b"{}")


@pytest.fixture(autouse=True)
def _real_time() -> None:
    clock.reset()


def test_it_is_moved_forward_and_set_right() -> None:
    status, told = ask("POST", {"advance_seconds": 3600})

    assert status == 200
    assert told["now"] == pytest.approx(time.time() + 3600, abs=60)
    assert ask("GET")[1]["now"] == pytest.approx(time.time() + 3600, abs=60)
    assert ask("DELETE") == (204, {})
    assert clock.now() == pytest.approx(time.time(), abs=60)


@pytest.mark.parametrize("document", [{"advance_seconds": -1}, {"advance_seconds": True}, {}, [], {"advance": 1}])
def test_it_goes_nowhere_else(document: object) -> None:
    assert ask("POST", document)[0] == 400
    assert ask("PUT", {"advance_seconds": 1})[0] == 405
    assert clock.now() == pytest.approx(time.time(), abs=60)


def test_whoever_waits_is_woken_by_the_clock_or_gives_up() -> None:
    asked = iter((False, False, True))

    assert clock.wait_until(clock.now() - 1)
    assert not clock.wait_until(clock.now() + 3600, given_up=lambda: next(asked))
    waiting = threading.Thread(target=clock.wait_until, args=(clock.now() + 3600,), daemon=True)
    waiting.start()
    clock.advance(3600)
    waiting.join(PATIENCE)
    assert not waiting.is_alive()
