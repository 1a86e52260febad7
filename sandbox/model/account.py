"""The account's standing with each model: what the control plane says of it, and what a call of it meets.

By default the account may use every model of the region. A test changes that, to see what a check makes of it.
"""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import dataclass, replace
from typing import Any

from ministack.services import bedrock

from sandbox.model.errors import FAULTS, Json

_MEMBERS: dict[str, tuple[str, ...]] = {
    "status": ("ACTIVE", "LEGACY"),
    "regionAvailability": ("AVAILABLE", "NOT_AVAILABLE"),
    "authorizationStatus": ("AUTHORIZED", "NOT_AUTHORIZED"),
    "entitlementAvailability": ("AVAILABLE", "NOT_AVAILABLE"),
    "agreementAvailability": ("AVAILABLE", "PENDING", "NOT_AVAILABLE", "ERROR"),
    "useCaseForm": ("SUBMITTED", "NOT_SUBMITTED"),
}


@dataclass
class Standing:
    """What is said of the models that the glob ``model`` fits. Values are those of the Bedrock API."""

    model: str = "*"
    status: str | None = None
    end_of_life_time: str | None = None
    region_availability: str = "AVAILABLE"
    authorization_status: str = "AUTHORIZED"
    entitlement_availability: str = "AVAILABLE"
    agreement_availability: str = "AVAILABLE"
    use_case_form: str = "SUBMITTED"


_lock = threading.Lock()
_standings: list[Standing] = []
_form_submitted = False


def parse(document: Any) -> list[Standing]:
    """Return the standings of a JSON list: each ``{"model": glob}`` and members of ``GetFoundationModelAvailability``,
    ``status`` and ``endOfLifeTime`` of its lifecycle, or ``useCaseForm``.

    Raises:
        ValueError: says which entry and which member is wrong, and what is accepted.
    """
    if not isinstance(document, list):
        raise ValueError("standings are a list of objects")
    found = []
    for number, entry in enumerate(document):
        if not isinstance(entry, dict):
            raise ValueError(f"entry {number}: must be an object")
        standing = Standing()
        for name, value in entry.items():
            accepted = _MEMBERS.get(name)
            if accepted is None and name not in ("model", "endOfLifeTime"):
                known = ", ".join(["model", "endOfLifeTime", *_MEMBERS])
                raise ValueError(f"entry {number}: unknown member {name!r}; known: {known}")
            if not isinstance(value, str) or (accepted and value not in accepted):
                raise ValueError(f"entry {number}: {name!r} must be one of {', '.join(accepted or ('a string',))}")
            snake = "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
            standing = replace(standing, **{snake: value})
        found.append(standing)
    return found


def set_standings(standings: list[Standing]) -> None:
    """Make ``standings`` what is true; the first whose glob fits a model decides. The form counts as not sent in."""
    global _form_submitted
    with _lock:
        _standings[:] = standings
        _form_submitted = False


def of(model_id: str) -> Standing:
    """Return the standing of a foundation model."""
    with _lock:
        found = next((one for one in _standings if fnmatch.fnmatchcase(model_id, one.model)), Standing())
        return replace(found, use_case_form="SUBMITTED") if _form_submitted else found


def submit_form() -> None:
    """Note that PutUseCaseForModelAccess was called: no model misses the form any more."""
    global _form_submitted
    with _lock:
        _form_submitted = True


def form_missing() -> bool:
    """Return whether GetUseCaseForModelAccess is to find nothing."""
    with _lock:
        return not _form_submitted and any(one.use_case_form == "NOT_SUBMITTED" for one in _standings)


def check(model_id: str, called: str) -> None:
    """Refuse a call that the account may not make of the foundation model ``model_id``, called as ``called``.

    Raises:
        AwsError: what AWS answers in that standing.
    """
    standing = of(model_id)
    if standing.region_availability == "NOT_AVAILABLE":
        raise FAULTS["not_in_region"].error(called)
    if standing.use_case_form == "NOT_SUBMITTED" and model_id.startswith("anthropic."):
        raise FAULTS["form_missing"].error(called)
    if standing.authorization_status == "NOT_AUTHORIZED" or standing.entitlement_availability == "NOT_AVAILABLE":
        raise FAULTS["access_denied"].error(called)
    # A first call subscribes by itself; without an agreement it is one that could not. PENDING already answers.
    if standing.agreement_availability in ("NOT_AVAILABLE", "ERROR") and model_id not in bedrock._model_agreements:
        raise FAULTS["marketplace_denied"].error(called)
    if standing.status == "LEGACY":
        raise FAULTS["legacy"].error(called)


def state() -> list[Json]:
    """Return the standings as JSON, in the module's own member names."""
    with _lock:
        return [dict(vars(one)) for one in _standings]
