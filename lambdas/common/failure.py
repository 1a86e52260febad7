"""What a log is told of an error that nobody foresaw: its type and the places in the code, never its text.

An exception's text may quote what it choked on: a prompt, a document, a signed URL.
"""

import traceback
from typing import Final

# Of a deep error, calls at each end of the way; what repeats itself lies between.
_SHOWN: Final = 15


def places(error: BaseException) -> list[str]:
    """Return ``file:line`` of each call on the way to where the error was raised, the outermost first.

    An error that was made and never raised has none. Of many calls those in the middle are left out, and counted.
    """
    found = [f"{frame.f_code.co_filename}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)]
    left_out = len(found) - 2 * _SHOWN
    return found if left_out <= 0 else [*found[:_SHOWN], f"({left_out} more)", *found[-_SHOWN:]]


def recorded(error: BaseException) -> dict[str, str | list[str]]:
    """Return the error's fields of a log line: ``{"error_type": name of its class, "where": places}``."""
    return {"error_type": type(error).__name__, "where": places(error)}
