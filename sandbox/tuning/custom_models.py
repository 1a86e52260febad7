"""GetCustomModel, ListCustomModels and DeleteCustomModel."""

from __future__ import annotations

from ministack.core.responses import get_account_id

from sandbox.model.errors import AwsError, Json
from sandbox.tuning import store
from sandbox.tuning.store import Entry


def get(request: Json) -> Json:
    """GetCustomModel, by name or ARN."""
    model = find(request["modelIdentifier"])
    shown = {name: value for name, value in model.members.items() if value not in ({}, [])}
    times = {"creationTime": store.time(model.created), "modelStatus": model.status}
    return {**shown, "modelArn": model.arn, "modelName": model.name, **times}


def delete(request: Json) -> Json:
    """DeleteCustomModel, refused while something serves it. Its name stays taken."""
    model = find(request["modelIdentifier"])
    serving = [*store.every(store.DEPLOYMENT), *store.every(store.THROUGHPUT)]
    users = [entry for entry in serving if _uses(entry, model)]
    if users:
        named = ", ".join(entry.arn for entry in users)
        raise AwsError("ConflictException", f"The custom model {model.name} cannot be deleted: it is used by {named}.")
    store.drop(model)
    return {}


def summary(model: Entry) -> Json:
    """One element of ListCustomModels."""
    return {
        "modelArn": model.arn,
        "modelName": model.name,
        "creationTime": store.time(model.created),
        "baseModelArn": model.members["baseModelArn"],
        "baseModelName": model.hidden["base"].partition(":")[0],
        "customizationType": model.members["customizationType"],
        "ownerAccountId": get_account_id(),
        "modelStatus": model.status,
    }


def find(identifier: str) -> Entry:
    """Return a custom model. Raises AwsError: ResourceNotFoundException."""
    return store.require(store.MODEL, identifier, f"Could not find the custom model {identifier}.")


def _uses(entry: Entry, model: Entry) -> bool:
    return model.arn in (entry.members.get("modelArn"), entry.hidden.get("next"))
