"""What is applied to the account: the defaults, and the values that a test has set."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from sandbox.control_values import Value
from sandbox.model import text_units, token_quota
from sandbox.quotas.catalogue import ALL, Quota

# Quotas whose code is not known are called by what they count: an instance type, or a model's units.
_UNCODED = re.compile(r"ml\..+|units:.+")

_lock = threading.Lock()
_values: dict[str, float] = {}


def value(quota: Quota) -> float:
    """What is applied to the account."""
    with _lock:
        return _values.get(quota.code, quota.default)


def set_value(quota: Quota) -> float | None:
    """What a test has set; None where nothing was, and this machine's own limits hold."""
    with _lock:
        return _values.get(quota.code)


def parse(document: Any) -> dict[str, float]:
    """Values by code (or instance type, or ``units:`` and a model's id, where AWS's code is not known) of an object.

    Raises:
        ValueError: it is none, or a code or value is wrong.
    """
    if not isinstance(document, dict):
        raise ValueError("quotas are an object of values by code")
    known = {quota.code for quota in ALL}
    for code, number in document.items():
        if code not in known and not _UNCODED.fullmatch(code):
            raise ValueError(f"unknown quota {code!r}; known: {', '.join(sorted(known))}")
        if isinstance(number, bool) or not isinstance(number, int | float) or not number >= 0:
            raise ValueError(f"the value of {code} is a number from 0, got {number!r}")
    return {code: float(number) for code, number in document.items()}


def replace(values: Mapping[str, float]) -> None:
    """Apply these values; every other quota has its default. What was taken of the former ones is there again."""
    with _lock:
        _values.clear()
        _values.update(values)
    token_quota.forget()
    text_units.forget()


def state() -> dict[str, float]:
    """The applied value of every listed quota."""
    return {quota.code: value(quota) for quota in ALL}


VALUE = Value(state, lambda: replace({}), lambda document: replace(parse(document)))
"""The quotas as control endpoints set, show and forget them."""
