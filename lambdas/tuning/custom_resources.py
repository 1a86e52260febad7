"""The custom resources around tuning: those of every stack (``lambdas.lifecycle.actions``), and its own.

clean_up    {Environment, StateMachines, SettleSeconds}: takes away what tuning has made at run time, at deletion
"""

from collections.abc import Sequence
from typing import Final

from lambdas.common import aws
from lambdas.common.custom_resource import Request
from lambdas.lifecycle.actions import GENERIC, READ_SECONDS, Action, property_named
from lambdas.lifecycle.handler import handler
from lambdas.tuning.removal import TuningResources, clean_up

# A job takes minutes to stop, provisioned throughput to go. Five runs fit into the hour that CloudFormation waits.
RUNS: Final = 5


def _resources(environment: str, state_machines: Sequence[str]) -> TuningResources:
    return TuningResources(
        environment=environment,
        bedrock=aws.client("bedrock", read_timeout=READ_SECONDS),
        scheduler=aws.client("scheduler", read_timeout=READ_SECONDS),
        ssm=aws.client("ssm", read_timeout=READ_SECONDS),
        states=aws.client("stepfunctions", read_timeout=READ_SECONDS),
        state_machines=state_machines,
    )


def _clean_up(request: Request) -> None:
    clean_up(request, _resources)


ACTIONS: Final = {**GENERIC, "clean_up": Action(do=_clean_up, about=property_named("Environment"))}

lambda_handler: Final = handler(ACTIONS, runs=RUNS)
