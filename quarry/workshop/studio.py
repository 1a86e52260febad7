"""The Studio that an environment has deployed: its domain, and the spaces and apps in it as SageMaker has them."""

from typing import Any, Final

from botocore.exceptions import ClientError

from configuration.studio.names import APP_NAME, APP_TYPE, DOMAIN_ID_OUTPUT, STACK
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment

_MISSING: Final = {"ResourceNotFound", "ResourceNotFoundException"}
# An app that is deleted is described for a day more.
GONE: Final = "Deleted"
IN_SERVICE: Final = "InService"
# Of stacks that are as they were last asked for.
_DONE: Final = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def state(deployment: Deployment) -> str | None:
    """Return the state of the environment's Studio stack, as CREATE_COMPLETE; None if there is no such stack."""
    name = deployment.config.physical_name(STACK)
    return next((stack["StackStatus"] for stack in deployment.stacks if stack["StackName"] == name), None)


def domain_id(deployment: Deployment) -> str | None:
    """Return the id of the Studio stack's domain; None if there is no stack, or one that never came to be."""
    if state(deployment) is None:
        return None
    return deployment.outputs()[deployment.config.physical_name(STACK)].get(DOMAIN_ID_OUTPUT)


def require(deployment: Deployment) -> str:
    """Return the id of the domain to work on.

    Raises:
        CommandError: there is none.
    """
    found = domain_id(deployment)
    if found is None:
        is_in = f" completely ({status})" if (status := state(deployment)) else ""
        raise CommandError(
            f"The Studio of {deployment.config.name} is not deployed{is_in}; `quarry workshop up` does it. Nothing was "
            "changed."
        )
    return found


class StudioDomain:
    """A domain of SageMaker's, and what is in it. A space has its participant's id, and one app."""

    def __init__(self, *, domain_id: str, client: Any) -> None:
        self.domain_id = domain_id
        self._client = client

    @classmethod
    def of(cls, deployment: Deployment) -> "StudioDomain":
        """Return the domain of the environment's Studio stack.

        Raises:
            CommandError: as ``require``.
        """
        return cls(domain_id=require(deployment), client=deployment.client("sagemaker"))

    @classmethod
    def finished(cls, deployment: Deployment) -> "StudioDomain | None":
        """Return the same, or None where there is none, or where a deployment or a deletion ended halfway."""
        return cls.of(deployment) if domain_id(deployment) and state(deployment) in _DONE else None

    def spaces(self) -> dict[str, str]:
        """Return space name -> status."""
        pages = self._client.get_paginator("list_spaces").paginate(DomainIdEquals=self.domain_id)
        return {space["SpaceName"]: space["Status"] for page in pages for space in page["Spaces"]}

    def apps(self) -> list[dict[str, Any]]:
        """Return the apps that are there, as ListApps has them: those of spaces and all others."""
        pages = self._client.get_paginator("list_apps").paginate(DomainIdEquals=self.domain_id)
        return [app for page in pages for app in page["Apps"] if app["Status"] != GONE]

    def own_apps(self) -> dict[str, str]:
        """Return space name -> status of the space's one app, of those that are there."""
        return {
            app["SpaceName"]: app["Status"]
            for app in self.apps()
            if app.get("SpaceName") and (app["AppType"], app["AppName"]) == (APP_TYPE, APP_NAME)
        }

    def app(self, space: str) -> dict[str, Any] | None:
        """Return a space's app as DescribeApp has it, or None."""
        try:
            found: dict[str, Any] = self._client.describe_app(**self._of(space))
        except ClientError as error:
            if error.response["Error"].get("Code") in _MISSING:
                return None
            raise
        return None if found["Status"] == GONE else found

    def create_app(self, space: str, *, instance_type: str) -> None:
        """Start a space's app: as the space's settings say, which name the image and the start script too."""
        settings = self._client.describe_space(DomainId=self.domain_id, SpaceName=space).get("SpaceSettings", {})
        resources = dict(settings.get("JupyterLabAppSettings", {}).get("DefaultResourceSpec", {}))
        resources.setdefault("InstanceType", instance_type)
        self._client.create_app(**self._of(space), ResourceSpec=resources)

    def delete_app(self, space: str) -> None:
        """Stop a space's app; none is as good. Files stay on the space's disk."""
        self.delete({"SpaceName": space, "AppType": APP_TYPE, "AppName": APP_NAME})

    def delete(self, app: dict[str, Any]) -> None:
        """Delete an app as ListApps names it; one that is gone, or on its way, is as good."""
        owner = {name: app[name] for name in ("SpaceName", "UserProfileName") if app.get(name)}
        try:
            self._client.delete_app(DomainId=self.domain_id, AppType=app["AppType"], AppName=app["AppName"], **owner)
        except ClientError as error:
            if error.response["Error"].get("Code") not in {*_MISSING, "ResourceInUse"}:
                raise

    def _of(self, space: str) -> dict[str, str]:
        return {"DomainId": self.domain_id, "SpaceName": space, "AppType": APP_TYPE, "AppName": APP_NAME}
