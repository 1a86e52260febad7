"""CreatePresignedDomainUrl: the link that opens a domain, or one of its spaces, as a user profile."""

from __future__ import annotations

import secrets

from sandbox.model.errors import AwsError, Json
from sandbox.studio import domains, spaces, user_profiles


def create(request: Json) -> Json:
    """CreatePresignedDomainUrl. A private space opens for its owner only."""
    domain = domains.find_in_service(request["DomainId"])
    user_profiles.find(request["DomainId"], request["UserProfileName"])
    if "SpaceName" in request:
        space = spaces.find(request["DomainId"], request["SpaceName"])
        sharing = (space.members.get("SpaceSharingSettings") or {}).get("SharingType")
        owner = (space.members.get("OwnershipSettings") or {}).get("OwnerUserProfileName")
        if sharing == "Private" and owner != request["UserProfileName"]:
            raise AwsError("ResourceNotFound", f"Space [{request['SpaceName']}] does not exist for this UserProfile.")
    return {"AuthorizedUrl": f"{domain.members['Url']}/auth?token={secrets.token_urlsafe(64)}"}
