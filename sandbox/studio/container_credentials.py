"""Credentials of an app: temporary ones of its role, which a client in it asks for, and for new ones in time.

As in a container of AWS, by a URL in AWS_CONTAINER_CREDENTIALS_FULL_URI; here it has a secret of the app's own in it.
"""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass

from sandbox import control, session_credentials

PREFIX = "/_sandbox/studio/credentials"


@dataclass(frozen=True)
class _Role:
    arn: str
    session: str


_roles: dict[str, _Role] = {}


def path_for(role: str, *, session: str) -> str:
    """Return a new path, secret, at which credentials of a role are handed out."""
    secret = secrets.token_urlsafe(32)
    _roles[secret] = _Role(role, session)
    return f"{PREFIX}/{secret}"


def forget(path: str) -> None:
    """Hand out none there any more."""
    _roles.pop(path.removeprefix(f"{PREFIX}/"), None)


def forget_all() -> None:
    """Hand out none anywhere."""
    _roles.clear()


async def handler(method: str, path: str, body: bytes, query: control.Query) -> control.Response:
    """Answer credentials as AWS's container endpoint does, or 404."""
    del body, query
    role = _roles.get(path.removeprefix(f"{PREFIX}/"))
    if method != "GET" or role is None:
        return control.error_response(404, "no credentials are here", code="not_found")
    issued = session_credentials.issue(role.arn, session=role.session)
    return control.json_response(
        200,
        {
            "AccessKeyId": issued.access_key_id,
            "SecretAccessKey": issued.secret_access_key,
            "Token": issued.token,
            "Expiration": datetime.datetime.fromtimestamp(int(issued.expires), datetime.UTC).isoformat(),
            "RoleArn": role.arn,
        },
    )
