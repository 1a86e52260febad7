"""The base model that a request names, as the account stands with it."""

from __future__ import annotations

from ministack.core.responses import get_region

from sandbox.model import account, customization
from sandbox.model.customization import BaseModel
from sandbox.model.errors import invalid


def find(identifier: str) -> BaseModel | None:
    """Return the base model that an id or ARN names; None where this region has none of that name.

    Raises:
        AwsError: ValidationException, the model is LEGACY: it takes no new jobs and no new throughput.
    """
    base = customization.find(identifier, get_region())
    if base is None:
        return None
    standing = account.of(base.model_id)
    if standing.region_availability != "AVAILABLE":
        return None
    if standing.status == "LEGACY":
        raise invalid(f"The model {base.model_id} is in Legacy state and cannot be used for this operation.")
    return base
