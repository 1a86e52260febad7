"""The quotas that ``sagemaker`` enforces."""

from __future__ import annotations

from sandbox.model.errors import AwsError
from sandbox.quotas import applied
from sandbox.quotas.catalogue import ALL, APPS, DOMAINS, JUPYTER_LAB, PROFILES, SPACES, Quota

__all__ = ["APPS", "DOMAINS", "PROFILES", "SPACES", "of_instance", "require"]

_DEFAULT_OF_UNLISTED = 6.0  # as of every instance type that the General Reference was read for


def of_instance(instance_type: str) -> Quota:
    """The quota of JupyterLab apps on an instance type; a type whose code is not known is called by its name."""
    name = JUPYTER_LAB.format(instance_type)
    found = (quota for quota in ALL if quota.name == name)
    return next(found, Quota("sagemaker", instance_type, name, _DEFAULT_OF_UNLISTED, "Apps"))


def require(quota: Quota, used: int) -> None:
    """Check that one more is allowed.

    Raises:
        AwsError: ResourceLimitExceeded, in AWS's words.
    """
    limit = applied.value(quota)
    if used + 1 > limit:
        raise AwsError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{quota.name}' is {limit:g} {quota.unit}, with current utilization of "
            f"{used} {quota.unit} and a request delta of 1 {quota.unit}. Please use AWS Service Quotas to request an "
            "increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an "
            "increase for this quota.",
        )
