"""Credentials of an app: temporary ones of its role, which a client in it asks for, and for new ones in time.

As in a container of AWS, by a URL in AWS_CONTAINER_CREDENTIALS_FULL_URI; here it has a secret of the app's own in it.
"""

from __future__ import annotations

import datetime
import secrets
import time
from dataclasses import dataclass

from ministack.services import sts

from sandbox import control

PREFIX = "/_sandbox/studio/credentials"
_SECONDS = 3600


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
    expires = time.time() + _SECONDS
    name = role.arn.rpartition("/")[2]
    key = f"ASIA{secrets.token_hex(8).upper()}"
    session = {
        "Arn": f"arn:aws:sts::{role.arn.split(':')[4]}:assumed-role/{name}/{role.session}",
        "UserId": f"{name}:{role.session}",
        "SecretAccessKey": secrets.token_hex(20),
        "SessionToken": secrets.token_hex(32),
        "Expiration": expires,
    }
    sts.register_session(key, session)
    return control.json_response(
        200,
        {
            "AccessKeyId": key,
            "SecretAccessKey": session["SecretAccessKey"],
            "Token": session["SessionToken"],
            "Expiration": datetime.datetime.fromtimestamp(int(expires), datetime.UTC).isoformat(),
            "RoleArn": role.arn,
        },
    )
