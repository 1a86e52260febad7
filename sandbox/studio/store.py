"""What lives in Studio: one entry per resource, by account and region, with its state and the change it is in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region

from sandbox import clock
from sandbox.entry import Entry as ChangingEntry
from sandbox.entry import elsewhere
from sandbox.model.errors import AwsError, Json
from sandbox.studio import script

# AWS lists a deleted app for a day.
_DELETED_APP_SECONDS = 24 * 3600.0

lock = threading.RLock()
_entries = AccountRegionScopedDict()


class Work(Protocol):
    """Something real that is started with an entry, which is not in service before it is done."""

    @property
    def done(self) -> bool: ...

    @property
    def failure(self) -> str:
        """Why it does not run, or ""; also long after it is done."""


@dataclass
class Entry(ChangingEntry):
    """One resource of Studio. ``name`` tells it from the others of its kind: a space's has its domain behind it."""

    status: str = "InService"
    work: Work | None = None

    @property
    def gone(self) -> bool:
        """Whether nothing is left of it but its name in a list."""
        return self.status == "Deleted"


def arn(resource: str) -> str:
    """The ARN of a resource of SageMaker in this account and region."""
    return f"arn:aws:sagemaker:{get_region()}:{get_account_id()}:{resource}"


def put(entry: Entry) -> None:
    """Keep a new entry."""
    _entries[f"{entry.kind} {entry.name}"] = entry


def find(kind: str, key: str) -> Entry | None:
    """The entry as it is now, or None."""
    entry: Entry | None = _entries.get(f"{kind} {key}")
    return entry if entry is not None and _settle(entry) else None


def require(kind: str, key: str, words: str) -> Entry:
    """The entry as it is now.

    Raises:
        AwsError: ResourceNotFound, with ``words``.
    """
    entry = find(kind, key)
    if entry is None:
        raise AwsError("ResourceNotFound", words)
    return entry


def every(kind: str) -> list[Entry]:
    """All entries of a kind as they are now, in the order of their creation."""
    found = [entry for name, entry in list(_entries.items()) if name.partition(" ")[0] == kind]
    return [entry for entry in found if _settle(entry)]


def by_arn(wanted: str) -> Entry | None:
    """The entry with an ARN, or None."""
    return next((entry for _, entry in list(_entries.items()) if entry.arn == wanted and _settle(entry)), None)


def living() -> dict[str, list[str]]:
    """Every resource of every account and region, for the inventory."""
    found: dict[str, list[str]] = {}
    for account, region, name, entry in _all():
        if _is_over(entry):
            continue
        where = elsewhere(account, region)
        found.setdefault(f"AWS::SageMaker::{entry.kind}", []).append(f"{name.partition(' ')[2]}{where}")
    return found


def reset() -> None:
    """Forget everything. What runs is ended by who started it."""
    _entries.clear()


def _all() -> Iterator[tuple[str, str, str, Entry]]:
    for (account, region, name), entry in sorted(_entries.all_items(), key=lambda item: item[0]):
        yield account, region, name, entry


def _is_over(entry: Entry) -> bool:
    return entry.status == "Deleted" or (_is_due(entry) and entry.target in ("Deleted", "Gone"))


def _is_due(entry: Entry) -> bool:
    """Whether the change that an entry is in has come to its end."""
    waits = script.holds(entry.step) or (entry.work is not None and not entry.work.done)
    return entry.is_past and not waits


def _settle(entry: Entry) -> bool:
    """Bring an entry to the present; return whether it is still there."""
    with lock:
        if _is_due(entry):
            entry.arrive()
        if entry.status == "InService" and entry.work is not None and entry.work.failure:
            entry.status, entry.reason = "Failed", entry.work.failure
        old = entry.status == "Deleted" and clock.now() > entry.modified + _DELETED_APP_SECONDS
        if entry.status == "Gone" or old:
            _entries.pop(f"{entry.kind} {entry.name}", None)
            return False
    return True


def tags_of(request: Json) -> dict[str, str]:
    """The tags of a create request."""
    return {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())}


def state_of(entry: Entry, *, reason: bool = True) -> Json:
    """State and times as Describe and List answer them."""
    shown: Json = {"Status": entry.status, "CreationTime": entry.created, "LastModifiedTime": entry.modified}
    return {**shown, "FailureReason": entry.reason} if reason and entry.reason else shown


def merged(old: Json, new: Json) -> Json:
    """``old`` with the members of ``new``; structures are merged, lists and values replaced."""
    both = {name: merged(old[name], value) for name, value in new.items() if _are_objects(old.get(name), value)}
    return {**old, **new, **both}


def _are_objects(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)


def require_settled(entry: Entry, name: str) -> None:
    """Check that an entry is in no change and may be updated.

    Raises:
        AwsError: ResourceInUse.
    """
    if entry.status not in ("InService", "Update_Failed"):
        raise AwsError("ResourceInUse", f"Unable to update {entry.kind} [{name}] because it is {entry.status}.")


def require_deletable(entry: Entry, name: str) -> None:
    """Check that an entry is in no change.

    Raises:
        AwsError: ResourceInUse.
    """
    if entry.status in ("Pending", "Updating", "Deleting"):
        raise AwsError("ResourceInUse", f"Unable to delete {entry.kind} [{name}] because it is {entry.status}.")


def drop(entry: Entry) -> None:
    """Forget an entry at once."""
    _entries.pop(f"{entry.kind} {entry.name}", None)
