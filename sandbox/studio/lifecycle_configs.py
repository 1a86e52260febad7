"""Lifecycle configurations: scripts that an app runs when it starts."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from sandbox.model.errors import AwsError, Json, invalid
from sandbox.studio import store
from sandbox.studio.store import Entry

KIND = "StudioLifecycleConfig"


def create(request: Json) -> Json:
    """CreateStudioLifecycleConfig."""
    name = request["StudioLifecycleConfigName"]
    if store.find(KIND, name) is not None:
        raise AwsError("ResourceInUse", f"StudioLifecycleConfig [{name}] already exists.")
    try:
        base64.b64decode(request["StudioLifecycleConfigContent"], validate=True)
    except binascii.Error as error:
        raise invalid("StudioLifecycleConfigContent must be base64 encoded.") from error
    members = {key: value for key, value in request.items() if key != "Tags"}
    entry = Entry(KIND, name, store.arn(f"studio-lifecycle-config/{name.lower()}"), members, store.tags_of(request))
    store.put(entry)
    return {"StudioLifecycleConfigArn": entry.arn}


def describe(request: Json) -> Json:
    """DescribeStudioLifecycleConfig."""
    entry = _find(request["StudioLifecycleConfigName"])
    return {**entry.members, **_shown(entry)}


def delete(request: Json) -> Json:
    """DeleteStudioLifecycleConfig, refused while a domain, profile, space or app names it."""
    name = request["StudioLifecycleConfigName"]
    entry = _find(name)
    for kind in ("App", "Space", "UserProfile", "Domain"):
        if any(_names(each.members, entry.arn) and not each.gone for each in store.every(kind)):
            raise AwsError(
                "ResourceInUse",
                f"Unable to delete StudioLifecycleConfig [{name}] because {kind}(s) are associated with it.",
            )
    store.drop(entry)
    return {}


def summary(entry: Entry) -> Json:
    """One element of ListStudioLifecycleConfigs."""
    members = ("StudioLifecycleConfigName", "StudioLifecycleConfigAppType")
    return {**{name: entry.members[name] for name in members}, **_shown(entry)}


def require_attached(spec: Json, attached: list[str]) -> None:
    """Check that the lifecycle configuration of a ResourceSpec exists and is attached to the domain or profile.

    Raises:
        AwsError: ValidationException.
    """
    for arn in [*attached, *([spec["LifecycleConfigArn"]] if spec.get("LifecycleConfigArn") else [])]:
        if store.by_arn(arn) is None:
            raise invalid(f"Lifecycle Configuration [{arn}] does not exist.")
    wanted = spec.get("LifecycleConfigArn")
    if wanted and wanted not in attached:
        raise invalid(f"Lifecycle Configuration [{wanted}] is not attached to the Domain or UserProfile.")


def _find(name: str) -> Entry:
    return store.require(KIND, name, f"StudioLifecycleConfig [{name}] does not exist.")


def _shown(entry: Entry) -> Json:
    times = {"CreationTime": entry.created, "LastModifiedTime": entry.modified}
    return {"StudioLifecycleConfigArn": entry.arn, **times}


def _names(value: Any, arn: str) -> bool:
    match value:
        case dict():
            return any(_names(each, arn) for each in value.values())
        case list():
            return any(_names(each, arn) for each in value)
    return bool(value == arn)
