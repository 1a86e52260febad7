"""Provisioned throughput: units of a model of its own, paid by the hour until it is deleted."""

from __future__ import annotations

from ministack.core.responses import get_region

from sandbox import clock
from sandbox.model import catalogue, customization
from sandbox.model.customization import BaseModel
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.quotas import applied
from sandbox.quotas.catalogue import BASE_MODEL_UNITS, CUSTOM_MODEL_UNITS, Quota
from sandbox.scripting import Step
from sandbox.tuning import base_models, script, store, tokens
from sandbox.tuning.store import Entry

_DAYS = {"OneMonth": 30, "SixMonths": 180}
_DAY = 24 * 3600


def create(request: Json, step: Step | None) -> Json:
    """CreateProvisionedModelThroughput, for a custom model or a base model."""
    known = tokens.known(store.THROUGHPUT, request)
    if known is not None:
        return {"provisionedModelArn": known}
    base, model_arn = _model(request["modelId"])
    name, units = request["provisionedModelName"], request["modelUnits"]
    if any(entry.name == name for entry in store.every(store.THROUGHPUT)):
        raise invalid(f"The provided provisioned model name is currently in use: {name}.")
    commitment = request.get("commitmentDuration")
    _require_units(base, model_arn, units, commitment)
    members: Json = {
        "modelUnits": units,
        "desiredModelUnits": units,
        "modelArn": model_arn,
        "desiredModelArn": model_arn,
        "foundationModelArn": catalogue.model_arn(base.model_id, get_region()),
    }
    if commitment is not None:
        members |= {
            "commitmentDuration": commitment,
            "commitmentExpirationTime": store.time(clock.now() + _DAYS[commitment] * _DAY),
        }
    arn = store.new_arn("provisioned-model")
    entry = Entry(store.THROUGHPUT, name, arn, members, store.tags_of(request))
    entry.hidden = {"base": base.model_id, "committed": _DAYS[commitment] * _DAY if commitment else 0}
    entry.settle = _settle
    entry.change(step, script.delay("throughput"), through="Creating", to="InService")
    store.put(entry)
    tokens.keep(store.THROUGHPUT, request, arn)
    return {"provisionedModelArn": arn}


def get(request: Json) -> Json:
    """GetProvisionedModelThroughput, by name or ARN."""
    entry = _find(request)
    shown = summary(entry)
    return {**shown, "failureMessage": entry.reason} if entry.reason else shown


def update(request: Json, step: Step | None) -> Json:
    """UpdateProvisionedModelThroughput: another name, or another model of the same base."""
    entry = _find(request)
    if entry.status != "InService":
        raise invalid(f"The provisioned model {entry.name} cannot be updated: its status is {entry.status}.")
    new = request.get("desiredProvisionedModelName", entry.name)
    if new != entry.name and any(each.name == new for each in store.every(store.THROUGHPUT)):
        raise invalid(f"The provided provisioned model name is currently in use: {new}.")
    desired = entry.members["modelArn"]
    if "desiredModelId" in request:
        base, desired = _model(request["desiredModelId"])
        if base.model_id != entry.hidden["base"]:
            raise invalid(f"The desired model must be {entry.hidden['base']}, or a custom model of it.")
    entry.name, entry.members["desiredModelArn"] = new, desired
    entry.hidden["next"] = desired
    entry.change(step, script.delay("throughputUpdate"), through="Updating", to="InService")
    return {}


def delete(request: Json) -> Json:
    """DeleteProvisionedModelThroughput, refused before the end of a commitment, and while it is created or updated."""
    entry = _find(request)
    if clock.now() < entry.created + entry.hidden["committed"]:
        raise AwsError(
            "ConflictException",
            f"The provisioned model {entry.name} cannot be deleted before its commitment ends on "
            f"{entry.members['commitmentExpirationTime']}.",
        )
    if entry.is_changing:
        raise AwsError(
            "ConflictException", f"The provisioned model {entry.name} cannot be deleted: it is {entry.status}."
        )
    store.drop(entry)
    return {}


def summary(entry: Entry) -> Json:
    """One element of ListProvisionedModelThroughputs."""
    return {
        **entry.members,
        "provisionedModelName": entry.name,
        "provisionedModelArn": entry.arn,
        "status": entry.status,
        "creationTime": store.time(entry.created),
        "lastModifiedTime": store.time(entry.modified),
    }


def _settle(entry: Entry) -> None:
    if not entry.is_due:
        return
    entry.status = str(entry.target)
    if "next" in entry.hidden:
        desired = entry.hidden.pop("next")
        if entry.status == "InService":
            entry.members["modelArn"] = desired
    entry.target, entry.step, entry.modified = None, None, max(entry.modified, entry.ends)


def _find(request: Json) -> Entry:
    identifier = request["provisionedModelId"]
    return store.require(store.THROUGHPUT, identifier, f"Could not find the provisioned model {identifier}.")


def _model(identifier: str) -> tuple[BaseModel, str]:
    """Return the base model, and the ARN that is to be served, of a custom model or of a base model."""
    custom = store.find(store.MODEL, identifier)
    if custom is not None:
        base, arn = customization.base_models()[custom.hidden["base"]], custom.arn
    elif ":custom-model/" in identifier:
        raise AwsError("ResourceNotFoundException", f"Could not find the custom model {identifier}.")
    else:
        found = base_models.find(identifier)
        if found is None:
            raise invalid(f"The provided model identifier is invalid: {identifier}.")
        base, arn = found, catalogue.model_arn(found.model_id, get_region())
    if not base.provisioned:
        raise invalid(f"Provisioned Throughput is not supported for {base.model_id}.")
    return base, arn


def _require_units(base: BaseModel, model_arn: str, units: int, commitment: str | None) -> None:
    """Check the units of the account: without a commitment across all models, and of this model in any case."""
    existing = store.every(store.THROUGHPUT)
    is_custom = ":custom-model/" in model_arn
    if commitment is None:
        across = CUSTOM_MODEL_UNITS if is_custom else BASE_MODEL_UNITS
        alike = [
            entry
            for entry in existing
            if not entry.hidden["committed"] and (":custom-model/" in entry.members["modelArn"]) == is_custom
        ]
        _require(across, alike, units, "no commitment model units", base)
    of_model = Quota("bedrock", base.units_quota or f"units:{base.model_id}", f"Model units for {base.model_name}", 0)
    alike = [entry for entry in existing if entry.hidden["base"] == base.model_id]
    _require(of_model, alike, units, "model units", base)


def _require(quota: Quota, existing: list[Entry], units: int, what: str, base: BaseModel) -> None:
    limit, used = applied.value(quota), sum(entry.members["modelUnits"] for entry in existing)
    if used + units <= limit:
        return
    if not limit:
        words = f"Your account does not currently have any {what} reserved for {base.model_name}."
    else:
        words = f"Your account has {limit:g} {what} reserved for {base.model_name}, of which {used} are in use."
    raise AwsError("ServiceQuotaExceededException", words)
