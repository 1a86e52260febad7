"""What a teardown ends with: what it found, what is gone, what is left and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.teardown.inventory import usd
from lambdas.teardown.thing import Thing, Unseen

# AWS's word -> what whoever reads the verdict can do.
_REMEDIES: Final = (
    (
        ("AccessDenied", "UnauthorizedOperation", "not authorized", "AuthorizationError"),
        "Grant the right that is named, and run the teardown again.",
    ),
    (("TerminationProtection",), "Switch the stack's termination protection off, and run the teardown again."),
    (("is imported by",), "Another stack uses what this one hands on: delete that one first."),
    (("ommitment",), "It is committed until its end, and AWS deletes it no earlier. Ask AWS Support."),
    (
        ("IN_PROGRESS", "DELETING", "Deleting", "asked to go", "It is "),
        "AWS is at it: run the teardown again in some minutes.",
    ),
    (
        ("InUse", "in use", "Conflict", "Dependency", "NotEmpty"),
        "See what uses it, which no list here names; then run the teardown again.",
    ),
)
_ELSE: Final = "Delete it in AWS's console, and run the teardown again to see that nothing is left."


def remedy(thing: Thing) -> str:
    """Return what to do about something that is left."""
    told = f"{thing.why} {thing.state}"
    return next((text for words, text in _REMEDIES if any(word in told for word in words)), _ELSE)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The end of a teardown.

    Attributes:
        found: everything that was there at any time.
        deleted: those of them that are gone.
        retained: what was to stay, and stays.
        left: what is still there, with its ``why``.
        unseen: what could not be looked at: nobody knows whether it is there.
        time_over: whether the time ended before the work: doing it again goes on.
        shared: what stays because others of the account use it, with its ``why``.
    """

    found: tuple[Thing, ...]
    deleted: tuple[Thing, ...]
    retained: tuple[Thing, ...]
    left: tuple[Thing, ...]
    unseen: tuple[Unseen, ...]
    time_over: bool = False
    shared: tuple[Thing, ...] = ()

    @property
    def is_zero(self) -> bool:
        """Whether it is proven that nothing is left but what was to stay."""
        return not self.left and not self.unseen

    @property
    def usd_per_hour_left(self) -> float:
        """What is still paid, with what was to stay."""
        return usd([*self.left, *self.retained])

    def shown(self) -> dict[str, Any]:
        """Return it as ``quarry teardown --json`` prints it."""
        return {
            "found": [thing.shown() for thing in self.found],
            "deleted": [thing.shown() for thing in self.deleted],
            "retained": [thing.shown() for thing in self.retained],
            "left": [_left(thing) for thing in self.left],
            "shared": [thing.shown() for thing in self.shared],
            "unknown": [{"what": one.what, "why": one.why} for one in self.unseen],
            "usd_per_hour_left": self.usd_per_hour_left,
        }


def _left(thing: Thing) -> Mapping[str, Any]:
    return {**thing.shown(), "state": thing.state, "why": thing.why, "do": remedy(thing)}
