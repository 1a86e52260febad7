"""The List operations: filters, order and pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox.model.errors import Json
from sandbox.paging import page
from sandbox.tuning import custom_models, deployments, jobs, store, throughputs
from sandbox.tuning.store import Entry

_MOST = 100


@dataclass(frozen=True)
class Listing:
    """One List operation: its kind, its reply's member, how an element is shown, and the names of its time filters."""

    kind: str
    member: str
    summary: Callable[[Entry], Json]
    after: str = "creationTimeAfter"
    before: str = "creationTimeBefore"


LISTINGS = {
    "ListModelCustomizationJobs": Listing(store.JOB, "modelCustomizationJobSummaries", jobs.summary),
    "ListCustomModels": Listing(store.MODEL, "modelSummaries", custom_models.summary),
    "ListCustomModelDeployments": Listing(
        store.DEPLOYMENT, "modelDeploymentSummaries", deployments.summary, "createdAfter", "createdBefore"
    ),
    "ListProvisionedModelThroughputs": Listing(store.THROUGHPUT, "provisionedModelSummaries", throughputs.summary),
}


def run(operation: str, request: Json) -> Json:
    """Answer one List operation: newest first, unless the request says otherwise."""
    listing = LISTINGS[operation]
    found = [entry for entry in store.every(listing.kind) if _fits(entry, listing, request)]
    found.sort(key=lambda entry: entry.created)
    if request.get("sortOrder", "Descending") == "Descending":
        found.reverse()
    return page([listing.summary(entry) for entry in found], request, listing.member, most=_MOST)


def _fits(entry: Entry, listing: Listing, request: Json) -> bool:
    members = entry.members
    base = (members.get("baseModelArn"), members.get("foundationModelArn"))
    return (
        request.get("statusEquals") in (None, entry.status)
        and request.get("modelStatus") in (None, entry.status)
        and request.get("nameContains", "").lower() in entry.name.lower()
        and request.get("modelArnEquals") in (None, members.get("modelArn"))
        and request.get("baseModelArnEquals") in (None, *base)
        and request.get("foundationModelArnEquals") in (None, *base)
        and request.get("isOwned") in (None, True)
        and entry.created >= _moment(request.get(listing.after), 0)
        and entry.created <= _moment(request.get(listing.before), float("inf"))
    )


def _moment(text: str | None, otherwise: float) -> float:
    return otherwise if text is None else datetime.fromisoformat(text).timestamp()
