"""An error of a function is called by its class's name."""

from typing import Any

import pytest

from sandbox.function_errors import named

LOG = """\
{"level": "INFO", "message": "Other: words"}
Traceback (most recent call last):
  File "handler.py", line 7, in lambda_handler
    raise OutOfStockError("none left")
shop.errors.OutOfStockError: none left
of both
"""


def result(message: str, log: str, kind: str = "Runtime.HandlerError") -> dict[str, Any]:
    return {"body": {"errorMessage": message, "errorType": kind}, "error": True, "log": log}


@pytest.mark.parametrize(
    ("message", "log", "name"),
    [
        ("none left\nof both", LOG, "OutOfStockError"),
        ("none left", "KeyError: none left", "KeyError"),
        ("", "Traceback (most recent call last):\nEmptyError", "EmptyError"),
        ("a.b (c)", "shop.OddError: a.b (c)", "OddError"),
        ("none left", "nothing of it", "Runtime.HandlerError"),
        ("none left", "OtherError: some left", "Runtime.HandlerError"),
    ],
)
def test_an_error_has_its_class_s_name(message: str, log: str, name: str) -> None:
    assert named(result(message, log))["body"]["errorType"] == name


def test_what_is_no_error_of_the_function_stays() -> None:
    late = result("Task timed out", "TimeoutError: Task timed out", kind="Sandbox.Timedout")

    assert named(late) == late
    assert named({"body": {"left": 0}, "log": ""}) == {"body": {"left": 0}, "log": ""}
    assert named({"body": "text"}) == {"body": "text"}
    assert named(None) is None
