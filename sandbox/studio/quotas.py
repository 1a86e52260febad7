"""The quotas that a class meets, with the codes and defaults of a new account; ``sagemaker`` enforces its own.

Sources: AWS General Reference (``gr/sagemaker``, ``gr/bedrock``), Service Quotas' catalogue for codes. The total of
domains is the 1 of reports; no page gives it. A new account's Lambda concurrency is 10, not the 1 000 of the page.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.model.errors import AwsError


@dataclass(frozen=True)
class Quota:
    """One quota: its service's code, its own code, name and default, and what the limit's message calls its unit."""

    service: str
    code: str
    name: str
    default: float
    unit: str = "None"


_JUPYTER_LAB = "Studio JupyterLab Apps running on {} instances"
_DEFAULT_OF_UNLISTED = 6.0  # as of every instance type that the General Reference was read for

DOMAINS = Quota("sagemaker", "L-B683BCB0", "Total domains", 1, "Domains")
PROFILES = Quota(
    "sagemaker",
    "L-AC46C40F",
    "Maximum number of Studio user profiles allowed per account",
    2,
    "User Profiles",
)
SPACES = Quota("sagemaker", "L-8E5333B4", "Maximum number of Studio spaces allowed per account", 6, "Spaces")
APPS = Quota("sagemaker", "L-4E39DDC4", "Maximum number of running Studio apps allowed per account", 40, "Apps")
_BY_TYPE = {
    "ml.t3.medium": "L-71FAF417",
    "ml.t3.large": "L-2733D4D5",
    "ml.t3.xlarge": "L-61F9C762",
    "ml.t3.2xlarge": "L-B039EA8F",
}
_OTHERS = (
    Quota("lambda", "L-B99A9384", "Concurrent executions", 10),
    Quota("apigateway", "L-8A5B8E43", "Throttle rate", 10_000),
    Quota("apigateway", "L-CDF5615A", "Throttle burst rate", 5_000),
    Quota("bedrock", "L-DC7FF66C", "Cross-region model inference tokens per minute for Amazon Nova Micro", 8_000_000),
    Quota("bedrock", "L-7C42E72A", "Cross-region model inference tokens per minute for Amazon Nova Lite", 8_000_000),
    Quota("bedrock", "L-C0326783", "Cross-region model inference tokens per minute for Amazon Nova Pro", 2_000_000),
    Quota("bedrock", "L-C6F5908D", "Cross-region model inference tokens per minute for Amazon Nova 2 Lite", 8_000_000),
    # What an account in use has, as far as known: new ones were seen with 0, for which nothing could be deployed here.
    Quota("bedrock", "L-CFA4FA0D", "On-demand model inference tokens per minute for Amazon Nova Micro", 4_000_000),
    Quota("bedrock", "L-70423BF8", "On-demand model inference tokens per minute for Amazon Nova Lite", 4_000_000),
    Quota("bedrock", "L-CE33604C", "On-demand model inference tokens per minute for Amazon Nova Pro", 1_000_000),
    Quota("bedrock", "L-CCA5DF70", "Cross-region model inference requests per minute for Claude Haiku 4.5", 10_000),
    Quota("bedrock", "L-58BE175A", "Cross-region model inference tokens per minute for Claude Haiku 4.5", 5_000_000),
    Quota("bedrock", "L-9A11C666", "Global cross-region tokens per minute for Claude Haiku 4.5", 5_000_000),
)
ALL: tuple[Quota, ...] = (
    DOMAINS,
    PROFILES,
    SPACES,
    APPS,
    *(Quota("sagemaker", code, _JUPYTER_LAB.format(instance), 6, "Apps") for instance, code in _BY_TYPE.items()),
    *_OTHERS,
)

_lock = threading.Lock()
_values: dict[str, float] = {}


def of_instance(instance_type: str) -> Quota:
    """The quota of JupyterLab apps on an instance type; a type whose code is not known is called by its name."""
    name = _JUPYTER_LAB.format(instance_type)
    found = (quota for quota in ALL if quota.name == name)
    return next(found, Quota("sagemaker", instance_type, name, _DEFAULT_OF_UNLISTED, "Apps"))


def value(quota: Quota) -> float:
    """What is applied to the account."""
    with _lock:
        return _values.get(quota.code, quota.default)


def require(quota: Quota, used: int) -> None:
    """Check that one more is allowed.

    Raises:
        AwsError: ResourceLimitExceeded, in AWS's words.
    """
    limit = value(quota)
    if used + 1 > limit:
        raise AwsError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{quota.name}' is {limit:g} {quota.unit}, with current utilization of "
            f"{used} {quota.unit} and a request delta of 1 {quota.unit}. Please use AWS Service Quotas to request an "
            "increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an "
            "increase for this quota.",
        )


def parse(document: Any) -> dict[str, float]:
    """Values by code (or instance type, where AWS's code is not known) of a JSON object.

    Raises:
        ValueError: it is none, or a code or value is wrong.
    """
    if not isinstance(document, dict):
        raise ValueError("quotas are an object of values by code")
    known = {quota.code for quota in ALL}
    for code, number in document.items():
        if code not in known and not code.startswith("ml."):
            raise ValueError(f"unknown quota {code!r}; known: {', '.join(sorted(known))}")
        if isinstance(number, bool) or not isinstance(number, int | float) or not number >= 0:
            raise ValueError(f"the value of {code} is a number from 0, got {number!r}")
    return {code: float(number) for code, number in document.items()}


def replace(values: Mapping[str, float]) -> None:
    """Apply these values; every other quota has its default."""
    with _lock:
        _values.clear()
        _values.update(values)


def state() -> dict[str, float]:
    """The applied value of every listed quota."""
    return {quota.code: value(quota) for quota in ALL}
