"""Hosting of a tuned model: on demand, by a custom model deployment, or by provisioned throughput that has an end.

An alias has one deployment, whose model is changed by an update, so that its ARN, grants and clients stay. While it
serves, a run is evaluated through a deployment of its own, which goes afterwards: neither costs anything idle.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.tuning import bedrock as calls
from lambdas.tuning import names
from lambdas.tuning.bedrock import Bedrock
from lambdas.tuning.run import RunRequest
from lambdas.tuning.schedules import Schedules

_FINAL: Final = frozenset({"ValidationException", "AccessDeniedException", "ResourceNotFoundException"})


class HostingError(Exception):
    """The model cannot be hosted; says why."""


class HostingBusyError(Exception):
    """Bedrock makes as many as it makes at once: the same later."""


@dataclass(frozen=True, kw_only=True)
class Hosting:
    """What hosts a run's model.

    Attributes:
        tags: as ``names.tags``, of what is made.
    """

    environment: str
    alias: str
    run: str
    tags: list[dict[str, str]]
    bedrock: Bedrock

    @property
    def own_name(self) -> str:
        """The name of what is this run's only."""
        return names.candidate_name(self.environment, self.alias, self.run)

    @property
    def alias_name(self) -> str:
        """The name of the alias's one deployment."""
        return names.deployment_name(self.environment, self.alias)

    def deployment(self, name: str) -> Mapping[str, Any] | None:
        """Return the deployment of a name, if there is one."""
        found = calls.deployments(self.bedrock, nameContains=name)
        return next((one for one in found if one["customModelDeploymentName"] == name), None)

    def throughput(self, name: str) -> Mapping[str, Any] | None:
        """Return the provisioned throughput of a name, if there is one."""
        found = calls.throughputs(self.bedrock, nameContains=name)
        return next((one for one in found if one["provisionedModelName"] == name), None)

    def deploy(self, model_arn: str) -> str:
        """Have the model deployed, where nobody is served by it yet; return the deployment's ARN.

        Raises:
            HostingError: Bedrock refuses.
            HostingBusyError: it makes two already.
        """
        own = self.deployment(self.own_name)
        if own is not None:
            return str(own["customModelDeploymentArn"])
        there = self.deployment(self.alias_name)
        if there is not None and there["modelArn"] == model_arn:
            return str(there["customModelDeploymentArn"])
        name = self.alias_name if there is None else self.own_name
        reply = self._made(
            self.bedrock.create_custom_model_deployment,
            modelDeploymentName=name,
            modelArn=model_arn,
            description=f"Quarry: {self.run}",
            tags=self.tags,
            clientRequestToken=_token(name, model_arn),
        )
        return str(reply["customModelDeploymentArn"])

    def provision(
        self,
        model_arn: str,
        *,
        units: int,
        commitment: str | None,
        until: datetime,
        schedules: Schedules,
        removal_arn: str,
        role_arn: str,
    ) -> str:
        """Have throughput provisioned for the model, after its end has been; return its ARN.

        Raises:
            HostingError, HostingBusyError: as ``deploy``.
        """
        there = self.throughput(self.own_name)
        if there is not None:
            return str(there["provisionedModelArn"])
        schedules.create(
            throughput=self.own_name,
            alias=self.alias,
            run=self.run,
            until=until,
            removal_arn=removal_arn,
            role_arn=role_arn,
        )
        reply = self._made(
            self.bedrock.create_provisioned_model_throughput,
            provisionedModelName=self.own_name,
            modelId=model_arn,
            modelUnits=units,
            tags=self.tags,
            clientRequestToken=_token(self.own_name, model_arn),
            **({"commitmentDuration": commitment} if commitment else {}),
        )
        return str(reply["provisionedModelArn"])

    def move(self, model_arn: str, *, hosted_arn: str) -> str | None:
        """Have the alias's deployment take the model, if it is another that hosts it; return its ARN then.

        Raises:
            HostingError, HostingBusyError: as ``deploy``.
        """
        there = self.deployment(self.alias_name)
        if there is None or there["customModelDeploymentArn"] == hosted_arn:
            return None
        arn = str(there["customModelDeploymentArn"])
        if there["modelArn"] != model_arn:
            self._made(
                self.bedrock.update_custom_model_deployment, modelArn=model_arn, customModelDeploymentIdentifier=arn
            )
        return arn

    def _made(self, call: Any, **arguments: Any) -> Any:
        try:
            return call(**arguments)
        except ClientError as error:
            message = error.response["Error"].get("Message", "")
            if code_of(error) == "ServiceQuotaExceededException" and "progress" in message:
                raise HostingBusyError(message) from error
            if code_of(error) == "ServiceQuotaExceededException" or code_of(error) in _FINAL:
                raise HostingError(f"Bedrock refuses the hosting: {message}") from error
            raise


def check_end(until: datetime | None, *, request: RunRequest, now: datetime) -> None:
    """Refuse a throughput whose time is up, or that has been taken away; its status then has no ``until``.

    Raises:
        HostingError: it is so.
    """
    if request.hosting == "provisioned" and (until is None or until <= now):
        raise time_is_up(request)


def time_is_up(request: RunRequest) -> HostingError:
    """Return what is said of a provisioned throughput that ended before its run."""
    return HostingError(
        "The provisioned throughput's time was up before its model could be promoted; the alias answers as before. "
        f"Start it again with --again and more than {request.max_hours or 1:g} max_hours."
    )


def _token(name: str, model_arn: str) -> str:
    return hashlib.sha256(f"{name}\0{model_arn}".encode()).hexdigest()
