"""Custom resources around a knowledge base, by their property ``Action``: see ``lambdas.lifecycle.actions``.

CloudFormation gets one answer whatever happens. Everything may be run twice. What was never made is deleted without an
error, or a failed deployment could not be rolled back.
"""

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common import custom_resource
from lambdas.common.custom_resource import Answer, Send
from lambdas.common.observability import logger
from lambdas.lifecycle.actions import ACTIONS, Action, Request, about
from lambdas.lifecycle.errors import LifecycleError

# Kept of the function's time for one call that hangs, with its second attempt, and for the answer to CloudFormation.
ANSWER_SECONDS: Final = 90.0


@logger.inject_lambda_context(correlation_id_path="RequestId", clear_state=True)
def lambda_handler(
    event: dict[str, Any],
    context: Any,
    send: Send = custom_resource.send,
    actions: Mapping[str, Action] = ACTIONS,
) -> dict[str, bool]:
    """Do what CloudFormation asks, answer it, and return ``{"ok": whether it worked}``.

    Args:
        send: puts the answer to CloudFormation; for tests.
        actions: what is done, by name; for tests.

    Raises:
        ValueError: the event is not from CloudFormation.
    """
    if "ResponseURL" not in event:
        raise ValueError("the event is not from CloudFormation: it has no ResponseURL")

    def left() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 - ANSWER_SECONDS

    request = Request(
        kind=str(event.get("RequestType", "")),
        properties=event.get("ResourceProperties") or {},
        former=(event.get("OldResourceProperties") or {}) if event.get("RequestType") == "Update" else None,
        physical_id=event.get("PhysicalResourceId"),
        left=left,
    )
    answer = _answer(request, actions)
    physical_id = _physical_id(request, answer) or str(event["LogicalResourceId"])
    send(event["ResponseURL"], custom_resource.body(event, answer, physical_id=physical_id))
    return {"ok": answer.ok}


def _answer(request: Request, actions: Mapping[str, Action]) -> Answer:
    """Do it and return the answer; never raises."""
    name = request.properties.get("Action")
    try:
        action = actions.get(name) if isinstance(name, str) else None
        if action:
            action(request)
        elif not request.deletes:
            raise LifecycleError(f"The custom resource's Action is {name!r}; there are {', '.join(actions)}.")
    except LifecycleError as error:
        logger.warning("custom resource failed", extra={"action": name, "reason": str(error)})
        return Answer(ok=False, reason=str(error))
    except (ClientError, BotoCoreError) as error:
        logger.exception("AWS refused", extra={"action": name})
        return Answer(ok=False, reason=f"{name}: {error}. When that is mended, do the same again.")
    except Exception as error:  # whatever it is, CloudFormation has to be told, and the log has the rest
        logger.exception("custom resource broken", extra={"action": name})
        reason = f"{name} failed unforeseen ({type(error).__name__}); the function's log has more. Try again."
        return Answer(ok=False, reason=reason)
    return Answer(ok=True)


def _physical_id(request: Request, answer: Answer) -> str | None:
    """Return what the resource is about, so that the former thing is deleted when it is about another.

    A failed update and a deletion keep the id that there is, or CloudFormation would delete something else.
    """
    if request.physical_id and (request.deletes or not answer.ok):
        return request.physical_id
    return about(request.properties) or request.physical_id
