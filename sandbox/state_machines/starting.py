"""EventBridge starts a state machine only with a role that may.

MiniStack starts it whatever the target's role is. A target of this kind without a role, or whose role does not trust
EventBridge or may not start the machine, delivers nothing, as on AWS; the log says why.
"""

from __future__ import annotations

import functools
import logging
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge

from sandbox import service_role
from sandbox.service_role import NotAuthorizedError

_logger = logging.getLogger(__name__)


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    eventbridge._invoke_target = _checked(eventbridge._invoke_target)


def _checked(invoke: Any) -> Any:
    @functools.wraps(invoke)
    def invoking(target: dict[str, Any], event: Any, rule: dict[str, Any], *rest: Any) -> Any:
        arn = str(target.get("Arn", ""))
        if arn.split(":")[2:3] == ["states"]:
            try:
                _require(target, rule, arn)
            except NotAuthorizedError as error:
                _logger.warning("rule %s does not start %s: %s", rule.get("Name"), arn, error)
                return None
        return invoke(target, event, rule, *rest)

    return invoking


def _require(target: dict[str, Any], rule: dict[str, Any], arn: str) -> None:
    if not service_role.is_enforced():
        return
    if not target.get("RoleArn"):
        raise NotAuthorizedError("the target has no role")
    source = rule.get("Arn") or f"arn:aws:events:{get_region()}:{get_account_id()}:rule/{rule.get('Name')}"
    role = service_role.assume(target["RoleArn"], service="events.amazonaws.com", session="events", source_arn=source)
    role.require("states:StartExecution", arn)
