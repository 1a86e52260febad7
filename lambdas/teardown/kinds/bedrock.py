"""Bedrock's models, jobs, throughput, guardrails, profiles and logging.

What people call a tuned model is four things, which end in this order: the job that makes it, what hosts it, itself.
Sources: aws-doc "Delete a custom model", "Delete a Provisioned Throughput"; botocore's model of ``bedrock``.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from lambdas.teardown.aws import Aws
from lambdas.teardown.kind import Found, Kind, Phase
from lambdas.teardown.kinds.forms import by, call, may_be_ours, nothing, tags_of

_S: Final = "bedrock"
# Of jobs: they end by themselves and cannot be deleted, and what has ended is a record.
_RUNNING: Final = frozenset({"InProgress", "Stopping", "Submitted", "Validating", "Scheduled"})
_OVER: Final = frozenset({"Completed", "Failed", "Stopped", "PartiallyCompleted", "Expired", "Deleting", "Deleted"})


def _tags(aws: Aws, arn: str) -> dict[str, str]:
    found = aws.described(_S, "list_tags_for_resource", resourceARN=arn)
    return tags_of((found or {}).get("tags"))


def _listed(
    operation: str, member: str, *, arn: str, name: str, state: str = "status", only: frozenset[str] | None = None
) -> Callable[[Aws], Iterator[Found]]:
    """Return a list of what is named as ours, with its tags."""

    def finds(aws: Aws) -> Iterator[Found]:
        for one in aws.pages(_S, operation, member):
            told = str(one.get(state) or "")
            if (only is None or told in only) and may_be_ours(aws, str(one[name])):
                yield Found(
                    id=one[arn], name=one[name], arn=one[arn], tags=_tags(aws, one[arn]), state=told, details=one
                )

    return finds


def _guardrail_versions(aws: Aws) -> Iterator[Found]:
    for guardrail in aws.pages(_S, "list_guardrails", "guardrails"):
        if not may_be_ours(aws, str(guardrail["name"])):
            continue
        tags = _tags(aws, guardrail["arn"])
        for one in aws.pages(_S, "list_guardrails", "guardrails", guardrailIdentifier=guardrail["id"]):
            if one["version"] != "DRAFT":
                of = (guardrail["arn"], guardrail["id"])
                yield Found(id=f"{guardrail['id']}|{one['version']}", tags=tags, of=of, details=one)


def _look_at_version(aws: Aws, id_: str) -> Found | None:
    guardrail, _, version = id_.partition("|")
    found = aws.described(_S, "get_guardrail", guardrailIdentifier=guardrail, guardrailVersion=version)
    return None if found is None else Found(id=id_, details=found)


def _delete_version(aws: Aws, id_: str) -> object:
    guardrail, _, version = id_.partition("|")
    return aws.client(_S).delete_guardrail(guardrailIdentifier=guardrail, guardrailVersion=version)


def _logging(aws: Aws) -> Iterator[Found]:
    """Yield the account's invocation logging if it goes to a log group or a bucket of the environment's."""
    found = _look_at_logging(aws, "invocation-logging")
    if found is not None:
        groups = found.details.get("cloudWatchConfig", {}).get("logGroupName", "")
        bucket = found.details.get("s3Config", {}).get("bucketName", "")
        yield Found(id=found.id, name=groups, of=tuple(filter(None, (groups, bucket))), details=found.details)


def _look_at_logging(aws: Aws, id_: str) -> Found | None:
    found: Any = aws.client(_S).get_model_invocation_logging_configuration()
    configuration = found.get("loggingConfig")
    return Found(id=id_, details=configuration) if configuration else None


KINDS: Final = (
    Kind(
        service=_S,
        type="model-customization-job",
        phase=Phase.JOBS,
        arn=r"model-customization-job/(.+)",
        id_is_arn=True,
        finds=_listed(
            "list_model_customization_jobs",
            "modelCustomizationJobSummaries",
            arn="jobArn",
            name="jobName",
            only=_RUNNING,
        ),
        looks=by(_S, "get_model_customization_job", "jobIdentifier", state="status", gone=_OVER),
        deletes=call(_S, "stop_model_customization_job", "jobIdentifier"),
        busy=frozenset({"Stopping"}),
        run_time=True,
    ),
    Kind(
        service=_S,
        type="model-invocation-job",
        phase=Phase.JOBS,
        arn=r"model-invocation-job/(.+)",
        id_is_arn=True,
        finds=_listed(
            "list_model_invocation_jobs", "invocationJobSummaries", arn="jobArn", name="jobName", only=_RUNNING
        ),
        looks=by(_S, "get_model_invocation_job", "jobIdentifier", state="status", gone=_OVER),
        deletes=call(_S, "stop_model_invocation_job", "jobIdentifier"),
        busy=frozenset({"Stopping"}),
        run_time=True,
    ),
    Kind(
        service=_S,
        type="evaluation-job",
        phase=Phase.JOBS,
        arn=r"evaluation-job/(.+)",
        id_is_arn=True,
        finds=_listed("list_evaluation_jobs", "jobSummaries", arn="jobArn", name="jobName", only=_RUNNING),
        looks=by(_S, "get_evaluation_job", "jobIdentifier", state="status", gone=_OVER),
        deletes=call(_S, "stop_evaluation_job", "jobIdentifier"),
        busy=frozenset({"Stopping"}),
        run_time=True,
    ),
    Kind(
        service=_S,
        type="provisioned-throughput",
        priced="AWS::Bedrock::ProvisionedModelThroughput",
        phase=Phase.SERVING,
        arn=r"provisioned-model/(.+)",
        id_is_arn=True,
        finds=_listed(
            "list_provisioned_model_throughputs",
            "provisionedModelSummaries",
            arn="provisionedModelArn",
            name="provisionedModelName",
        ),
        looks=by(_S, "get_provisioned_model_throughput", "provisionedModelId", state="status"),
        deletes=call(_S, "delete_provisioned_model_throughput", "provisionedModelId"),
        busy=frozenset({"Creating", "Updating"}),
        run_time=True,
    ),
    Kind(
        service=_S,
        type="custom-model-deployment",
        priced="AWS::Bedrock::CustomModelDeployment",
        phase=Phase.SERVING,
        arn=r"custom-model-deployment/(.+)",
        id_is_arn=True,
        finds=_listed(
            "list_custom_model_deployments",
            "modelDeploymentSummaries",
            arn="customModelDeploymentArn",
            name="customModelDeploymentName",
        ),
        looks=by(_S, "get_custom_model_deployment", "customModelDeploymentIdentifier", state="status"),
        deletes=call(_S, "delete_custom_model_deployment", "customModelDeploymentIdentifier"),
        busy=frozenset({"Creating"}),
        run_time=True,
    ),
    Kind(
        service=_S,
        type="custom-model",
        priced="AWS::Bedrock::CustomModel",
        phase=Phase.MODELS,
        arn=r"custom-model/(.+)",
        id_is_arn=True,
        finds=_listed("list_custom_models", "modelSummaries", arn="modelArn", name="modelName", state="modelStatus"),
        looks=by(_S, "get_custom_model", "modelIdentifier", state="modelStatus"),
        deletes=call(_S, "delete_custom_model", "modelIdentifier"),
        busy=frozenset({"Creating"}),
        run_time=True,
    ),
    Kind(
        service=_S,
        type="imported-model",
        priced="AWS::Bedrock::ImportedModel",
        phase=Phase.MODELS,
        arn=r"imported-model/(.+)",
        id_is_arn=True,
        finds=_listed("list_imported_models", "modelSummaries", arn="modelArn", name="modelName"),
        looks=by(_S, "get_imported_model", "modelIdentifier"),
        deletes=call(_S, "delete_imported_model", "modelIdentifier"),
        run_time=True,
    ),
    Kind(
        service=_S,
        type="guardrail-version",
        phase=Phase.SOURCES,
        resource="AWS::Bedrock::GuardrailVersion",
        finds=_guardrail_versions,
        looks=_look_at_version,
        deletes=_delete_version,
    ),
    Kind(
        service=_S,
        type="guardrail",
        phase=Phase.BASES,
        resource="AWS::Bedrock::Guardrail",
        arn=r"guardrail/([^/:]+)",
        id_is_arn=True,
        finds=_listed("list_guardrails", "guardrails", arn="arn", name="name"),
        looks=by(_S, "get_guardrail", "guardrailIdentifier", state="status"),
        deletes=call(_S, "delete_guardrail", "guardrailIdentifier"),
        busy=frozenset({"CREATING", "UPDATING", "VERSIONING", "DELETING"}),
    ),
    Kind(
        service=_S,
        type="application-inference-profile",
        phase=Phase.BASES,
        resource="AWS::Bedrock::ApplicationInferenceProfile",
        arn=r"application-inference-profile/(.+)",
        id_is_arn=True,
        finds=nothing,
        looks=by(_S, "get_inference_profile", "inferenceProfileIdentifier", state="status"),
        deletes=call(_S, "delete_inference_profile", "inferenceProfileIdentifier"),
    ),
    Kind(
        service=_S,
        type="invocation-logging",
        phase=Phase.REST,
        finds=_logging,
        looks=_look_at_logging,
        deletes=lambda aws, _id: aws.client(_S).delete_model_invocation_logging_configuration(),
        run_time=True,
    ),
)
