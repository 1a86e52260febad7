"""CreateModelCustomizationJob, Get, List and Stop."""

from __future__ import annotations

from ministack.core.responses import get_region

from sandbox.model import catalogue
from sandbox.model.customization import BaseModel
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.quotas.catalogue import CREATING_MODELS, CUSTOM_MODELS, SCHEDULED_JOBS
from sandbox.scripting import Step
from sandbox.tuning import access, base_models, hyper_parameters, limits, store, tokens, training
from sandbox.tuning.store import Entry

_RUNNING = ("InProgress", "Stopping")
_NOT_SHOWN = ("jobTags", "customModelTags", "customModelName", "baseModelIdentifier", "customModelKmsKeyId")


def create(request: Json, step: Step | None) -> Json:
    """CreateModelCustomizationJob: checked at once is all but the data, which the job's first phase reads."""
    known = tokens.known(store.JOB, request)
    if known is not None:
        return {"jobArn": known}
    base = _base(request)
    _check_method(request, base)
    parameters = hyper_parameters.complete(request, base)
    _check_names(request)
    running = [job for job in store.every(store.JOB) if job.status in _RUNNING]
    limits.require(SCHEDULED_JOBS, len(running))
    limits.require(CREATING_MODELS, len(running))
    limits.require(CUSTOM_MODELS, len(store.every(store.MODEL)))
    arn = store.new_arn(f"model-customization-job/{base.model_id}")
    _check_access(request, arn)
    members = _members(request, base, parameters)
    job = Entry(store.JOB, request["jobName"], arn, members, store.tags_of(request, "jobTags"))
    job.hidden = {
        "base": base.model_id,
        "request": request,
        "step": step,
        "modelTags": store.tags_of(request, "customModelTags"),
    }
    store.take_name(store.JOB, job.name)
    store.take_name(store.MODEL, request["customModelName"])
    store.put(job)
    tokens.keep(store.JOB, request, arn)
    training.begin(job)
    return {"jobArn": arn}


def get(request: Json) -> Json:
    """GetModelCustomizationJob, by name or ARN."""
    job = _find(request)
    shown = {name: value for name, value in job.members.items() if value not in ({}, [])}
    needed: Json = {"trainingDataConfig": {}, "validationDataConfig": {"validators": []}, "outputDataConfig": {}}
    return {**needed, **shown, "jobName": job.name, **_state(job)}


def stop(request: Json) -> Json:
    """StopModelCustomizationJob. A job that has ended, or is stopping, cannot be stopped."""
    job = _find(request)
    if job.status != "InProgress":
        raise AwsError("ConflictException", f"The customization job cannot be stopped: its status is {job.status}.")
    training.ask_to_stop(job)
    return {}


def summary(job: Entry) -> Json:
    """One element of ListModelCustomizationJobs."""
    members = job.members
    shown: Json = {"jobName": job.name, "baseModelArn": members["baseModelArn"], **_state(job)}
    shown.pop("failureMessage", None)
    shown |= {"customModelName": members["outputModelName"], "customizationType": members["customizationType"]}
    return {**shown, "customModelArn": members["outputModelArn"]} if "outputModelArn" in members else shown


def _state(job: Entry) -> Json:
    phases = job.hidden["phases"]
    shown: Json = {
        "jobArn": job.arn,
        "status": job.status,
        "statusDetails": {f"{name}Details": dict(phase) for name, phase in phases.items()},
        "creationTime": store.time(job.created),
        "lastModifiedTime": store.time(job.modified),
    }
    if job.ended is not None:
        shown["endTime"] = store.time(job.ended)
    return {**shown, "failureMessage": job.reason} if job.reason else shown


def _find(request: Json) -> Entry:
    identifier = request["jobIdentifier"]
    return store.require(store.JOB, identifier, f"Could not find the customization job {identifier}.")


def _base(request: Json) -> BaseModel:
    identifier = request["baseModelIdentifier"]
    base = base_models.find(identifier)
    if base is None:
        raise invalid(
            f"The provided base model identifier {identifier} is invalid, or the model does not support customization "
            f"in {get_region()}."
        )
    return base


def _check_method(request: Json, base: BaseModel) -> None:
    method = request.get("customizationType", "FINE_TUNING")
    if method not in base.methods:
        raise invalid(f"The customization type {method} is not supported for {base.model_id}.")
    config = request.get("customizationConfig", {})
    needed = {"DISTILLATION": "distillationConfig", "REINFORCEMENT_FINE_TUNING": "rftConfig"}.get(method)
    if set(config) != ({needed} if needed else set()):
        raise invalid(f"customizationConfig must hold {needed or 'nothing'} for the customization type {method}.")
    if "s3Uri" not in request["trainingDataConfig"] or "invocationLogsConfig" in request["trainingDataConfig"]:
        raise invalid("This local AWS takes training data from trainingDataConfig.s3Uri only.")
    if method == "DISTILLATION":
        if (request.get("validationDataConfig") or {}).get("validators"):
            raise invalid("Distillation does not take validation data.")
        teacher = config["distillationConfig"]["teacherModelConfig"]["teacherModelIdentifier"]
        name = teacher.rpartition("/")[2]
        if name not in catalogue.models() and name not in catalogue.profiles(get_region()):
            raise invalid(f"The provided teacher model identifier {teacher} is invalid.")
    if method == "REINFORCEMENT_FINE_TUNING" and "lambdaGrader" not in config["rftConfig"].get("graderConfig", {}):
        raise invalid("rftConfig.graderConfig.lambdaGrader is missing.")


def _check_names(request: Json) -> None:
    if store.is_taken(store.JOB, request["jobName"]):
        raise invalid("The provided job name is currently in use.")
    if store.is_taken(store.MODEL, request["customModelName"]):
        raise invalid("The provided custom model name is currently in use.")


def _check_access(request: Json, arn: str) -> None:
    """Check places and role, as the service does before it takes a job."""
    places = [request["trainingDataConfig"]["s3Uri"]]
    places += [each["s3Uri"] for each in (request.get("validationDataConfig") or {}).get("validators") or []]
    read = [access.parse(uri, is_object=True) for uri in places]
    written = access.parse(request["outputDataConfig"]["s3Uri"], is_object=False)
    role = access.assume(request["roleArn"], arn)
    for place in read:
        access.require_readable(place, role)
    access.require_writable(written, role)
    grader = request.get("customizationConfig", {}).get("rftConfig", {}).get("graderConfig", {}).get("lambdaGrader")
    if grader is not None:
        access.require_grader(grader["lambdaArn"], role)


def _members(request: Json, base: BaseModel, parameters: dict[str, str]) -> Json:
    shown = {name: value for name, value in request.items() if name not in _NOT_SHOWN}
    shown.pop("jobName")
    return {
        "customizationType": "FINE_TUNING",
        "validationDataConfig": {"validators": []},
        **shown,
        "hyperParameters": parameters,
        "outputModelName": request["customModelName"],
        "baseModelArn": catalogue.model_arn(base.model_id, get_region()),
    }
