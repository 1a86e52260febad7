"""Domains: the network and the role of a Studio, and what stands in the way of their deletion."""

from __future__ import annotations

import secrets
import string
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2

from sandbox import service_role
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.scripting import Step
from sandbox.service_role import NotAuthorizedError
from sandbox.studio import quotas, store
from sandbox.studio.lifecycle_configs import require_attached
from sandbox.studio.store import Entry

KIND = "Domain"
_ALPHABET = string.ascii_lowercase + string.digits
_STAYS = ("DomainId", "Tags", "DomainSettingsForUpdate")


def create(request: Json, step: Step | None) -> Json:
    """CreateDomain."""
    name = request["DomainName"]
    taken = store.every(KIND)
    if any(entry.members["DomainName"] == name for entry in taken):
        raise AwsError("ResourceInUse", f"Domain with name [{name}] already exists.")
    _check_network(request)
    settings = request["DefaultUserSettings"]
    if not settings.get("ExecutionRole"):
        raise invalid("DefaultUserSettings.ExecutionRole must be specified.")
    domain_id = f"d-{''.join(secrets.choice(_ALPHABET) for _ in range(12))}"
    arn = store.arn(f"domain/{domain_id}")
    check_settings(settings, arn)
    quotas.require(quotas.DOMAINS, len(taken))
    url = f"https://{domain_id}.studio.{get_region()}.sagemaker.aws"
    members = {"AppNetworkAccessType": "PublicInternetOnly", **_without(request), "DomainId": domain_id, "Url": url}
    if request.get("HomeEfsFileSystemCreation") != "Disabled":
        members["HomeEfsFileSystemId"] = f"fs-{secrets.token_hex(9)[:17]}"
    entry = Entry(KIND, domain_id, arn, members, store.tags_of(request))
    entry.change(step, through="Pending", to="InService", failing="Failed")
    store.put(entry)
    return {"DomainArn": arn, "DomainId": domain_id, "Url": url}


def describe(request: Json) -> Json:
    """DescribeDomain."""
    entry = find(request["DomainId"])
    return {**entry.members, "DomainArn": entry.arn, **store.state_of(entry)}


def update(request: Json, step: Step | None) -> Json:
    """UpdateDomain: settings are merged, as AWS does it, not replaced."""
    entry = find(request["DomainId"])
    store.require_settled(entry, request["DomainId"])
    members = store.merged(entry.members, _without(request))
    if "DomainSettingsForUpdate" in request:
        settings = entry.members.get("DomainSettings", {})
        members["DomainSettings"] = store.merged(settings, request["DomainSettingsForUpdate"])
    _check_network(members)
    check_settings(members["DefaultUserSettings"], entry.arn)
    entry.members = members
    entry.change(step, through="Updating", to="InService", failing="Update_Failed")
    return {"DomainArn": entry.arn}


def delete(request: Json, step: Step | None) -> Json:
    """DeleteDomain, refused while anything is in it."""
    domain_id = request["DomainId"]
    entry = find(domain_id)
    store.require_deletable(entry, domain_id)
    for kind in ("App", "Space", "UserProfile"):
        if any(each.members["DomainId"] == domain_id and not each.gone for each in store.every(kind)):
            raise AwsError(
                "ResourceInUse", f"Unable to delete Domain [{domain_id}] because {kind}(s) are associated with it."
            )
    entry.change(step, through="Deleting", to="Gone", failing="Delete_Failed")
    return {}


def summary(entry: Entry) -> Json:
    """One element of ListDomains."""
    shown = {name: entry.members[name] for name in ("DomainId", "DomainName", "Url")}
    return {**shown, "DomainArn": entry.arn, **store.state_of(entry, reason=False)}


def find(domain_id: str) -> Entry:
    """A domain.

    Raises:
        AwsError: ResourceNotFound.
    """
    return store.require(KIND, domain_id, f"Domain [{domain_id}] does not exist.")


def find_in_service(domain_id: str) -> Entry:
    """A domain in which things can be made.

    Raises:
        AwsError: ResourceNotFound, or ResourceInUse in any other state than InService.
    """
    entry = find(domain_id)
    if entry.status not in ("InService", "Update_Failed"):
        raise AwsError("ResourceInUse", f"Domain [{domain_id}] is not in InService status: it is {entry.status}.")
    return entry


def check_settings(settings: Json, arn: str) -> None:
    """Check a UserSettings: SageMaker can assume its role, and default lifecycle configurations are attached.

    Raises:
        AwsError: ValidationException.
    """
    role = settings.get("ExecutionRole")
    if role:
        try:
            service_role.assume(role, service="sagemaker.amazonaws.com", session="SageMaker", source_arn=arn)
        except NotAuthorizedError as error:
            raise invalid(f"Invalid execution role: {error}") from error
    for name, own in settings.items():
        if name.endswith("AppSettings") and isinstance(own, dict):
            require_attached(own.get("DefaultResourceSpec") or {}, own.get("LifecycleConfigArns") or [])
            idle = (own.get("AppLifecycleManagement") or {}).get("IdleSettings") or {}
            _check_idle(idle)


def _check_idle(idle: dict[str, Any]) -> None:
    low, high = idle.get("MinIdleTimeoutInMinutes"), idle.get("MaxIdleTimeoutInMinutes")
    value = idle.get("IdleTimeoutInMinutes")
    if low is not None and high is not None and low > high:
        raise invalid("MinIdleTimeoutInMinutes must not be greater than MaxIdleTimeoutInMinutes.")
    if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
        raise invalid("IdleTimeoutInMinutes must be between MinIdleTimeoutInMinutes and MaxIdleTimeoutInMinutes.")


def _check_network(request: Json) -> None:
    # Optional in the model only for domains of SageMaker Unified Studio.
    if not request.get("VpcId") or not request.get("SubnetIds"):
        raise invalid("VpcId and SubnetIds must be specified.")
    if request["VpcId"] not in ec2._vpcs:
        raise invalid(f"The VPC ID '{request['VpcId']}' does not exist")
    for subnet in request["SubnetIds"]:
        if (ec2._subnets.get(subnet) or {}).get("VpcId") != request["VpcId"]:
            raise invalid(f"The subnet ID '{subnet}' does not exist in VPC '{request['VpcId']}'")


def _without(request: Json) -> Json:
    return {name: value for name, value in request.items() if name not in _STAYS}
