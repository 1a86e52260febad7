"""What a log is told of an error that nobody foresaw: its type and the places in the code, never its text.

An exception's text may quote what it choked on: a prompt, a document, a signed URL.
"""

import traceback


def places(error: BaseException) -> list[str]:
    """Return ``file:line`` of each call on the way to where the error was raised, the outermost first.

    An error that was made and never raised has none.
    """
    return [f"{frame.f_code.co_filename}:{line}" for frame, line in traceback.walk_tb(error.__traceback__)]


def recorded(error: BaseException) -> dict[str, str | list[str]]:
    """Return the error's fields of a log line: ``{"error_type": name of its class, "where": places}``."""
    return {"error_type": type(error).__name__, "where": places(error)}
