"""What is in a domain of SageMaker Studio: apps, spaces, user profiles.

Bounds and words are those of the API: ListApps, ListSpaces, ListUserProfiles and their Delete and Describe operations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.lifecycle.removal import GONE, Member

# The most that SageMaker lists in a page.
PAGE: Final = 100


class SageMaker(Protocol):
    """The calls of SageMaker that are made, with SageMaker's own shapes."""

    def list_apps(self, **kwargs: Any) -> Any: ...
    def list_spaces(self, **kwargs: Any) -> Any: ...
    def list_user_profiles(self, **kwargs: Any) -> Any: ...
    def describe_app(self, **kwargs: Any) -> Any: ...
    def describe_space(self, **kwargs: Any) -> Any: ...
    def describe_user_profile(self, **kwargs: Any) -> Any: ...
    def describe_domain(self, **kwargs: Any) -> Any: ...
    def delete_app(self, **kwargs: Any) -> Any: ...
    def delete_space(self, **kwargs: Any) -> Any: ...
    def delete_user_profile(self, **kwargs: Any) -> Any: ...
    def delete_domain(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class App(Member):
    """What runs, and costs money while it does.

    Attributes:
        space: in which it runs; None for one of a user profile itself, as Canvas.
        profile: the other way round.
        created: when it was started.
    """

    space: str | None
    profile: str | None
    created: datetime


@dataclass(frozen=True, kw_only=True)
class Space(Member):
    """A disk and settings.

    Attributes:
        space: its name in the domain.
        owner: its user profile; None where SageMaker tells none.
    """

    space: str
    owner: str | None


@dataclass(frozen=True, kw_only=True)
class UserProfile(Member):
    """Somebody. ``profile`` is the name in the domain."""

    profile: str


class Domain:
    """A domain that may be gone: then there is nothing in it.

    Args:
        sagemaker: the client.
    """

    def __init__(self, domain_id: str, *, sagemaker: SageMaker) -> None:
        self.id = domain_id
        self._sagemaker = sagemaker

    def apps(self) -> list[App]:
        """Return the apps that are not deleted, which SageMaker lists for a day."""
        return [self._app(one) for one in self._listed("list_apps", "Apps") if one.get("Status") != "Deleted"]

    def spaces(self) -> list[Space]:
        """Return all spaces."""
        return [self._space(one) for one in self._listed("list_spaces", "Spaces")]

    def user_profiles(self) -> list[UserProfile]:
        """Return all user profiles."""
        return [self._user_profile(one) for one in self._listed("list_user_profiles", "UserProfiles")]

    def _app(self, listed: Mapping[str, Any]) -> App:
        names = ("SpaceName", "UserProfileName", "AppType", "AppName")
        key = {"DomainId": self.id, **{name: listed[name] for name in names if listed.get(name)}}
        space, profile = listed.get("SpaceName"), listed.get("UserProfileName")
        place = f"space {space}" if space else f"user profile {profile}"
        return App(
            name=f"app {listed['AppType']}/{listed['AppName']} of {place}",
            status=listed["Status"],
            delete=lambda: self._sagemaker.delete_app(**key),
            why=lambda: _reason(self._sagemaker.describe_app(**key)),
            space=space,
            profile=profile,
            created=listed["CreationTime"],
        )

    def _space(self, listed: Mapping[str, Any]) -> Space:
        key = {"DomainId": self.id, "SpaceName": listed["SpaceName"]}
        return Space(
            name=f"space {listed['SpaceName']}",
            status=listed["Status"],
            delete=lambda: self._sagemaker.delete_space(**key),
            why=lambda: _reason(self._sagemaker.describe_space(**key)),
            space=listed["SpaceName"],
            owner=listed.get("OwnershipSettingsSummary", {}).get("OwnerUserProfileName"),
        )

    def _user_profile(self, listed: Mapping[str, Any]) -> UserProfile:
        key = {"DomainId": self.id, "UserProfileName": listed["UserProfileName"]}
        return UserProfile(
            name=f"user profile {listed['UserProfileName']}",
            status=listed["Status"],
            delete=lambda: self._sagemaker.delete_user_profile(**key),
            why=lambda: _reason(self._sagemaker.describe_user_profile(**key)),
            profile=listed["UserProfileName"],
        )

    def _listed(self, operation: str, members: str) -> Iterator[Mapping[str, Any]]:
        """Yield what an operation lists, page by page."""
        call = getattr(self._sagemaker, operation)
        following: dict[str, str] = {}
        while True:
            try:
                page = call(DomainIdEquals=self.id, MaxResults=PAGE, **following)
            except ClientError as error:
                if code_of(error) in GONE:
                    return
                raise
            yield from page.get(members, [])
            if not page.get("NextToken"):
                return
            following = {"NextToken": page["NextToken"]}


def _reason(described: Mapping[str, Any]) -> str:
    return str(described.get("FailureReason") or "")
