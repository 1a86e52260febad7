"""What a function raises has its class's name as the type of the error, as in Lambda.

MiniStack calls all errors of Python functions ``Runtime.HandlerError``. State machines go by the name: it says what is
tried again, and what is not.
"""

import functools
import re
from typing import Any, Final

_ANY: Final = "Runtime.HandlerError"


def install() -> None:
    """Name the errors of functions. Doing it again changes nothing."""
    from ministack.services import lambda_svc

    if not hasattr(lambda_svc._execute_function_with_config_scope, "names_errors"):
        lambda_svc._execute_function_with_config_scope = _naming(lambda_svc._execute_function_with_config_scope)


def _naming(execute: Any) -> Any:
    @functools.wraps(execute)  # with the marks of others
    def executed(function: Any, event: Any) -> Any:
        return named(execute(function, event))

    executed.names_errors = True  # type: ignore[attr-defined]
    return executed


def named(result: Any) -> Any:
    """Return a function's result, with the error's own name if it is an error of the function's."""
    body = result.get("body") if isinstance(result, dict) else None
    if not isinstance(body, dict) or body.get("errorType") != _ANY:
        return result
    found = _name(str(body.get("errorMessage", "")), str(result.get("log", "")))
    return {**result, "body": {**body, "errorType": found}} if found else result


def _name(message: str, log: str) -> str | None:
    """Return the class's name, which the traceback in the log has before the message."""
    first = re.escape(message.partition("\n")[0])
    line = re.compile(rf"([A-Za-z_][\w.]*)(: {first})?" if first else r"([A-Za-z_][\w.]*)")
    for text in reversed(log.splitlines()):
        found = line.fullmatch(text)
        if found and (not first or found.group(2)):
            return found.group(1).rpartition(".")[2]
    return None
