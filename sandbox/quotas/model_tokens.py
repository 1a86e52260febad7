"""The quotas of tokens per minute by the model that they are named after, for the stand-in model to throttle by."""

from __future__ import annotations

import re

from sandbox.model import token_quota
from sandbox.quotas import applied, catalogue

_NAME = re.compile(r"(On-demand|Cross-region|Global cross-region) model inference tokens per minute for (.+)")


def install() -> None:
    """Let the model throttle by what is applied to the account. Doing it again changes nothing."""
    token_quota.limit_by(find)


def find(way: str, model_name: str) -> tuple[str, float] | None:
    """Return a quota's code and tokens per minute; None if none is named after the model.

    Args:
        way: how the model is called, as Service Quotas words it.
    """
    for quota in catalogue.ALL:
        named = _NAME.fullmatch(quota.name)
        if named and named[1] == way and named[2].endswith(model_name):
            return quota.code, applied.value(quota)
    return None
