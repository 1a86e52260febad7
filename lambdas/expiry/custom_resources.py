"""What custom resources of the environment's own stack can do besides what all can.

set_end     {Table, ExpiresAfter, Group, GroupArn, MachineArn, KeeperArn, RoleArn}: fixes the end at the first deploy,
            and makes its schedules; what the file says may change later, and what was extended stays so. At deletion
            the schedules go.
"""

from collections.abc import Mapping
from typing import Any, Final

from lambdas.common import aws
from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.expiry.end import EndStore, PastError, TooLateError
from lambdas.expiry.schedules import Schedules, Targets
from lambdas.lifecycle.actions import GENERIC, Action, property_named
from lambdas.lifecycle.handler import handler

READ_SECONDS: Final = 10.0


def _set_end(request: Request) -> None:
    given = request.properties
    store = EndStore(client=aws.client("dynamodb", read_timeout=READ_SECONDS), table=given["Table"])
    schedules = Schedules(scheduler=aws.client("scheduler", read_timeout=READ_SECONDS), targets=_targets(given))
    if request.deletes:
        # An end that has begun goes on: it is what deletes this.
        if store.forget():
            schedules.remove()
        return
    try:
        end = store.write(given["ExpiresAfter"])
    except (PastError, TooLateError) as error:
        raise CustomResourceError(str(error)) from error
    schedules.set(end)


def _targets(given: Mapping[str, Any]) -> Targets:
    return Targets(
        group=given["Group"],
        group_arn=given["GroupArn"],
        machine_arn=given["MachineArn"],
        keeper_arn=given["KeeperArn"],
        role_arn=given["RoleArn"],
    )


ACTIONS: Final = {**GENERIC, "set_end": Action(do=_set_end, about=property_named("Table"))}

lambda_handler = handler(ACTIONS)
