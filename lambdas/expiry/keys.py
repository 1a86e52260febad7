"""Freezing every key of an environment, whose table its inference stack names."""

import time
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.authorizer.keys import KeyStore
from lambdas.common.aws_errors import code_of
from lambdas.common.observability import logger

OUTPUT: Final = "KeysTable"


def freeze_all(stack: str, *, cloudformation: Any, dynamodb: Any, now: Callable[[], float] = time.time) -> int:
    """Freeze the keys that may be used now, and return how many; none if there is no such stack.

    API Gateway may know a key for some time yet (``inference.key_cache_seconds``).

    Args:
        stack: name of the inference stack.
        now: seconds since the epoch.
    """
    table = _table(stack, cloudformation)
    if table is None:
        return 0
    store = KeyStore(table_name=table, client=dynamodb)
    usable = [key for key in store.list() if key.refusal(now()) is None]
    for key in usable:
        store.freeze(key.key_id)
    logger.info("keys frozen", extra={"keys": len(usable)})
    return len(usable)


def _table(stack: str, cloudformation: Any) -> str | None:
    try:
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if code_of(error) == "ValidationError":
            return None
        raise
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    return outputs.get(OUTPUT)
