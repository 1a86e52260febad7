"""Deletion protection of tables, put on once everything else of a stack is there.

As a property of the table it would be there from the start, and a first deployment that fails could not take the table
back: the stack would stay ROLLBACK_FAILED, with a table that nobody uses. So the resource that does this depends on all
others of its stack. It protects all or none, and never takes protection back when it goes itself: that happens with the
stack, which leaves the tables, or in the roll-back of an update, whose tables were there before.

Source: CloudFormation user guide, DeletionPolicy (``RetainExceptOnCreate``); DynamoDB developer guide, "Using deletion
protection".

protect_tables  {Tables}: protects them at creation and at an update; nothing at deletion
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common import aws
from lambdas.common.aws_errors import code_of
from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.common.observability import logger
from lambdas.lifecycle.actions import GENERIC, READ_SECONDS, Action
from lambdas.lifecycle.handler import handler
from lambdas.lifecycle.removal import DENIED

# How long a role's new policy may take to be known, since the function is as new as what it is to protect, and a table
# to be through with its last change.
SETTLING_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 5.0


def protect(
    tables: Sequence[str],
    *,
    dynamodb: Any,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Protect tables from deletion; if one cannot be, none is that was not before.

    Args:
        sleep: sleeps that many seconds; for tests.

    Raises:
        ClientError: DynamoDB refuses.
        BotoCoreError: it does not answer.
    """
    done: list[str] = []
    try:
        _wait_for_the_right(tables[0], dynamodb, sleep)
        for table in tables:
            if not _is_protected(table, dynamodb):
                done.append(table)
                _set(table, True, dynamodb, sleep)
    except (ClientError, BotoCoreError):
        # What is asked for and not known to be done may be done.
        for table in reversed(done):
            _take_back(table, dynamodb, sleep)
        raise
    logger.info("tables protected", extra={"tables": list(tables), "anew": done})


def _wait_for_the_right(table: str, dynamodb: Any, sleep: Callable[[float], None]) -> None:
    to_go = SETTLING_SECONDS
    while True:
        try:
            _is_protected(table, dynamodb)
            return
        except ClientError as error:
            if code_of(error) not in DENIED or to_go <= 0:
                raise
        sleep(PAUSE_SECONDS)
        to_go -= PAUSE_SECONDS


def _is_protected(table: str, dynamodb: Any) -> bool:
    return bool(dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"))


def _set(table: str, protected: bool, dynamodb: Any, sleep: Callable[[float], None]) -> None:
    """Change a table's protection; while it is still being changed, which it is for a moment each time, wait."""
    to_go = SETTLING_SECONDS
    while True:
        try:
            dynamodb.update_table(TableName=table, DeletionProtectionEnabled=protected)
            return
        except ClientError as error:
            if code_of(error) != "ResourceInUseException" or to_go <= 0:
                raise
        sleep(PAUSE_SECONDS)
        to_go -= PAUSE_SECONDS


def _take_back(table: str, dynamodb: Any, sleep: Callable[[float], None]) -> None:
    try:
        _set(table, False, dynamodb, sleep)
    except (ClientError, BotoCoreError) as error:
        logger.error("table stays protected", extra={"table": table}, exc_info=error)


def _tables(properties: Mapping[str, Any]) -> list[str]:
    tables = properties.get("Tables")
    if not isinstance(tables, list) or not tables or not all(isinstance(one, str) and one for one in tables):
        raise CustomResourceError(f"The protection's Tables are {tables!r}; a list of tables' names is needed.")
    return tables


def _protect_tables(request: Request) -> None:
    if not request.deletes:
        protect(_tables(request.properties), dynamodb=aws.client("dynamodb", read_timeout=READ_SECONDS))


ACTIONS: Final = {**GENERIC, "protect_tables": Action(do=_protect_tables)}

lambda_handler: Final = handler(ACTIONS)
