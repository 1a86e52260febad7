"""A domain of SageMaker Studio in memory, at a time that stands still until somebody sleeps.

Requests are held against botocore's own models, so that one that AWS would refuse for its shape fails.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lambdas.common.custom_resource import Request
from tests.lambdas.ingestion.fakes import refused
from tests.lambdas.service_model import check

DOMAIN = "d-abcdefghijkl"
ARN = f"arn:aws:sagemaker:us-east-1:123456789012:domain/{DOMAIN}"
START = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


@dataclass
class Clock:
    """Seconds since START, which sleeping moves on; and how many of them a function has."""

    now: float = 0.0
    ends: float = 500.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds

    def left(self) -> float:
        return self.ends - self.now


@dataclass
class Thing:
    """An app, a space or a user profile."""

    listed: dict[str, Any]
    status: str = "InService"
    until: float = 0.0
    then: str = ""
    deletions: int = 0


@dataclass
class FakeStudio:
    """One domain.

    Attributes:
        seconds: how long a deletion takes, by name; by default 12.
        failing: name -> how many deletions fail, each after its time.
        refuse: operation, or operation and name -> codes that its next calls fail with; "" for one that does not.
        meanwhile: called before each call is served: what others do at that moment.
        calls: (operation, name).
        file_system: that the domain has.
    """

    clock: Clock = field(default_factory=Clock)
    things: dict[tuple[str, str], Thing] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failing: dict[str, int] = field(default_factory=dict)
    refuse: dict[str, list[str]] = field(default_factory=dict)
    meanwhile: Callable[[], None] = lambda: None
    calls: list[tuple[str, str]] = field(default_factory=list)
    file_system: str | None = None
    domain: Thing = field(default_factory=lambda: Thing({}))

    def profile(self, name: str, **more: Any) -> None:
        """Add a user profile."""
        self.things["UserProfile", name] = Thing({"UserProfileName": name}, **more)

    def space(self, name: str, owner: str | None, **more: Any) -> None:
        """Add a space, of an owner or of nobody."""
        owned = {"OwnershipSettingsSummary": {"OwnerUserProfileName": owner}} if owner else {}
        self.things["Space", name] = Thing({"SpaceName": name, **owned}, **more)

    def app(self, place: str, *, kind: str = "JupyterLab", hours: float = 1, of: str = "Space", **more: Any) -> str:
        """Start an app in a space, or of a user profile, so many hours ago; return its name here."""
        name = f"{kind} of {place}"
        where = "SpaceName" if of == "Space" else "UserProfileName"
        created = self._time - timedelta(hours=hours)
        listed = {where: place, "AppType": kind, "AppName": "default", "CreationTime": created}
        self.things["App", name] = Thing(listed, **more)
        return name

    def participant(self, name: str, *, runs: bool = True) -> None:
        """Add somebody as the stack makes them, with an app if it runs."""
        self.profile(name)
        self.space(name, name)
        if runs:
            self.app(name)

    def names(self, kind: str) -> set[str]:
        """The names of what there is."""
        return {name for kind_, name in self._there() if kind_ == kind}

    def asked(self, operation: str) -> list[str]:
        """The names that an operation was called with."""
        return [name for called, name in self.calls if called == operation]

    @property
    def _time(self) -> datetime:
        return START + timedelta(seconds=self.clock.now)

    def _there(self) -> dict[tuple[str, str], Thing]:
        """What there is now."""
        for key, thing in list(self.things.items()):
            if thing.then and self.clock.now >= thing.until:
                thing.status, thing.then = thing.then, ""
            if thing.status == "Gone":
                del self.things[key]
        return {key: thing for key, thing in self.things.items() if thing.status != "Deleted"}

    def list_apps(self, **kwargs: Any) -> dict[str, Any]:
        return self._list("ListApps", "App", "Apps", kwargs)

    def list_spaces(self, **kwargs: Any) -> dict[str, Any]:
        return self._list("ListSpaces", "Space", "Spaces", kwargs)

    def list_user_profiles(self, **kwargs: Any) -> dict[str, Any]:
        return self._list("ListUserProfiles", "UserProfile", "UserProfiles", kwargs)

    def delete_app(self, **kwargs: Any) -> None:
        place = kwargs.get("SpaceName") or kwargs["UserProfileName"]
        self._delete("DeleteApp", "App", f"{kwargs['AppType']} of {place}", kwargs, after="Deleted", failed="Failed")

    def delete_space(self, **kwargs: Any) -> None:
        self._delete("DeleteSpace", "Space", kwargs["SpaceName"], kwargs)

    def delete_user_profile(self, **kwargs: Any) -> None:
        self._delete("DeleteUserProfile", "UserProfile", kwargs["UserProfileName"], kwargs)

    def describe_app(self, **kwargs: Any) -> dict[str, Any]:
        self._called("DescribeApp", "", kwargs)
        return {"FailureReason": "its instance is lost"}

    def describe_space(self, **kwargs: Any) -> dict[str, Any]:
        self._called("DescribeSpace", "", kwargs)
        return {"FailureReason": "its volume is attached"}

    def describe_user_profile(self, **kwargs: Any) -> dict[str, Any]:
        self._called("DescribeUserProfile", "", kwargs)
        return {}

    def describe_domain(self, **kwargs: Any) -> dict[str, Any]:
        self._called("DescribeDomain", "", kwargs)
        if self.domain.then and self.clock.now >= self.domain.until:
            self.domain.status, self.domain.then = self.domain.then, ""
        if self.domain.status == "Gone":
            raise refused("ResourceNotFound")
        has = {"HomeEfsFileSystemId": self.file_system} if self.file_system else {}
        return {"Status": self.domain.status, **has}

    def delete_domain(self, **kwargs: Any) -> None:
        self._called("DeleteDomain", "", kwargs)
        assert kwargs["RetentionPolicy"] == {"HomeEfsFileSystem": "Delete"}
        if self._there():
            raise refused("ResourceInUse")
        self._goes(self.domain, "domain", "Gone", "Delete_Failed")

    def _list(self, operation: str, kind: str, member: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        self._called(operation, "", arguments)
        self._there()
        found = [thing for (kind_, _), thing in self.things.items() if kind_ == kind]
        assert arguments["DomainIdEquals"] == DOMAIN
        first, size = int(arguments.get("NextToken", 0)), arguments["MaxResults"]
        page = [{**thing.listed, "Status": thing.status} for thing in found[first : first + size]]
        more = {"NextToken": str(first + size)} if first + size < len(found) else {}
        return {member: page, **more}

    def _delete(
        self,
        operation: str,
        kind: str,
        name: str,
        arguments: Mapping[str, Any],
        *,
        after: str = "Gone",
        failed: str = "Delete_Failed",
    ) -> None:
        self._called(operation, name, arguments)
        assert arguments["DomainId"] == DOMAIN
        thing = self._there().get((kind, name))
        if thing is None:
            raise refused("ResourceNotFound", operation)
        if thing.status in ("Pending", "Updating", "Deleting") or self._children(kind, name):
            raise refused("ResourceInUse", operation)
        self._goes(thing, name, after, failed)

    def _goes(self, thing: Thing, name: str, after: str, failed: str) -> None:
        thing.deletions += 1
        fails = thing.deletions <= self.failing.get(name, 0)
        thing.status, thing.then = "Deleting", failed if fails else after
        thing.until = self.clock.now + self.seconds.get(name, 12)

    def _children(self, kind: str, name: str) -> bool:
        there = [(kind_, thing.listed) for (kind_, _), thing in self._there().items()]
        if kind == "Space":
            return any(kind_ == "App" and one.get("SpaceName") == name for kind_, one in there)
        owners = [(one.get("OwnershipSettingsSummary") or one).get(key) for _, one in there for key in _OWNERS]
        return kind == "UserProfile" and owners.count(name) > 1

    def _called(self, operation: str, name: str, arguments: Mapping[str, Any]) -> None:
        check("sagemaker", operation, arguments)
        self.calls.append((operation, name))
        self.meanwhile()
        for key in (operation, f"{operation} {name}"):
            if self.refuse.get(key) and (code := self.refuse[key].pop(0)):
                raise refused(code, operation)


_OWNERS = ("OwnerUserProfileName", "UserProfileName")


def request(clock: Clock, kind: str = "Delete", *, former: Any = None, run: int = 1, **properties: Any) -> Request:
    """Return what CloudFormation asks of the resource."""
    return Request(
        kind=kind,
        type="Custom::QuarryStudio",
        logical_id="CleanUp",
        properties={"DomainId": DOMAIN, **properties},
        former=former,
        physical_id=None if kind == "Create" else DOMAIN,
        left=clock.left,
        run=run,
    )
