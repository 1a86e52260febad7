"""A deployed environment, found through CloudFormation: its outputs, its keys table, its API."""

from functools import cached_property
from time import sleep
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config as ClientConfig

from configuration.config import Config
from configuration.environment_file import ConfigError, load
from lambdas.allowances.ledger import Ledger
from lambdas.authorizer.keys import KeyStore
from lambdas.authorizer.settings import TIMEOUT_SECONDS
from lambdas.teardown.ownership import WORDS
from quarry.command_error import CommandError
from quarry.deployed import connection
from quarry.deployed.connection import LocalAws
from quarry.deployed.sealed_session import sealed_client

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# After the first flush: an authorizer that had read the key before is dead by then, and API Gateway has its answer.
FLUSH_AGAIN_SECONDS: Final = TIMEOUT_SECONDS + 1

# What deploys the environments that live on this machine.
_MAKE_UP: Final = {
    "sandbox": "make up",
    "sandbox-studio": "make up STUDIO=1",
    "sandbox-tuning": "make up TUNING=1",
}


def environment(name: str) -> Config:
    """Load an environment's configuration.

    Raises:
        CommandError: with a line per mistake and exit code 2.
    """
    try:
        return load(name)
    except ConfigError as error:
        raise CommandError(str(error), exit_code=2) from error


class Deployment:
    """What of an environment is in AWS. Calls are made when something is asked for.

    Args:
        config: the environment.
        aws: the local AWS to talk to; by default the one that the AWS_* variables name, else the one that
            ``quarry connect`` saved, else AWS.

    Raises:
        CommandError: the environment lives on this machine, and no local AWS is known.
    """

    def __init__(self, config: Config, *, aws: LocalAws | None = None) -> None:
        self.config = config
        saved = connection.read(config.name)
        self.aws = aws or LocalAws.from_environ() or (saved.aws if saved else None)
        if self.aws is None and config.functions.build_for == "host":
            # Never look for it in whatever real account the shell's credentials belong to.
            raise CommandError(
                f"{config.name} lives on this machine and is not up. `{_MAKE_UP.get(config.name, 'make up')}` starts "
                "it; another environment is chosen by --environment or QUARRY_ENVIRONMENT."
            )

    def client(self, service: str, *, config: ClientConfig | None = None) -> Any:
        """Make a boto3 client of ``service`` in the environment's region.

        Args:
            config: what the client goes by, as its time-outs.

        Raises:
            CommandError: a setting for AWS of the shell's cannot be used.
        """
        if self.aws is not None:
            return sealed_client(service, aws=self.aws, region=self.config.region, config=config)
        try:
            session: Any = boto3.Session(region_name=self.config.region)
            return session.client(service, config=config)
        except ValueError as error:
            # Of some settings botocore says no more than what Python says of their text.
            raise CommandError(
                f"A setting in the shell's AWS_* variables, or in ~/.aws/config, cannot be used: {error}.", exit_code=2
            ) from error

    @cached_property
    def stacks(self) -> "list[StackTypeDef]":
        """The environment's stacks as CloudFormation describes them."""
        # Whole names, so dev takes neither what belongs to dev-2 nor a stranger's quarry-dev-orders.
        names = {self.config.physical_name(word) for word in WORDS}
        pages = self.client("cloudformation").get_paginator("describe_stacks")
        return [stack for page in pages.paginate() for stack in page["Stacks"] if stack["StackName"] in names]

    def outputs(self) -> dict[str, dict[str, str]]:
        """Return stack name -> output name -> value.

        Raises:
            CommandError: nothing of the environment is deployed.
        """
        if not self.stacks:
            raise CommandError(
                f"Nothing of {self.config.name} is deployed{' on this machine' if self.aws else ''}. Deploy it with "
                f"`{self._deploying()}`.{self._hint()}"
            )
        return {
            stack["StackName"]: {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
            for stack in sorted(self.stacks, key=lambda stack: stack["StackName"])
        }

    def output(self, name: str, *, stack: str = "inference") -> str:
        """Return one output of a stack: the inference stack's, unless another's own part of its name is given.

        Raises:
            CommandError: it is not there, because the stack is not or not completely.
        """
        full_name = self.config.physical_name(stack)
        try:
            return self.outputs()[full_name][name]
        except KeyError as error:
            raise CommandError(
                f"The stack {full_name} is not deployed completely: it has no output {name}. Deploy it again."
            ) from error

    def keys(self) -> KeyStore:
        """Return the environment's key store."""
        return KeyStore(table_name=self.output("KeysTable"), client=self.client("dynamodb"))

    def ledger(self) -> Ledger:
        """Return the environment's ledger, to read what keys have spent."""
        return Ledger(table_name=self.output("AllowancesTable"), client=self.client("dynamodb"))

    def forget_cached_keys(self) -> None:
        """Make API Gateway ask the authorizer anew for every key, so that a change of a key counts once this returns.

        The memory is emptied twice, ``FLUSH_AGAIN_SECONDS`` apart: an authorizer that had read the key before the
        change may answer after the first time, and that answer would live on for the cache's time.
        """
        flush = self.client("apigateway").flush_stage_authorizers_cache
        stage = {"restApiId": self.output("RestApiId"), "stageName": self.output("StageName")}
        flush(**stage)
        sleep(FLUSH_AGAIN_SECONDS)
        flush(**stage)

    def _deploying(self) -> str:
        """Return the command that deploys the environment where it is looked for."""
        name = self.config.name
        if self.aws is None:
            return f"make deploy ENVIRONMENT={name}"
        return _MAKE_UP.get(name, f"python -m sandbox exec -- cdk deploy --all --context environment={name}")

    def _hint(self) -> str:
        return "" if self.aws is None else f" (Asked was the AWS at {self.aws.endpoint_url}.)"
