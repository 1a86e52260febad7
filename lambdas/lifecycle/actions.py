"""What custom resources can do, by their property ``Action``: what several capabilities need, and what each adds.

A capability's module has ``ACTIONS = {**GENERIC, "its_action": Action(...)}`` and ``lambda_handler =
handler(ACTIONS)``, as ``lambdas.ingestion.custom_resources``; its stack names that to
``stacks.components.lifecycle.Lifecycle``.

wait            {Seconds, Of}: sleeps at creation and when ``Of`` changed; nothing at deletion
empty_bucket    {Bucket}: empties the bucket at deletion
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lambdas.common import aws
from lambdas.common.custom_resource import About, CustomResourceError, Request
from lambdas.common.observability import logger
from lambdas.lifecycle import emptying
from lambdas.lifecycle.wait import KNOB, wait

# After which a call of AWS is given up; there is a second attempt.
READ_SECONDS: Final = 20.0


def nothing(_properties: Mapping[str, Any]) -> None:
    """What an action is about, if another thing makes no other resource."""
    return


def property_named(name: str) -> About:
    """Return what an action is about, if a property names it."""

    def about(properties: Mapping[str, Any]) -> str | None:
        value = properties.get(name)
        return value if isinstance(value, str) and value else None

    return about


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing that custom resources can do.

    Attributes:
        do: does it; see ``lambdas.common.custom_resource.serve``. Its ``Request.left`` leaves time for a call of AWS
            that hangs.
        about: returns the name of what the properties are about, of which the resource has its id.
    """

    do: Callable[[Request], None]
    about: About = nothing


def waiting(*, knob: str = KNOB) -> Action:
    """Return the action that waits.

    Args:
        knob: the setting that says how long; for the reason of a failure.
    """

    def do(request: Request) -> None:
        if not request.deletes:
            wait(request.properties, request.former, left=request.left, knob=knob)

    return Action(do=do)


_bucket: Final = property_named("Bucket")


def _empty_bucket(request: Request) -> None:
    bucket = _bucket(request.properties)
    if not request.deletes:
        if not bucket:
            raise CustomResourceError("The emptying's properties lack Bucket.")
    elif bucket:
        deleted = emptying.empty(bucket, s3=aws.client("s3", read_timeout=READ_SECONDS), left=request.left)
        logger.info("bucket emptied", extra={"bucket": bucket, "deleted": deleted})


GENERIC: Final[Mapping[str, Action]] = {
    "wait": waiting(),
    "empty_bucket": Action(do=_empty_bucket, about=_bucket),
}
