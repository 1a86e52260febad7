"""CloudFormation's protocol for custom resources: one answer, always, whatever happens.

Without it a deployment waits for nothing until its time is over. Source: CloudFormation user guide, custom resource
request and response objects.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.common import deadline
from lambdas.common.deadline import OutOfTimeError
from lambdas.common.failure import recorded
from lambdas.common.observability import logger
from lambdas.common.response_url import Send, send

# What CloudFormation takes in all, and of a PhysicalResourceId.
MAX_BYTES: Final = 4096
MAX_ID_BYTES: Final = 1024
KINDS: Final = ("Create", "Update", "Delete")

# Kept of the function's time for the answer: the attempts that there are at least, with the pauses between them.
ANSWER_SECONDS: Final = 15.0

# The member of an event that a run of the function adds for the next one; CloudFormation's own have none.
RUN: Final = "QuarryRun"


class CustomResourceError(Exception):
    """What went wrong and what to do about it: `cdk deploy` prints it as the reason of the failure."""


class UnfinishedError(CustomResourceError):
    """The function's time is over and nothing is wrong: another run goes on. Says what is left, if there is none."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What CloudFormation asks, as far as it can be read: what has another form than it should is not there.

    Attributes:
        kind: Create, Update or Delete.
        type: of the resource, as Custom::Name; for people.
        former: the properties before an update; None otherwise.
        physical_id: what the resource was about so far; None at creation.
        left: seconds that there still are for it.
        run: which of the function's runs for it this is; the first is 1.
    """

    kind: str
    type: str
    logical_id: str
    properties: Mapping[str, Any]
    former: Mapping[str, Any] | None
    physical_id: str | None
    left: Callable[[], float]
    run: int = 1

    @classmethod
    def of(cls, event: Mapping[str, Any], *, left: Callable[[], float]) -> Self:
        """Read the event."""
        kind = _text(event, "RequestType")
        return cls(
            kind=kind,
            type=_text(event, "ResourceType") or "The custom resource",
            logical_id=_text(event, "LogicalResourceId") or "unknown",
            properties=_mapping(event, "ResourceProperties"),
            former=_mapping(event, "OldResourceProperties") if kind == "Update" else None,
            physical_id=_text(event, "PhysicalResourceId") or None,
            left=left,
            run=_run(event),
        )

    @property
    def deletes(self) -> bool:
        """Whether the resource goes."""
        return self.kind == "Delete"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What CloudFormation is told: ``reason`` is what `cdk deploy` prints if not ``ok``, ``data`` has attributes.

    ``unfinished``: it is not ``ok`` for want of time only.
    """

    ok: bool
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    unfinished: bool = False


Act = Callable[[Request], Answer]
About = Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True, kw_only=True)
class Runs:
    """How a resource has more time than one run of its function.

    Attributes:
        most: runs in all.
        start: has the function run once more, with this event, and does not wait for it.
    """

    most: int
    start: Callable[[Mapping[str, Any]], None]


def is_request(event: Any) -> bool:
    """Whether an event is CloudFormation's, as whole as it may be."""
    return isinstance(event, Mapping) and ("ResponseURL" in event or "RequestType" in event)


def _itself(_properties: Mapping[str, Any]) -> None:
    return None


def serve(
    event: Any,
    context: Any,
    act: Act,
    *,
    about: About = _itself,
    send: Send = send,
    runs: Runs | None = None,
) -> dict[str, Any]:
    """Do what CloudFormation asks, answer it once, and return ``{"ok": whether it worked, "reason": why not}``.

    Never raises: Lambda would run the function again, when CloudFormation has its answer. What ``act`` raises becomes
    the reason of a failure; so does that it is not over when the answer has to be sent. An answer that cannot be sent
    is logged.

    Args:
        event: CloudFormation's; malformed ones are answered too, if they say where to.
        context: Lambda's.
        act: does it. It may be run twice for the same, must delete what was never made without an error, and should
            look at ``Request.left``.
        about: returns the name of what the properties are about, which becomes the resource's id: when it is about
            another thing, CloudFormation deletes the former one. None, the default, if that does not matter.
        send: puts the answer; for tests.
        runs: where there may be several: an act that raises UnfinishedError is not answered then, but done again in
            another run, which answers. The last run's error is a failure like any other.
    """
    given = event if isinstance(event, Mapping) else {}
    url = _text(given, "ResponseURL")
    if not url:
        told = "the event is not from CloudFormation: it has no ResponseURL"
        logger.error(told)
        return {"ok": False, "reason": told}

    def remaining() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000

    request = Request.of(given, left=lambda: remaining() - ANSWER_SECONDS)
    answer, name = _acted(request, act, about)
    if answer.unfinished and runs and request.run < runs.most:
        failed = _handed_on(given, request, runs)
        if not failed:
            return {"ok": True, "reason": f"not answered: run {request.run + 1} goes on"}
        answer = replace(answer, reason=f"{answer.reason} {failed}")
    try:
        content = body(given, answer, physical_id=_physical_id(request, answer, name))
    except Exception as error:  # the answer itself is at fault
        answer = _failed(request, error)
        content = body(given, answer, physical_id=_physical_id(request, answer, name))
    try:
        send(url, content, seconds=remaining())
    except Exception as error:
        # Not its text, which has the URL with its signature.
        logger.error("answer not sent", extra={**recorded(error), "ok": answer.ok, "reason": answer.reason})
    return {"ok": answer.ok, "reason": answer.reason}


def body(event: Mapping[str, Any], answer: Answer, *, physical_id: str) -> bytes:
    """Return the answer to the event, as CloudFormation wants it; a reason that is too long is cut.

    Of what failed or goes, nobody reads attributes, so there are none.

    Args:
        physical_id: the resource's id, which has to be told each time; another than before makes CloudFormation delete
            the former resource.

    Raises:
        CustomResourceError: the attributes are more than CloudFormation takes.
    """
    data = answer.data if answer.ok and event.get("RequestType") != "Delete" else {}
    document = {
        "Status": "SUCCESS" if answer.ok else "FAILED",
        "Reason": "",
        "PhysicalResourceId": physical_id,
        **{name: _text(event, name) for name in ("StackId", "RequestId", "LogicalResourceId")},
        "Data": data,
    }
    # Without a reason CloudFormation takes no failure.
    reason = answer.reason or ("" if answer.ok else "No reason was given; the function's log may have more.")
    # Characters that JSON escapes count for more than one byte, so the text is cut until the whole fits.
    for limit in range(MAX_BYTES, -1, -64):
        encoded = _json({**document, "Reason": shortened(reason, limit)})
        if len(encoded) <= MAX_BYTES:
            return encoded
    if data:
        raise CustomResourceError(
            f"The resource's attributes have {len(_json(data)):,} bytes; CloudFormation takes {MAX_BYTES:,} for the "
            "whole answer. Shorten what they are made of."
        )
    return _json(document)


def shortened(text: str, limit: int) -> str:
    """Return the text cut to ``limit`` bytes of UTF-8, with a mark where it was cut."""
    encoded = text.encode(errors="surrogatepass")
    if len(encoded) <= limit:
        return text
    return encoded[: limit - 3].decode(errors="ignore") + "…" if limit >= 3 else ""


def _acted(request: Request, act: Act, about: About) -> tuple[Answer, str]:
    """Do it and return the answer and what the resource is about; never raises."""
    name = request.physical_id or request.logical_id
    try:
        if request.kind not in KINDS:
            raise CustomResourceError(f"RequestType is {request.kind!r}; it has to be one of {', '.join(KINDS)}.")
        if not request.deletes:
            name = _checked(about(request.properties)) or name
        answer = deadline.within(request.left(), lambda: act(request))
        if not isinstance(answer, Answer):
            raise TypeError(f"the act returned {type(answer).__name__}")
        return answer, name
    except BaseException as error:  # whatever it is, CloudFormation has to be told
        return _failed(request, error), name


def _handed_on(event: Mapping[str, Any], request: Request, runs: Runs) -> str:
    """Start the next run; return why there is none, or nothing."""
    extra = {"resource": request.logical_id, "type": request.type, "run": request.run}
    try:
        runs.start({**event, RUN: request.run + 1})
    except Exception as error:  # whatever it is, CloudFormation has to be told
        logger.error("next run not started", extra=extra, exc_info=error)
        return f"The function could not be run again: {type(error).__name__}; its log has more."
    logger.info("handed on to the next run", extra=extra)
    return ""


def _failed(request: Request, error: BaseException) -> Answer:
    """Return what CloudFormation is told of an error, and log it: the log has the rest."""
    extra = {"resource": request.logical_id, "type": request.type}
    if isinstance(error, CustomResourceError):
        logger.warning("custom resource failed", extra={**extra, "reason": str(error)})
        return Answer(ok=False, reason=str(error), unfinished=isinstance(error, UnfinishedError))
    if isinstance(error, OutOfTimeError):
        logger.error("custom resource out of time", extra=extra)
        return Answer(ok=False, reason=f"{request.type} did not finish in the function's time. Try again.")
    if isinstance(error, ClientError | BotoCoreError):
        logger.error("AWS refused", extra=extra, exc_info=error)
        return Answer(ok=False, reason=f"{request.type}: {error}. When that is mended, do the same again.")
    logger.error("custom resource broken", extra=extra, exc_info=error)
    reason = f"{request.type} failed unforeseen ({type(error).__name__}); the function's log has more. Try again."
    return Answer(ok=False, reason=reason)


def _checked(name: str | None) -> str | None:
    if name and len(name.encode(errors="surrogatepass")) > MAX_ID_BYTES:
        raise CustomResourceError(f"The name {name[:80]!r}… has more than {MAX_ID_BYTES:,} bytes. Shorten it.")
    return name


def _physical_id(request: Request, answer: Answer, name: str) -> str:
    """Return what the resource is about.

    A failed update keeps the id that there is, or CloudFormation would delete the thing that stays. A failed creation
    has the id that it would have had, so that what a later attempt makes is not deleted with what failed.
    """
    return name if answer.ok else request.physical_id or name


def _json(document: Any) -> bytes:
    # Half a pair of surrogates, as JSON can carry it, stays what it was: its escape in JSON.
    return json.dumps(document, ensure_ascii=False).encode(errors="backslashreplace")


def _text(event: Mapping[str, Any], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""


def _run(event: Mapping[str, Any]) -> int:
    value = event.get(RUN)
    return value if isinstance(value, int) and value >= 1 else 1


def _mapping(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = event.get(name)
    return value if isinstance(value, Mapping) else {}
