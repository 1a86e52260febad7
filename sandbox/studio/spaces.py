"""Spaces: the disk and the settings that an app of one person, or of several, starts with."""

from __future__ import annotations

from sandbox.model.errors import AwsError, Json, invalid
from sandbox.scripting import Step
from sandbox.studio import domains, labs, quotas, store, user_profiles
from sandbox.studio.lifecycle_configs import require_attached
from sandbox.studio.store import Entry

KIND = "Space"
_DEFAULT_VOLUME_GB = 5


def create(request: Json, step: Step | None) -> Json:
    """CreateSpace. Ownership and sharing come together, and the owner exists."""
    domain_id, name = request["DomainId"], request["SpaceName"]
    domains.find_in_service(domain_id)
    if store.find(KIND, f"{name}|{domain_id}") is not None:
        raise AwsError("ResourceInUse", f"Space [{name}] already exists in Domain [{domain_id}].")
    if ("OwnershipSettings" in request) != ("SpaceSharingSettings" in request):
        raise invalid("OwnershipSettings and SpaceSharingSettings must be specified together.")
    owner = (request.get("OwnershipSettings") or {}).get("OwnerUserProfileName")
    if owner is not None and user_profiles.find(domain_id, owner).status != "InService":
        raise AwsError("ResourceInUse", f"UserProfile [{owner}] is not in InService status.")
    _check_lifecycle(request)
    quotas.require(quotas.SPACES, len(store.every(KIND)))
    arn = store.arn(f"space/{domain_id}/{name}")
    kind = (request.get("SpaceSettings") or {}).get("AppType", "JupyterLab").lower()
    members = {key: value for key, value in request.items() if key != "Tags"}
    members["Url"] = f"{domains.find(domain_id).members['Url']}/{kind}/default"
    entry = Entry(KIND, f"{name}|{domain_id}", arn, members, store.tags_of(request))
    entry.change(step, through="Pending", to="InService", failing="Failed")
    store.put(entry)
    return {"SpaceArn": arn}


def describe(request: Json) -> Json:
    """DescribeSpace."""
    entry = find(request["DomainId"], request["SpaceName"])
    return {**entry.members, "SpaceArn": entry.arn, **store.state_of(entry)}


def update(request: Json, step: Step | None) -> Json:
    """UpdateSpace: a disk only grows, and only while no app runs."""
    entry = find(request["DomainId"], request["SpaceName"])
    store.require_settled(entry, request["SpaceName"])
    members = store.merged(entry.members, request)
    old, new = _volume(entry.members), _volume(members)
    if new < old:
        raise invalid(f"EbsVolumeSizeInGb can only be increased: it is {old}, got {new}.")
    if new > old and apps_of(entry):
        raise AwsError("ResourceInUse", f"Unable to update Space [{request['SpaceName']}] because App(s) are running.")
    _check_lifecycle(members)
    entry.members = members
    entry.change(step, through="Updating", to="InService", failing="Update_Failed")
    return {"SpaceArn": entry.arn}


def delete(request: Json, step: Step | None) -> Json:
    """DeleteSpace, refused while an app is in it."""
    domain_id, name = request["DomainId"], request["SpaceName"]
    entry = find(domain_id, name)
    store.require_deletable(entry, name)
    if apps_of(entry):
        raise AwsError("ResourceInUse", f"Unable to delete Space [{name}] because App(s) are associated with it.")
    entry.change(step, through="Deleting", to="Gone", failing="Delete_Failed")
    if entry.target == "Gone":
        labs.forget_disk(domain_id, name)
    return {}


def summary(entry: Entry) -> Json:
    """One element of ListSpaces."""
    members = entry.members
    shown: Json = {name: members[name] for name in ("DomainId", "SpaceName", "SpaceDisplayName") if name in members}
    settings = members.get("SpaceSettings") or {}
    kept = {name: settings[name] for name in ("AppType", "SpaceStorageSettings") if name in settings}
    summaries = {
        "SpaceSettingsSummary": kept,
        "SpaceSharingSettingsSummary": members.get("SpaceSharingSettings"),
        "OwnershipSettingsSummary": members.get("OwnershipSettings"),
    }
    present = {name: value for name, value in summaries.items() if value}
    return {**shown, **present, **store.state_of(entry, reason=False)}


def find(domain_id: str, name: str) -> Entry:
    """A space.

    Raises:
        AwsError: ResourceNotFound, also where the domain is missing.
    """
    domains.find(domain_id)
    return store.require(KIND, f"{name}|{domain_id}", f"Space [{name}] does not exist in Domain [{domain_id}].")


def apps_of(space: Entry) -> list[Entry]:
    """The apps of a space that are not deleted."""
    place = (space.members["DomainId"], space.members["SpaceName"])
    every = (app for app in store.every("App") if not app.gone)
    return [app for app in every if (app.members["DomainId"], app.members.get("SpaceName")) == place]


def attached(domain_id: str, owner: str | None, settings: str) -> list[str]:
    """The lifecycle configurations that domain and profile allow in ``settings``, for example JupyterLabAppSettings."""
    found = [domains.find(domain_id).members["DefaultUserSettings"]]
    if owner is not None:
        found.append(user_profiles.find(domain_id, owner).members.get("UserSettings") or {})
    return [arn for each in found for arn in (each.get(settings) or {}).get("LifecycleConfigArns") or ()]


def _check_lifecycle(members: Json) -> None:
    owner = (members.get("OwnershipSettings") or {}).get("OwnerUserProfileName")
    for name, own in (members.get("SpaceSettings") or {}).items():
        if name.endswith("AppSettings") and isinstance(own, dict):
            spec = own.get("DefaultResourceSpec") or {}
            require_attached(spec, attached(members["DomainId"], owner, name))


def _volume(members: Json) -> int:
    storage = (members.get("SpaceSettings") or {}).get("SpaceStorageSettings") or {}
    return int((storage.get("EbsStorageSettings") or {}).get("EbsVolumeSizeInGb", _DEFAULT_VOLUME_GB))
