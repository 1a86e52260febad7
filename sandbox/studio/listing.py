"""The List operations: filters, order and pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.model.errors import Json, invalid
from sandbox.paging import page
from sandbox.studio import apps, domains, lifecycle_configs, spaces, store, user_profiles
from sandbox.studio.store import Entry

_MOST = 10  # AWS's default page


@dataclass(frozen=True)
class Listing:
    """One List operation: its kind, its reply's member, how an element is shown, and its filters by member."""

    kind: str
    member: str
    summary: Callable[[Entry], Json]
    equal: tuple[tuple[str, str], ...] = ()
    contains: tuple[tuple[str, str], ...] = ()


_DOMAIN = ("DomainIdEquals", "DomainId")
LISTINGS = {
    "ListDomains": Listing("Domain", "Domains", domains.summary),
    "ListUserProfiles": Listing(
        "UserProfile",
        "UserProfiles",
        user_profiles.summary,
        (_DOMAIN,),
        (("UserProfileNameContains", "UserProfileName"),),
    ),
    "ListSpaces": Listing("Space", "Spaces", spaces.summary, (_DOMAIN,), (("SpaceNameContains", "SpaceName"),)),
    "ListApps": Listing(
        "App",
        "Apps",
        apps.summary,
        (_DOMAIN, ("UserProfileNameEquals", "UserProfileName"), ("SpaceNameEquals", "SpaceName")),
    ),
    "ListStudioLifecycleConfigs": Listing(
        "StudioLifecycleConfig",
        "StudioLifecycleConfigs",
        lifecycle_configs.summary,
        (("AppTypeEquals", "StudioLifecycleConfigAppType"),),
        (("NameContains", "StudioLifecycleConfigName"),),
    ),
}


def run(operation: str, request: Json) -> Json:
    """Answer one List operation."""
    listing = LISTINGS[operation]
    unsupported = sorted(name for name in request if name.endswith(("Before", "After")))
    if unsupported:
        raise invalid(f"This local AWS does not filter by {', '.join(unsupported)}.")
    found = [entry for entry in store.every(listing.kind) if _fits(entry, listing, request)]
    # Newest first, as AWS lists by default.
    by_change = request.get("SortBy") == "LastModifiedTime"
    by_name = request.get("SortBy") == "Name"
    found.sort(key=lambda entry: (entry.name if by_name else "", entry.modified if by_change else entry.created))
    if request.get("SortOrder", "Descending") == "Descending":
        found.reverse()
    shown = [listing.summary(entry) for entry in found]
    return page(shown, request, listing.member, most=_MOST, members=("MaxResults", "NextToken"))


def _fits(entry: Entry, listing: Listing, request: Json) -> bool:
    equal = all(request[name] == entry.members.get(member) for name, member in listing.equal if name in request)
    pairs = [(request[name], entry.members.get(member, "")) for name, member in listing.contains if name in request]
    return equal and all(part.lower() in whole.lower() for part, whole in pairs)
