"""A pause in a deployment: what was made takes a while to be known everywhere.

CloudFormation would go on at once, and what comes next would fail with "access denied" or "no such index".
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from lambdas.common.custom_resource import CustomResourceError

MAX_SECONDS: Final = 300
SLICE_SECONDS: Final = 5.0
# What is asked for the length, if nobody says which setting has it.
KNOB: Final = "the wait"


def wait(
    properties: Mapping[str, Any],
    former: Mapping[str, Any] | None,
    *,
    left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
    knob: str = KNOB,
) -> None:
    """Pause, unless the property ``Of`` is what it was: then nothing new is waited for.

    Args:
        former: the properties before an update; None at creation.

    Raises:
        CustomResourceError: as ``pause``.
    """
    if former is None or former.get("Of") != properties.get("Of"):
        pause(properties, left=left, sleep=sleep, knob=knob)


def pause(
    properties: Mapping[str, Any],
    *,
    left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
    knob: str = KNOB,
) -> None:
    """Sleep for the property ``Seconds``.

    Args:
        left: seconds that the function still has for this.
        sleep: sleeps that many seconds; for tests.
        knob: what to turn if it is too long, in words for an operator.

    Raises:
        CustomResourceError: ``Seconds`` is no whole number from 0 to 300, or the function has not as much time.
    """
    seconds = _seconds(properties.get("Seconds"), knob)
    if seconds > left():
        raise CustomResourceError(
            f"Waiting {seconds} s does not fit into the function's time-out. Lower {knob} and deploy again."
        )
    to_go = float(seconds)
    while to_go > 0:
        # A function that was held up in between answers rather than being ended in its sleep.
        if left() <= 0:
            raise CustomResourceError(f"The wait was cut short with {to_go:.0f} s of {seconds} s to go. Deploy again.")
        sleep(min(SLICE_SECONDS, to_go))
        to_go -= SLICE_SECONDS


def _seconds(text: Any, knob: str) -> int:
    """Read what CloudFormation hands on as a string."""
    try:
        seconds = int(str(text))
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= MAX_SECONDS:
        raise CustomResourceError(
            f"The wait's Seconds are {text!r}; a whole number from 0 to {MAX_SECONDS} is needed. Correct "
            f"{knob} and deploy again."
        )
    return seconds
