"""Temporary credentials of a role, for who works with its rights from outside this process's calls."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from ministack.services import sts


@dataclass(frozen=True)
class Credentials:
    """What a client signs with; ``expires`` is in seconds since the epoch."""

    access_key_id: str
    secret_access_key: str
    token: str
    expires: float


def issue(role_arn: str, *, session: str, seconds: int = 3600) -> Credentials:
    """Return new credentials of a role, whose policies count for what they sign; whether it trusts is not asked."""
    name = role_arn.rpartition("/")[2]
    issued = Credentials(
        access_key_id=f"ASIA{secrets.token_hex(8).upper()}",
        secret_access_key=secrets.token_hex(20),
        token=secrets.token_hex(32),
        expires=time.time() + seconds,
    )
    sts.register_session(
        issued.access_key_id,
        {
            "Arn": f"arn:aws:sts::{role_arn.split(':')[4]}:assumed-role/{name}/{session}",
            "UserId": f"{name}:{session}",
            "SecretAccessKey": issued.secret_access_key,
            "SessionToken": issued.token,
            "Expiration": issued.expires,
        },
    )
    return issued
