"""Bedrock's control plane as tuning uses it: lists to their end, and what there is of an environment's own.

A thing is an environment's if its tag says so. Names do not: ``quarry-dev-`` begins those of ``dev-2`` too.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.tuning import names

GONE: Final = frozenset({"ResourceNotFoundException"})
PAGE: Final = 100


class Bedrock(Protocol):
    """The calls of Bedrock that are made, with its own shapes."""

    def create_model_customization_job(self, **kwargs: Any) -> Any: ...
    def get_model_customization_job(self, **kwargs: Any) -> Any: ...
    def list_model_customization_jobs(self, **kwargs: Any) -> Any: ...
    def stop_model_customization_job(self, **kwargs: Any) -> Any: ...
    def list_custom_models(self, **kwargs: Any) -> Any: ...
    def delete_custom_model(self, **kwargs: Any) -> Any: ...
    def create_custom_model_deployment(self, **kwargs: Any) -> Any: ...
    def get_custom_model_deployment(self, **kwargs: Any) -> Any: ...
    def list_custom_model_deployments(self, **kwargs: Any) -> Any: ...
    def update_custom_model_deployment(self, **kwargs: Any) -> Any: ...
    def delete_custom_model_deployment(self, **kwargs: Any) -> Any: ...
    def create_provisioned_model_throughput(self, **kwargs: Any) -> Any: ...
    def list_provisioned_model_throughputs(self, **kwargs: Any) -> Any: ...
    def delete_provisioned_model_throughput(self, **kwargs: Any) -> Any: ...
    def list_tags_for_resource(self, **kwargs: Any) -> Any: ...


def jobs(bedrock: Bedrock, **filters: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the account's customization jobs: {jobArn, jobName, status, customModelArn, ...}."""
    return _all(bedrock.list_model_customization_jobs, "modelCustomizationJobSummaries", filters)


def models(bedrock: Bedrock, **filters: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the account's custom models: {modelArn, modelName, modelStatus, ...}."""
    return _all(bedrock.list_custom_models, "modelSummaries", filters)


def deployments(bedrock: Bedrock, **filters: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the account's custom model deployments: {customModelDeploymentArn, customModelDeploymentName, ...}."""
    return _all(bedrock.list_custom_model_deployments, "modelDeploymentSummaries", filters)


def throughputs(bedrock: Bedrock, **filters: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the account's provisioned throughputs: {provisionedModelArn, provisionedModelName, status, ...}."""
    return _all(bedrock.list_provisioned_model_throughputs, "provisionedModelSummaries", filters)


def tags_of(bedrock: Bedrock, arn: str) -> dict[str, str]:
    """Return a resource's tags; none of what is gone."""
    try:
        reply = bedrock.list_tags_for_resource(resourceARN=arn)
    except ClientError as error:
        if code_of(error) in GONE:
            return {}
        raise
    return {tag["key"]: tag["value"] for tag in reply.get("tags", [])}


def is_of(bedrock: Bedrock, arn: str, *, environment: str, run: str | None = None) -> bool:
    """Whether a resource's tags say that it is an environment's, and a run's if one is named."""
    found = tags_of(bedrock, arn)
    return found.get(names.ENVIRONMENT_TAG) == environment and run in (None, found.get(names.RUN_TAG))


def _all(listed: Any, member: str, filters: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    page: dict[str, Any] = {"maxResults": PAGE, **filters}
    while True:
        reply = listed(**page)
        yield from reply.get(member, [])
        if not reply.get("nextToken"):
            return
        page["nextToken"] = reply["nextToken"]
