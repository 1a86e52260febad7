"""The hosting of tuned models, as ``quarry tune promote`` needs it: an alias's deployment with the model wanted."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.figures import counted
from lambdas.tuning import names
from quarry.command_error import CommandError


def is_throughput(arn: str) -> bool:
    """Tell whether an ARN is that of provisioned throughput."""
    return ":provisioned-model/" in arn


def throughput(bedrock: Any, arn: str) -> str:
    """Return the ARN of provisioned throughput that is in service.

    Raises:
        CommandError: it is gone, or not ready.
    """
    try:
        found = bedrock.get_provisioned_model_throughput(provisionedModelId=arn)
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        raise CommandError(
            f"Its provisioned throughput {arn} is gone: its hours were over, or it was deleted. `quarry tune start` "
            "with --again 1 and --hosting on_demand makes a model that costs nothing while nobody calls it."
        ) from error
    if found["status"] != "InService":
        raise CommandError(f"Its provisioned throughput {arn} is not in service: {found['status']}.")
    return str(found["provisionedModelArn"])


class AliasDeployment:
    """The one custom model deployment of an alias.

    Args:
        bedrock: boto3's client.
    """

    def __init__(self, bedrock: Any, *, environment: str, owner: str, alias: str) -> None:
        self._bedrock = bedrock
        self._environment, self._owner, self._alias = environment, owner, alias
        self._name = names.deployment_name(environment, alias)

    def find(self) -> dict[str, Any] | None:
        """Return the deployment as Bedrock describes it, or None if there is none."""
        try:
            found: dict[str, Any] = self._bedrock.get_custom_model_deployment(
                customModelDeploymentIdentifier=self._name
            )
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            raise
        return found

    def serve(self, model_arn: str, *, run: str, minutes: int, seconds: float, tell: Callable[[str], None]) -> str:
        """Make the deployment have a model, wait until it has, and return its ARN.

        Raises:
            CommandError: it failed, or takes longer than ``minutes``.
        """
        end = monotonic() + minutes * 60
        asked = False
        while True:
            found = self.find()
            if found is None:
                tags = names.tags(environment=self._environment, owner=self._owner, run=run, alias=self._alias)
                self._bedrock.create_custom_model_deployment(
                    modelDeploymentName=self._name, modelArn=model_arn, tags=tags
                )
                asked = True
            else:
                update = found.get("updateDetails") or {}
                if found["status"] == "Failed" or (asked and update.get("updateStatus") == "UpdateFailed"):
                    raise CommandError(
                        f"The deployment {self._name} failed: {found.get('failureMessage', 'no reason')}"
                    )
                settled = found["status"] == "Active" and update.get("updateStatus") != "Updating"
                if settled and found["modelArn"] == model_arn:
                    return str(found["customModelDeploymentArn"])
                if settled:
                    self._bedrock.update_custom_model_deployment(
                        modelArn=model_arn, customModelDeploymentIdentifier=found["customModelDeploymentArn"]
                    )
                    asked = True
                tell(f"The deployment {self._name} gets the model of {run}")
            if monotonic() >= end:
                raise CommandError(
                    f"The deployment {self._name} does not have the model of {run} after {counted(minutes, 'minute')}. "
                    "Run this again: it goes on from there."
                )
            sleep(seconds)
