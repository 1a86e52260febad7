"""What tuning has made: jobs, custom models, deployments and provisioned throughput, by account and region.

An entry goes through its states by the sandbox's clock. What must happen at the end of one (a job's checks and outputs)
is done by whoever looks first: a request, or the thread that watches (:mod:`sandbox.tuning.watcher`).
"""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, request_scope

from sandbox.entry import Entry as ChangingEntry
from sandbox.entry import elsewhere
from sandbox.model.errors import AwsError, Json
from sandbox.tuning import script

JOB = "ModelCustomizationJob"
MODEL = "CustomModel"
DEPLOYMENT = "CustomModelDeployment"
THROUGHPUT = "ProvisionedModelThroughput"

# What AWS lists for ever but nobody pays for.
_RECORDS = (JOB,)
_RUNNING = ("InProgress", "Stopping")
_ALPHABET = string.ascii_lowercase + string.digits

lock = threading.RLock()
_entries = AccountRegionScopedDict()
_names = AccountRegionScopedDict()


@dataclass
class Entry(ChangingEntry):
    """One resource of tuning. ``settle`` brings it to the present; ``hidden`` is what is kept of it for that."""

    ended: float | None = None
    hidden: Json = field(default_factory=dict)
    settle: Callable[[Entry], None] | None = None

    @property
    def is_due(self) -> bool:
        """Whether the change that it is in has come to its end."""
        return self.is_past and not script.holds(self.step)

    @property
    def id(self) -> str:
        """The last part of its ARN."""
        return self.arn.rpartition("/")[2]


def new_arn(resource: str) -> str:
    """The ARN of a new resource, such as ``custom-model/<base model>``, with an id of its own."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return f"arn:aws:bedrock:{get_region()}:{get_account_id()}:{resource}/{drawn}"


def put(entry: Entry) -> None:
    """Keep a new entry."""
    _entries[entry.arn] = entry


def drop(entry: Entry) -> None:
    """Forget an entry. Its name stays taken where it was taken for ever."""
    _entries.pop(entry.arn, None)


def take_name(kind: str, name: str) -> None:
    """Take a name for ever, also after what has it is gone."""
    _names[f"{kind} {name}"] = True


def is_taken(kind: str, name: str) -> bool:
    """Whether a name was ever taken."""
    return f"{kind} {name}" in _names


def every(kind: str) -> list[Entry]:
    """All entries of a kind as they are now, in the order of their creation."""
    # All of them, and then anew: a job that has come to its end leaves a model.
    for _, entry in list(_entries.items()):
        _settled(entry)
    return [entry for _, entry in list(_entries.items()) if entry.kind == kind]


def by_arn(arn: str) -> Entry | None:
    """The entry with an ARN as it is now, or None."""
    entry: Entry | None = _entries.get(arn)
    return entry if entry is not None and _settled(entry) else None


def find(kind: str, identifier: str) -> Entry | None:
    """The entry of a kind that an ARN, or a name, names, as it is now."""
    return next((entry for entry in every(kind) if identifier in (entry.arn, entry.name)), None)


def require(kind: str, identifier: str, words: str) -> Entry:
    """The entry that ``identifier`` names.

    Raises:
        AwsError: ResourceNotFoundException, with ``words``.
    """
    entry = find(kind, identifier)
    if entry is None:
        raise AwsError("ResourceNotFoundException", words)
    return entry


def living() -> dict[str, list[str]]:
    """Every resource of every account and region, for the inventory; of jobs those that run."""
    settle_all()
    found: dict[str, list[str]] = {}
    for account, region, entry in _all():
        if entry.kind in _RECORDS and entry.status not in _RUNNING:
            continue
        found.setdefault(f"AWS::Bedrock::{entry.kind}", []).append(f"{entry.name}{elsewhere(account, region)}")
    return found


def settle_all() -> bool:
    """Bring every entry to the present; return whether any is still in a change."""
    changing = False
    for account, region, entry in _all():
        with request_scope(account, region):
            changing = (_settled(entry) and entry.is_changing) or changing
    return changing


def reset() -> None:
    """Forget everything, and which names were ever taken."""
    _entries.clear()
    _names.clear()


def _all() -> Iterator[tuple[str, str, Entry]]:
    for (account, region, _), entry in sorted(_entries.all_items(), key=lambda item: item[0]):
        yield account, region, entry


def _settled(entry: Entry) -> bool:
    """Bring an entry to the present; return whether it is still there."""
    with lock:
        if entry.settle is not None:
            entry.settle(entry)
        elif entry.is_due:
            entry.arrive()
        return entry.arn in _entries


def tags_of(request: Json, member: str = "tags") -> dict[str, str]:
    """The tags of a create request."""
    return {tag["key"]: tag["value"] for tag in request.get(member, ())}


def time(moment: float) -> str:
    """A moment as Bedrock writes it."""
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
