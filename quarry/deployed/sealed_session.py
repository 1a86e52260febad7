"""A boto3 session for the AWS on this machine, which nothing that is meant for a real one reaches.

A profile, a proxy, a CA file, another endpoint or a setting of retries, in the shell or in ``~/.aws``, is for a real
account. Here it would only stand in the way, or lead elsewhere.
"""

import os
from functools import cache
from threading import Lock
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config as ClientConfig
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

from quarry.deployed.connection import LocalAws

_FILES: Final = ("config_file", "credentials_file")
# A session may make one client at a time; clients are used by as many threads as there are.
_MAKING: Final = Lock()


def sealed_client(service: str, *, aws: LocalAws, region: str, config: ClientConfig | None = None) -> Any:
    """Make a client of ``service`` at the local AWS.

    Args:
        config: what else the client goes by, as its time-outs.
    """
    # Not every system finds a bucket's own name below localhost. No proxy reaches this machine.
    ours = ClientConfig(s3={"addressing_style": "path"}, proxies={})
    with _MAKING:
        return _session(region).client(  # type: ignore[call-overload]  # a service's name, not a literal
            service,
            endpoint_url=aws.endpoint_url,
            aws_access_key_id=aws.access_key_id,
            aws_secret_access_key=aws.secret_access_key,
            config=config.merge(ours) if config else ours,
        )


@cache
def _session(region: str) -> boto3.Session:
    """Return the one for all clients: each session reads anew what botocore knows of regions and partitions."""
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=_variables()), region_name=region)


def _variables() -> dict[str, tuple[None, None, Any, Any]]:
    """Return all that a session is configured by as botocore has it by itself, neither from the shell nor a file."""
    known = {
        name: (None, None, default, convert)
        for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    }
    return {**known, **dict.fromkeys(_FILES, (None, None, os.devnull, None))}
