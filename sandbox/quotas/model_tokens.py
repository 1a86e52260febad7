"""The quotas that the stand-in model throttles by: tokens per minute by model, and text units that guardrails judge."""

from __future__ import annotations

import re

from sandbox.model import text_units, token_quota
from sandbox.quotas import applied, catalogue

_NAME = re.compile(r"(On-demand|Cross-region|Global cross-region) model inference tokens per minute for (.+)")
_UNITS = {
    "contentPolicyUnits": catalogue.CONTENT_UNITS,
    "sensitiveInformationPolicyUnits": catalogue.SENSITIVE_UNITS,
    "contextualGroundingPolicyUnits": catalogue.GROUNDING_UNITS,
}


def install() -> None:
    """Let the model throttle by what is applied to the account. Doing it again changes nothing."""
    token_quota.limit_by(find)
    text_units.limit_by(units)


def units(policy: str) -> float | None:
    """Return how many text units of a policy a second takes; None where no test has said, for machines differ."""
    quota = _UNITS.get(policy)
    return applied.set_value(quota) if quota else None


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
