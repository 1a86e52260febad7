"""CreatePresignedDomainUrl: the link that opens a domain, or one of its spaces, as a user profile."""

from __future__ import annotations

import secrets

from sandbox.model.errors import AwsError, Json
from sandbox.studio import apps, domains, spaces, user_profiles

_LANDING = "app:JupyterLab:"


def create(request: Json) -> Json:
    """CreatePresignedDomainUrl. A private space opens for its owner only, by JupyterLab's own URL where one runs."""
    domain = domains.find_in_service(request["DomainId"])
    user_profiles.find(request["DomainId"], request["UserProfileName"])
    if "SpaceName" in request:
        space = spaces.find(request["DomainId"], request["SpaceName"])
        sharing = (space.members.get("SpaceSharingSettings") or {}).get("SharingType")
        owner = (space.members.get("OwnershipSettings") or {}).get("OwnerUserProfileName")
        if sharing == "Private" and owner != request["UserProfileName"]:
            raise AwsError("ResourceNotFound", f"Space [{request['SpaceName']}] does not exist for this UserProfile.")
        if url := apps.url_of(request["DomainId"], request["SpaceName"]):
            return {"AuthorizedUrl": _landing(url, request.get("LandingUri", ""))}
    return {"AuthorizedUrl": f"{domain.members['Url']}/auth?token={secrets.token_urlsafe(64)}"}


def _landing(url: str, wanted: str) -> str:
    """The URL with another page of JupyterLab, if one is asked for: app:JupyterLab:lab/tree/one.ipynb."""
    page = wanted.removeprefix(_LANDING).lstrip("/") if wanted.startswith(_LANDING) else ""
    address, _, query = url.partition("?")
    return f"{address.removesuffix('lab')}{page}?{query}" if page else url
