"""User profiles: one person in a domain."""

from __future__ import annotations

from sandbox.model.errors import AwsError, Json
from sandbox.scripting import Step
from sandbox.studio import domains, quotas, store
from sandbox.studio.store import Entry

KIND = "UserProfile"


def create(request: Json, step: Step | None) -> Json:
    """CreateUserProfile."""
    domain_id, name = request["DomainId"], request["UserProfileName"]
    domains.find_in_service(domain_id)
    if store.find(KIND, f"{name}|{domain_id}") is not None:
        raise AwsError("ResourceInUse", f"UserProfile [{name}] already exists in Domain [{domain_id}].")
    arn = store.arn(f"user-profile/{domain_id}/{name.lower()}")
    domains.check_settings(request.get("UserSettings", {}), arn)
    quotas.require(quotas.PROFILES, len(store.every(KIND)))
    members = {key: value for key, value in request.items() if key != "Tags"}
    entry = Entry(KIND, f"{name}|{domain_id}", arn, members, store.tags_of(request))
    entry.change(step, through="Pending", to="InService", failing="Failed")
    store.put(entry)
    return {"UserProfileArn": arn}


def describe(request: Json) -> Json:
    """DescribeUserProfile."""
    entry = find(request["DomainId"], request["UserProfileName"])
    return {**entry.members, "UserProfileArn": entry.arn, **store.state_of(entry)}


def update(request: Json, step: Step | None) -> Json:
    """UpdateUserProfile."""
    entry = find(request["DomainId"], request["UserProfileName"])
    store.require_settled(entry, request["UserProfileName"])
    members = store.merged(entry.members, request)
    domains.check_settings(members.get("UserSettings", {}), entry.arn)
    entry.members = members
    entry.change(step, through="Updating", to="InService", failing="Update_Failed")
    return {"UserProfileArn": entry.arn}


def delete(request: Json, step: Step | None) -> Json:
    """DeleteUserProfile, refused while it owns spaces or apps."""
    domain_id, name = request["DomainId"], request["UserProfileName"]
    entry = find(domain_id, name)
    store.require_deletable(entry, name)
    for kind in ("App", "Space"):
        if any(_owner(each) == (domain_id, name) and not each.gone for each in store.every(kind)):
            raise AwsError(
                "ResourceInUse", f"Unable to delete UserProfile [{name}] because {kind}(s) are associated with it."
            )
    entry.change(step, through="Deleting", to="Gone", failing="Delete_Failed")
    return {}


def summary(entry: Entry) -> Json:
    """One element of ListUserProfiles."""
    members = {name: entry.members[name] for name in ("DomainId", "UserProfileName")}
    return {**members, **store.state_of(entry, reason=False)}


def find(domain_id: str, name: str) -> Entry:
    """A user profile.

    Raises:
        AwsError: ResourceNotFound, also where the domain is missing.
    """
    domains.find(domain_id)
    words = f"UserProfile [{name}] does not exist in Domain [{domain_id}]."
    return store.require(KIND, f"{name}|{domain_id}", words)


def _owner(entry: Entry) -> tuple[str, str | None]:
    owner = (entry.members.get("OwnershipSettings") or {}).get("OwnerUserProfileName")
    return entry.members["DomainId"], owner or entry.members.get("UserProfileName")
