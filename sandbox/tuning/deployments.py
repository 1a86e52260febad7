"""Custom model deployments: a custom model that answers on demand.

While a deployment is updated it is Active and answers as before; its ``updateDetails`` tell how far the update is. AWS
documents neither, nor what it says to a second update or to a deletion in the middle: both are refused here.
"""

from __future__ import annotations

from sandbox import clock
from sandbox.model import customization
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.quotas.catalogue import DEPLOYMENTS, DEPLOYMENTS_IN_PROGRESS
from sandbox.scripting import Step
from sandbox.tuning import custom_models, limits, script, store, tokens
from sandbox.tuning.store import Entry


def create(request: Json, step: Step | None) -> Json:
    """CreateCustomModelDeployment."""
    known = tokens.known(store.DEPLOYMENT, request)
    if known is not None:
        return {"customModelDeploymentArn": known}
    model = _deployable(request["modelArn"])
    name = request["modelDeploymentName"]
    existing = store.every(store.DEPLOYMENT)
    if any(entry.name == name for entry in existing):
        raise invalid(f"The provided model deployment name is currently in use: {name}.")
    limits.require(DEPLOYMENTS, len(existing))
    _require_progress(existing)
    members = {"modelArn": model.arn, **{key: request[key] for key in ("description",) if key in request}}
    arn = store.new_arn("custom-model-deployment")
    entry = Entry(store.DEPLOYMENT, name, arn, members, store.tags_of(request))
    entry.settle = _settle
    entry.change(step, script.delay("deployment"), through="Creating", to="Active")
    store.put(entry)
    tokens.keep(store.DEPLOYMENT, request, arn)
    return {"customModelDeploymentArn": arn}


def get(request: Json) -> Json:
    """GetCustomModelDeployment, by name or ARN."""
    entry = _find(request)
    shown: Json = {**entry.members, **_state(entry), "modelDeploymentName": entry.name}
    return {**shown, "failureMessage": entry.reason} if entry.reason else shown


def update(request: Json, step: Step | None) -> Json:
    """UpdateCustomModelDeployment: another custom model behind the same ARN."""
    entry = _find(request)
    if entry.status != "Active":
        raise invalid(f"The custom model deployment {entry.name} cannot be updated: its status is {entry.status}.")
    if entry.is_changing:
        raise invalid(f"The custom model deployment {entry.name} cannot be updated: an update is in progress.")
    model = _deployable(request["modelArn"])
    _require_progress(store.every(store.DEPLOYMENT))
    seconds = step.seconds if step is not None and step.do == "take" else script.delay("deploymentUpdate")
    entry.step, entry.target, entry.ends = step, "updated", clock.now() + seconds
    entry.modified = clock.now()
    entry.hidden["next"] = model.arn
    entry.members["updateDetails"] = {"modelArn": model.arn, "updateStatus": "Updating"}
    return {"customModelDeploymentArn": entry.arn}


def delete(request: Json) -> Json:
    """DeleteCustomModelDeployment, refused while it is created or updated."""
    entry = _find(request)
    if entry.is_changing:
        what = "Updating" if entry.status == "Active" else entry.status
        raise AwsError(
            "ConflictException", f"The custom model deployment {entry.name} cannot be deleted: it is {what}."
        )
    store.drop(entry)
    return {}


def summary(entry: Entry) -> Json:
    """One element of ListCustomModelDeployments."""
    shown: Json = {"customModelDeploymentName": entry.name, "modelArn": entry.members["modelArn"], **_state(entry)}
    return {**shown, "failureMessage": entry.reason} if entry.reason else shown


def _settle(entry: Entry) -> None:
    if not entry.is_due:
        return
    updated = entry.target == "updated"
    failed = updated and entry.step is not None and entry.step.do == "fail"
    if not updated:
        entry.status = str(entry.target)
    elif failed:
        entry.members["updateDetails"]["updateStatus"] = "UpdateFailed"
        entry.reason = entry.step.reason if entry.step is not None else ""
    else:
        entry.members["updateDetails"]["updateStatus"] = "UpdateCompleted"
        entry.members["modelArn"], entry.reason = entry.hidden["next"], ""
    entry.hidden.pop("next", None)
    entry.target, entry.step, entry.modified = None, None, max(entry.modified, entry.ends)


def _state(entry: Entry) -> Json:
    return {
        "customModelDeploymentArn": entry.arn,
        "status": entry.status,
        "createdAt": store.time(entry.created),
        "lastUpdatedAt": store.time(entry.modified),
    }


def _find(request: Json) -> Entry:
    identifier = request["customModelDeploymentIdentifier"]
    words = f"Could not find the custom model deployment {identifier}."
    return store.require(store.DEPLOYMENT, identifier, words)


def _deployable(arn: str) -> Entry:
    model = custom_models.find(arn)
    base = customization.base_models()[model.hidden["base"]]
    if not base.on_demand:
        raise invalid(f"Custom models of {base.model_id} are not supported for on-demand inference.")
    return model


def _require_progress(existing: list[Entry]) -> None:
    limits.require(DEPLOYMENTS_IN_PROGRESS, len([entry for entry in existing if entry.is_changing]))
