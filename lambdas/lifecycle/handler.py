"""The function behind a stack's custom resources, which do what their property ``Action`` says: see ``actions``.

CloudFormation gets one answer whatever happens. Everything may be run twice. What was never made is deleted without an
error, or a failed deployment could not be rolled back.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from lambdas.common import aws, custom_resource, response_url
from lambdas.common.custom_resource import Answer, CustomResourceError, Request, Runs
from lambdas.common.observability import logger
from lambdas.common.response_url import Send
from lambdas.lifecycle.actions import Action

# Kept of the time for an action for one call that hangs, with its second attempt.
HANGING_SECONDS: Final = 75.0
# After which the call for another run is given up; there is a second attempt, and still the answer to send.
START_SECONDS: Final = 10.0


class Handler(Protocol):
    """A function of Lambda's."""

    def __call__(self, event: Any, context: Any, send: Send = response_url.send) -> dict[str, Any]: ...


def handler(actions: Mapping[str, Action], *, runs: int = 1) -> Handler:
    """Return the function that does these actions, by name.

    Args:
        runs: how often it may run for one request, if an action raises UnfinishedError. Lambda itself ends a function
            that calls itself after about 16 times. For more than one ``stacks.components.lifecycle.Lifecycle`` has to
            know, or the function may not call itself.
    """

    def act(request: Request) -> Answer:
        name = request.properties.get("Action")
        action = _named(actions, request.properties)
        if action:
            action.do(replace(request, left=lambda: request.left() - HANGING_SECONDS))
        elif not request.deletes:
            raise CustomResourceError(f"The custom resource's Action is {name!r}; there are {', '.join(actions)}.")
        return Answer(ok=True)

    def about(properties: Mapping[str, Any]) -> str | None:
        action = _named(actions, properties)
        return action.about(properties) if action else None

    @logger.inject_lambda_context(correlation_id_path="RequestId", clear_state=True)
    def lambda_handler(event: Any, context: Any, send: Send = response_url.send) -> dict[str, Any]:
        """Serve CloudFormation: see ``custom_resource.serve``.

        Args:
            send: puts the answer; for tests.
        """

        def start(next_event: Mapping[str, Any]) -> None:
            aws.client("lambda", read_timeout=START_SECONDS).invoke(
                FunctionName=context.function_name, InvocationType="Event", Payload=json.dumps(next_event).encode()
            )

        further = Runs(most=runs, start=start)
        return custom_resource.serve(event, context, act, about=about, send=send, runs=further)

    return lambda_handler


def _named(actions: Mapping[str, Action], properties: Mapping[str, Any]) -> Action | None:
    name = properties.get("Action")
    return actions.get(name) if isinstance(name, str) else None
