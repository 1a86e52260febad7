"""Quotas of the account, refused as Bedrock refuses."""

from __future__ import annotations

from sandbox.model.errors import AwsError
from sandbox.quotas import applied
from sandbox.quotas.catalogue import Quota


def require(quota: Quota, used: int) -> None:
    """Check that one more is allowed.

    Raises:
        AwsError: ServiceQuotaExceededException.
    """
    limit = applied.value(quota)
    if used + 1 > limit:
        raise AwsError(
            "ServiceQuotaExceededException",
            f"You have exceeded the quota '{quota.name}' ({quota.code}), which is {limit:g} for this account.",
        )
