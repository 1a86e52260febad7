"""The thread that brings jobs and the like to the present when nobody asks: their events come, and their outputs."""

from __future__ import annotations

import functools
import logging
import threading

from sandbox import clock
from sandbox.tuning import store

_LOOK_SECONDS = 0.25

_logger = logging.getLogger(__name__)


@functools.cache
def start() -> None:
    """Begin to watch. Doing it again changes nothing."""
    threading.Thread(target=_watch, name="tuning-watcher", daemon=True).start()


def _watch() -> None:
    while True:
        try:
            store.settle_all()
        except Exception:
            _logger.exception("tuning's states could not be brought to the present")
        clock.wait_for_change(_LOOK_SECONDS)  # not until a time: the clock may be set back
