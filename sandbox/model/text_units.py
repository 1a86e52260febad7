"""The account's quotas of text units per second that guardrails judge, where a test has set them.

What is more than a policy's quota in any one second is throttled, by whatever way the text came (AWS General Reference,
Bedrock's quotas: 25 to 1,000 units for content filters, by region).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from sandbox.model.errors import FAULTS

_SECOND = 1.0

Limit = Callable[[str], float | None]
"""From a policy's count of units, as ``contentPolicyUnits``, to how many of them a second takes; None: any number."""

_lock = threading.Lock()
_taken: list[tuple[float, str, int]] = []
_limit: Limit | None = None


def limit_by(limit: Limit) -> None:
    """Let these quotas hold."""
    global _limit
    _limit = limit


def take(units: Mapping[str, int], *, now: float) -> None:
    """Take what was judged off its policies' quotas.

    Args:
        now: seconds of any clock that only goes forward.

    Raises:
        AwsError: ThrottlingException, the second has not so many units left.
    """
    if _limit is None:
        return
    with _lock:
        _taken[:] = [one for one in _taken if one[0] > now - _SECOND]
        for policy, count in units.items():
            limit = _limit(policy) if count else None
            if limit is not None and count + sum(one[2] for one in _taken if one[1] == policy) > limit:
                raise FAULTS["throttle"].error("")
        _taken.extend((now, policy, count) for policy, count in units.items() if count)


def forget() -> None:
    """Begin a new second."""
    with _lock:
        _taken.clear()
