"""The custom resources around Studio: those of every stack (``lambdas.lifecycle.actions``), and its own.

clean_up            {DomainId, Participants}: deletes what people made at deletion, and those' who left at an update
delete_file_system  {DomainId, DomainArn}: deletes a domain that has a file system together with it at deletion
"""

from typing import Any, Final

from lambdas.common import aws
from lambdas.common.custom_resource import Request
from lambdas.lifecycle.actions import GENERIC, READ_SECONDS, Action, property_named
from lambdas.lifecycle.handler import handler
from lambdas.studio.clean_up import clean_up
from lambdas.studio.file_system import delete_file_system

# An app takes minutes to go, and may be stuck for longer. Five runs fit into the hour that CloudFormation waits.
RUNS: Final = 5


def _sagemaker() -> Any:
    return aws.client("sagemaker", read_timeout=READ_SECONDS)


def _clean_up(request: Request) -> None:
    clean_up(request, sagemaker=_sagemaker())


def _delete_file_system(request: Request) -> None:
    efs: Any = aws.client("efs", read_timeout=READ_SECONDS)
    ec2: Any = aws.client("ec2", read_timeout=READ_SECONDS)
    delete_file_system(request, sagemaker=_sagemaker(), efs=efs, ec2=ec2)


ACTIONS: Final = {
    **GENERIC,
    "clean_up": Action(do=_clean_up, about=property_named("DomainId")),
    "delete_file_system": Action(do=_delete_file_system, about=property_named("DomainId")),
}

lambda_handler: Final = handler(ACTIONS, runs=RUNS)
