"""A run's customization job: made once, however often it is asked for, under a name that was never used."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.catalogue import customization
from lambdas.common.aws_errors import code_of
from lambdas.common.observability import logger
from lambdas.tuning import bedrock as calls
from lambdas.tuning import names, places
from lambdas.tuning.bedrock import Bedrock
from lambdas.tuning.run import Method, RunRequest, RunStatus
from lambdas.tuning.store import RunStore

# Names of jobs and models are taken for ever, those of failed and deleted ones too.
MOST_ATTEMPTS: Final = 20
_KINDS: Final[Mapping[Method, str]] = {
    "fine_tuning": "FINE_TUNING",
    "continued_pre_training": "CONTINUED_PRE_TRAINING",
    "distillation": "DISTILLATION",
    "reinforcement_fine_tuning": "REINFORCEMENT_FINE_TUNING",
}
# What Bedrock says of a name that is taken; a limit of jobs that are being made is another error.
_TAKEN: Final = frozenset({"ConflictException"})
_NAME_TAKEN: Final = "name is currently in use"
# Of a job that nothing has to be done about.
ENDED: Final = frozenset({"Completed", "Failed", "Stopped"})


class JobError(Exception):
    """The job cannot be made, or failed; says why."""


def create(status: RunStatus, *, bedrock: Bedrock, store: RunStore, environment: str, owner: str, role_arn: str) -> str:
    """Make the job of a run, or find the one that a former try made; return its ARN.

    Raises:
        JobError: Bedrock refuses it, or no name is free.
        ClientError: AWS cannot be asked now.
    """
    request = _request(status)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        name = names.job_name(environment, status.run, attempt)
        there = _named(bedrock, name)
        if there is not None:
            if there["status"] not in ("Failed", "Stopped", "Stopping"):
                return str(there["jobArn"])
            continue
        tags = names.tags(environment=environment, owner=owner, run=status.run, alias=request.alias)
        try:
            reply = bedrock.create_model_customization_job(
                jobName=name,
                customModelName=name,
                roleArn=role_arn,
                clientRequestToken=hashlib.sha256(name.encode()).hexdigest(),
                baseModelIdentifier=customization.find(request.base_model).customization_id,
                customizationType=_KINDS[request.method],
                jobTags=tags,
                customModelTags=tags,
                outputDataConfig={"s3Uri": store.uri(places.output_prefix(status.run))},
                hyperParameters=request.hyperparameter_strings,
                **_data(request, store),
            )
        except ClientError as error:
            if code_of(error) in _TAKEN or _NAME_TAKEN in error.response["Error"].get("Message", ""):
                logger.info("name taken", extra={"what": name})
                continue
            if code_of(error) in ("ValidationException", "ServiceQuotaExceededException", "AccessDeniedException"):
                raise JobError(f"Bedrock refuses the job: {error.response['Error'].get('Message', '')}") from error
            raise
        return str(reply["jobArn"])
    raise JobError(
        f"All {MOST_ATTEMPTS} names of the run's job are taken: Bedrock never takes one twice. Start it with --again."
    )


def stop(bedrock: Bedrock, arn: str) -> str:
    """Have a job stopped; return its status: over, or Stopping."""
    try:
        state = str(bedrock.get_model_customization_job(jobIdentifier=arn)["status"])
        if state == "InProgress":
            bedrock.stop_model_customization_job(jobIdentifier=arn)
            state = str(bedrock.get_model_customization_job(jobIdentifier=arn)["status"])
    except ClientError as error:
        if code_of(error) in calls.GONE:
            return "Stopped"
        # It ended this moment; the next look says how.
        if code_of(error) in ("ConflictException", "ValidationException"):
            return "Stopping"
        raise
    return state


def of_run(bedrock: Bedrock, *, environment: str, run: str) -> list[Mapping[str, Any]]:
    """Return a run's jobs, by their names."""
    its = {names.job_name(environment, run, attempt) for attempt in range(1, MOST_ATTEMPTS + 1)}
    return [job for job in calls.jobs(bedrock, nameContains=names.prefix(environment)) if job["jobName"] in its]


def models_of_run(bedrock: Bedrock, *, environment: str, run: str) -> list[Mapping[str, Any]]:
    """Return a run's custom models, by their names, which are those of its jobs."""
    its = {names.job_name(environment, run, attempt) for attempt in range(1, MOST_ATTEMPTS + 1)}
    return [
        model for model in calls.models(bedrock, nameContains=names.prefix(environment)) if model["modelName"] in its
    ]


def details(job: Mapping[str, Any]) -> dict[str, str]:
    """Return Bedrock's status details of a job, as a run's status has them."""
    found = job.get("statusDetails") or {}
    named = {
        "validation": "validationDetails",
        "data_processing": "dataProcessingDetails",
        "training": "trainingDetails",
    }
    return {ours: str(found[theirs]["status"]) for ours, theirs in named.items() if found.get(theirs, {}).get("status")}


def _named(bedrock: Bedrock, name: str) -> Mapping[str, Any] | None:
    return next((job for job in calls.jobs(bedrock, nameContains=name) if job["jobName"] == name), None)


def _data(request: RunRequest, store: RunStore) -> dict[str, Any]:
    data: dict[str, Any] = {"trainingDataConfig": {"s3Uri": store.uri(request.training)}}
    if request.validation:
        data["validationDataConfig"] = {"validators": [{"s3Uri": store.uri(request.validation)}]}
    return data


def _request(status: RunStatus) -> RunRequest:
    if status.request is None:
        raise JobError(f"The status of the run {status.run} has lost its request. Start it again.")
    return status.request
