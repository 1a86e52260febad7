"""What the Tagging API knows, which AWS's learns late: while it is held it lists what was there when that began.

So it lists what is deleted by now, and does not list what is new: both of which AWS's does, for minutes.
"""

from __future__ import annotations

import threading

from ministack.core.responses import get_account_id, get_region

from sandbox.tagging import collectors

Listed = list[tuple[str, dict[str, str]]]

_lock = threading.Lock()
_held: dict[tuple[str, str], Listed] | None = None


def listed() -> Listed:
    """What is listed to the account and region of the request."""
    with _lock:
        if _held is None:
            return list(collectors.everything())
        # An account that is asked for later is held from its first request on.
        where = (get_account_id(), get_region())
        if where not in _held:
            _held[where] = list(collectors.everything())
        return _held[where]


def hold() -> None:
    """List from now on what is there now."""
    global _held
    with _lock:
        _held = {(get_account_id(), get_region()): list(collectors.everything())}


def release() -> None:
    """List what there is again."""
    global _held
    with _lock:
        _held = None


def is_held() -> bool:
    """Whether it is held."""
    with _lock:
        return _held is not None
