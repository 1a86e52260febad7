"""Apps: what runs in a space or for a profile, and costs money while it does."""

from __future__ import annotations

import base64

from sandbox import clock, service_role
from sandbox.model.errors import AwsError, Json, invalid
from sandbox.scripting import Step
from sandbox.service_role import NotAuthorizedError
from sandbox.studio import container_credentials, domains, labs, quotas, spaces, store, user_profiles
from sandbox.studio.lifecycle_configs import require_attached
from sandbox.studio.store import Entry

KIND = "App"
_IN_SPACES = ("JupyterLab", "CodeEditor")
_DEFAULT_INSTANCE = "ml.t3.medium"
_NOT_RUNNING = ("Failed", "Deleted")


def create(request: Json, step: Step | None) -> Json:
    """CreateApp."""
    place = _place(request)
    if request["AppType"] in _IN_SPACES and place.kind != spaces.KIND:
        raise invalid(f"SpaceName must be specified for AppType {request['AppType']}.")
    if request["AppType"] in _IN_SPACES and request["AppName"] != "default":
        raise invalid(f"AppName must be 'default' for AppType {request['AppType']}.")
    domains.find_in_service(request["DomainId"])
    if place.status not in ("InService", "Update_Failed"):
        raise AwsError("ResourceInUse", f"{place.kind} is not in InService status: it is {place.status}.")
    spec = _spec(request, place)
    key = _key(request)
    old = store.find(KIND, key)
    if old is not None and not old.gone:
        raise AwsError("ResourceInUse", f"App [{request['AppName']}] already exists: it is {old.status}.")
    _require_quota(spec["InstanceType"], request["AppType"])
    arn = store.arn(f"app/{request['DomainId']}/{_name_of(request)}/{request['AppType'].lower()}/{request['AppName']}")
    members = {name: value for name, value in request.items() if name != "Tags"}
    entry = Entry(KIND, key, arn, {**members, "ResourceSpec": spec}, store.tags_of(request))
    entry.change(step, through="Pending", to="InService", failing="Failed")
    machine = labs.machine()
    if machine is not None and request["AppType"] == "JupyterLab" and entry.target == "InService":
        entry.work = labs.Lab(machine, _start_of(entry, place))
    store.put(entry)
    return {"AppArn": arn}


def describe(request: Json) -> Json:
    """DescribeApp. Health checks move the time of the last activity on, as they do on AWS."""
    entry = _find(request)
    shown = {**entry.members, "AppArn": entry.arn, "Status": entry.status, "CreationTime": entry.created}
    if entry.status == "InService":
        shown |= {"LastHealthCheckTimestamp": clock.now(), "LastUserActivityTimestamp": clock.now()}
    return {**shown, "FailureReason": entry.reason} if entry.reason else shown


def delete(request: Json, step: Step | None) -> Json:
    """DeleteApp. What is left is listed as Deleted for a day."""
    entry = _find(request)
    if entry.gone:
        raise AwsError("ResourceNotFound", f"App [{request['AppName']}] is already deleted.")
    store.require_deletable(entry, request["AppName"])
    entry.change(step, through="Deleting", to="Deleted", failing="Failed")
    if isinstance(entry.work, labs.Lab):
        entry.work.stop()
        entry.work = None
    return {}


def url_of(domain_id: str, space: str) -> str:
    """Return what opens the JupyterLab that runs in a space; "" if none does."""
    entry = store.find(KIND, f"{space}/JupyterLab/default|{domain_id}")
    if entry is None or entry.status != "InService" or not isinstance(entry.work, labs.Lab):
        return ""
    return entry.work.url


def summary(entry: Entry) -> Json:
    """One element of ListApps."""
    names = ("DomainId", "UserProfileName", "SpaceName", "AppType", "AppName", "ResourceSpec")
    shown = {name: entry.members[name] for name in names if name in entry.members}
    return {**shown, "Status": entry.status, "CreationTime": entry.created}


def _find(request: Json) -> Entry:
    _place(request)
    return store.require(KIND, _key(request), f"App [{request['AppName']}] does not exist.")


def _place(request: Json) -> Entry:
    """The space or the profile that an app belongs to: exactly one of them."""
    names = [name for name in ("UserProfileName", "SpaceName") if name in request]
    if len(names) != 1:
        raise invalid("Exactly one of UserProfileName and SpaceName must be specified.")
    if names == ["SpaceName"]:
        return spaces.find(request["DomainId"], request["SpaceName"])
    return user_profiles.find(request["DomainId"], request["UserProfileName"])


def _spec(request: Json, place: Entry) -> Json:
    """The ResourceSpec of an app: the request's members over those of its space."""
    settings = f"{request['AppType']}AppSettings"
    own = place.members.get("SpaceSettings") or place.members.get("UserSettings") or {}
    kind = own.get("AppType")
    if kind is not None and kind != request["AppType"]:
        raise invalid(f"The AppType of the Space is {kind}, not {request['AppType']}.")
    default = (own.get(settings) or {}).get("DefaultResourceSpec") or {}
    spec = {"InstanceType": _DEFAULT_INSTANCE, **default, **request.get("ResourceSpec", {})}
    owner = (place.members.get("OwnershipSettings") or {}).get("OwnerUserProfileName")
    require_attached(spec, spaces.attached(request["DomainId"], owner or request.get("UserProfileName"), settings))
    return spec


def _start_of(entry: Entry, space: Entry) -> labs.Start:
    """What the JupyterLab of a space is started with: as the owner's role, with the lifecycle script of the app."""
    domain = domains.find(space.members["DomainId"])
    owner = (space.members.get("OwnershipSettings") or {}).get("OwnerUserProfileName")
    settings = domain.members["DefaultUserSettings"]
    if owner is not None:
        settings = settings | (user_profiles.find(domain.name, owner).members.get("UserSettings") or {})
    role = settings["ExecutionRole"]
    try:
        service_role.assume(role, service="sagemaker.amazonaws.com", session="SageMaker", source_arn=entry.arn)
    except NotAuthorizedError as error:
        raise invalid(f"Invalid execution role: {error}") from error
    config = store.by_arn(entry.members["ResourceSpec"].get("LifecycleConfigArn", ""))
    return labs.Start(
        folder=labs.folder_of(domain.name, space.members["SpaceName"]),
        metadata={
            "AppType": entry.members["AppType"],
            "DomainId": domain.name,
            "SpaceName": space.members["SpaceName"],
            "ExecutionRoleArn": role,
            "ResourceArn": entry.arn,
            "ResourceName": entry.members["AppName"],
        },
        credentials=container_credentials.path_for(role, session="SageMaker"),
        script=base64.b64decode(config.members["StudioLifecycleConfigContent"]) if config is not None else None,
    )


def _require_quota(instance_type: str, app_type: str) -> None:
    running = [app for app in store.every(KIND) if app.status not in _NOT_RUNNING]
    if app_type == "JupyterLab":
        alike = [app for app in running if app.members["ResourceSpec"]["InstanceType"] == instance_type]
        used = len([app for app in alike if app.members["AppType"] == app_type])
        quotas.require(quotas.of_instance(instance_type), used)
    quotas.require(quotas.APPS, len(running))


def _name_of(request: Json) -> str:
    return str(request.get("SpaceName") or request["UserProfileName"])


def _key(request: Json) -> str:
    return f"{_name_of(request)}/{request['AppType']}/{request['AppName']}|{request['DomainId']}"
