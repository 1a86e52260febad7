"""The account that an environment is, or was, deployed to: its file says the region, and need not be there any more."""

import re
from collections.abc import Callable
from typing import Any, Final

import boto3
from botocore.config import Config as ClientConfig

from configuration.environment_file import ConfigError, load, names
from lambdas.teardown.aws import Aws
from quarry.command_error import CommandError
from quarry.deployed import connection
from quarry.deployed.connection import LocalAws
from quarry.deployed.sealed_session import sealed_client

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,19}")
# Calls to one service at a time are few, and a throttled one is worth waiting for.
_CLIENT: Final = ClientConfig(retries={"mode": "standard", "total_max_attempts": 6}, max_pool_connections=20)
# Who does not answer the first question answers none of the hundred that follow.
_FIRST: Final = ClientConfig(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=10, read_timeout=20)
_ASKED_FIRST: Final = "sts"


def account(environment: str, region: str | None) -> Aws:
    """Return the account, to look for the environment in.

    Args:
        region: as it was given; None takes the one of the environment's file.

    Raises:
        CommandError: no environment can have the name, nobody says the region, or it lives on this machine and no
            local AWS is known.
    """
    if not _NAME.fullmatch(environment):
        raise CommandError(f"No environment can have the name {environment!r}.", exit_code=2)
    known, here = _of_file(environment) if environment in names() else (None, False)
    chosen = region or known
    if chosen is None:
        raise CommandError(
            f"There is no environments/{environment}.yaml that says the region. Give it: --region us-east-1.",
            exit_code=2,
        )
    saved = connection.read(environment)
    local = LocalAws.from_environ() or (saved.aws if saved else None)
    if local is None and here:
        # Never look for it in whatever real account the shell's credentials belong to.
        raise CommandError(f"{environment} lives on this machine and is not up, so nothing of it is there.")
    return Aws(environment=environment, region=chosen, clients=_clients(chosen, local))


def reach(aws: Aws) -> None:
    """Ask whose account it is, which needs no right: so what keeps all from being asked is told once, and at once.

    Raises:
        ClientError, BotoCoreError: AWS cannot be reached, or does not know who asks.
    """
    aws.client(_ASKED_FIRST).get_caller_identity()


def _of_file(environment: str) -> tuple[str | None, bool]:
    """Return the file's region, and whether the environment lives on this machine."""
    try:
        config = load(environment)
    except ConfigError:
        # It may be one of another version: what is deployed can be taken down all the same.
        return None, False
    return config.region, config.functions.build_for == "host"


def _clients(region: str, local: LocalAws | None) -> Callable[[str], Any]:
    def make(service: str) -> Any:
        config = _FIRST if service == _ASKED_FIRST else _CLIENT
        if local is not None:
            return sealed_client(service, aws=local, region=region, config=config)
        session: Any = boto3.Session(region_name=region)
        return session.client(service, config=config)

    return make
