"""The protocol: whatever is asked and whatever happens, one answer that CloudFormation takes."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import urllib3
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common import custom_resource
from lambdas.common.custom_resource import (
    ANSWER_SECONDS,
    MAX_BYTES,
    Act,
    Answer,
    CustomResourceError,
    Request,
    serve,
)
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.ingestion.fakes import refused

KINDS = ["Create", "Update", "Delete"]
TEXT = st.text(max_size=6_000)  # with lone surrogates, as JSON can carry them


def works(_request: Request) -> Answer:
    """An act that does."""
    return Answer(ok=True)


def fails(error: BaseException) -> Act:
    """An act that does."""

    def act(_request: Request) -> Answer:
        raise error

    return act


def says_nothing(_request: Request) -> Any:
    """An act that is wrong."""


def never_sent(url: str, body: bytes, *, seconds: float) -> None:
    raise AssertionError("not to be answered")


def never(_request: Request) -> Answer:
    raise AssertionError("not to be done")


def named(properties: Mapping[str, Any]) -> str | None:
    """The resource is about what its property says."""
    name = properties.get("Name")
    return name if isinstance(name, str) else None


def answered(event: Any, act: Act = works, *, seconds: float = 100, about: Any = named) -> dict[str, Any]:
    """Return the one answer."""
    cloudformation = FakeCloudFormation()
    told = serve(event, Context(seconds), act, about=about, send=cloudformation)
    answer = cloudformation.answer
    assert told["ok"] == (answer["Status"] == "SUCCESS")
    assert len(cloudformation.bodies[0]) <= MAX_BYTES
    assert bool(answer["Reason"]) or told["ok"]
    assert answer["PhysicalResourceId"]
    return answer


def test_an_answer_has_all_that_cloudformation_asks_for() -> None:
    made = custom_resource.body(asked("Create", {}), Answer(ok=True, data={"Summary": "s"}), physical_id="id")

    assert json.loads(made) == {
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": "id",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Resource",
        "Data": {"Summary": "s"},
    }


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=6_000))
def test_any_reason_fits(reason: str) -> None:
    told = answered(asked("Create", {}), fails(CustomResourceError(reason)))["Reason"]

    assert reason.startswith(told.removesuffix("…")) or "No reason was given" in told


# What is asked, what happens: the status and the id of the answer, {} being an event without the key.
THERE: dict[str, Any] = {"PhysicalResourceId": "there"}
COMBINATIONS: list[tuple[str, dict[str, Any], str | None, bool, str]] = [
    ("Create", {}, None, True, "Resource"),
    ("Create", {}, None, False, "Resource"),
    ("Create", {}, "named", True, "named"),
    ("Create", {}, "named", False, "named"),
    ("Update", THERE, None, True, "there"),
    ("Update", THERE, None, False, "there"),
    ("Update", THERE, "named", True, "named"),
    ("Update", THERE, "named", False, "there"),
    ("Update", THERE, "there", True, "there"),
    ("Update", {}, "named", True, "named"),
    ("Update", {}, "named", False, "named"),
    ("Delete", THERE, None, True, "there"),
    ("Delete", THERE, None, False, "there"),
    ("Delete", THERE, "named", True, "there"),
    ("Delete", THERE, "named", False, "there"),
    ("Delete", {}, "named", True, "Resource"),
    ("Delete", {}, None, False, "Resource"),
]
FAILURES: list[tuple[str, Callable[[], Act]]] = [
    ("told", lambda: lambda _request: Answer(ok=False, reason="no")),
    ("told without a reason", lambda: lambda _request: Answer(ok=False)),
    ("raised", lambda: fails(CustomResourceError("no"))),
    ("raised without a reason", lambda: fails(CustomResourceError())),
    ("refused by AWS", lambda: fails(refused("AccessDenied"))),
    ("AWS out of reach", lambda: fails(EndpointConnectionError(endpoint_url="https://aws.test"))),
    ("unforeseen", lambda: fails(ZeroDivisionError())),
    ("no exception", lambda: fails(SystemExit(1))),
    ("interrupted", lambda: fails(KeyboardInterrupt())),
    ("no answer", lambda: says_nothing),
    ("attributes that are none", lambda: lambda _request: Answer(ok=True, data={"a": object()})),  # type: ignore[dict-item]
    ("attributes too large", lambda: lambda _request: Answer(ok=True, data={"a": "x" * MAX_BYTES})),
]


@pytest.mark.parametrize(("kind", "more", "name", "ok", "tells"), COMBINATIONS)
@pytest.mark.parametrize(("how", "failing"), FAILURES, ids=[how for how, _ in FAILURES])
def test_any_outcome_is_answered_with_the_id_that_deletes_nothing_wrongly(
    kind: str, more: dict[str, Any], name: str | None, ok: bool, tells: str, how: str, failing: Callable[[], Act]
) -> None:
    answer = answered(asked(kind, {"Name": name}, **more), works if ok else failing())

    if ok:
        assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "")
    elif kind != "Delete" or not how.startswith("attributes"):
        assert answer["Status"] == "FAILED"
    assert answer["PhysicalResourceId"] == tells
    assert (answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]) == ("stack", "request", "Resource")


def test_what_is_about_nothing_keeps_its_id() -> None:
    cloudformation = FakeCloudFormation()

    serve(asked("Create", {"Name": "other"}), Context(), works, send=cloudformation)

    assert cloudformation.answer["PhysicalResourceId"] == "Resource"


def test_the_act_gets_what_is_asked() -> None:
    got: list[Request] = []

    def act(request: Request) -> Answer:
        got.append(request)
        assert request.left() == 100 - ANSWER_SECONDS
        return Answer(ok=True, data={"Made": "yes"})

    answer = answered(asked("Update", {"Name": "b"}, OldResourceProperties={"Name": "a"}, **THERE), act)
    answered(asked("Create", {"Name": "b"}), act)
    answered(asked("Delete", {"Name": "b"}, **THERE), act)

    updated, created, deleted = got
    assert (updated.kind, updated.properties, updated.former) == ("Update", {"Name": "b"}, {"Name": "a"})
    assert (updated.type, updated.logical_id, updated.physical_id) == ("Custom::Thing", "Resource", "there")
    assert (created.former, created.physical_id, created.deletes) == (None, None, False)
    assert (deleted.former, deleted.physical_id, deleted.deletes) == (None, "there", True)
    assert answer["Data"] == {"Made": "yes"}


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (CustomResourceError("Do this."), "Do this."),
        (
            refused("AccessDenied", "ListObjectVersions"),
            "Custom::Thing: An error occurred (AccessDenied) when calling the ListObjectVersions operation: "
            "words about AccessDenied. When that is mended, do the same again.",
        ),
        (
            RuntimeError("secret"),
            "Custom::Thing failed unforeseen (RuntimeError); the function's log has more. Try again.",
        ),
    ],
)
def test_reasons_say_what_to_do(error: Exception, says: str) -> None:
    assert answered(asked("Create", {}), fails(error))["Reason"] == says


def test_what_failed_is_logged_with_the_resource(caplog: pytest.LogCaptureFixture) -> None:
    answered(asked("Create", {}), fails(RuntimeError("told to the log only")))

    (line,) = caplog.records
    assert (line.levelname, line.__dict__["resource"]) == ("ERROR", "Resource")
    assert "told to the log only" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
def test_attributes_that_are_too_large_are_an_error_that_says_so(kind: str) -> None:
    def act(_request: Request) -> Answer:
        return Answer(ok=True, data={"Summary": "x" * 5_000})

    answer = answered(asked(kind, {}, **({} if kind == "Create" else THERE)), act)

    assert answer["Data"] == {}
    # Nobody reads attributes of what is gone.
    assert answer["Status"] == ("SUCCESS" if kind == "Delete" else "FAILED")
    if kind != "Delete":
        assert "attributes have 5,015 bytes; CloudFormation takes 4,096 for the whole answer" in answer["Reason"]


def test_of_a_failure_the_reason_is_told_and_not_the_attributes() -> None:
    answer = answered(asked("Create", {}), lambda _: Answer(ok=False, reason="Do this.", data={"a": "x" * 5_000}))

    assert (answer["Reason"], answer["Data"]) == ("Do this.", {})


@pytest.fixture
def released() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("kind", KINDS)
def test_what_hangs_is_answered_in_time(kind: str, released: threading.Event) -> None:
    def act(_request: Request) -> Answer:
        released.wait(60)
        return Answer(ok=True)

    answer = answered(asked(kind, {}, **THERE), act, seconds=ANSWER_SECONDS + 0.05)

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == "Custom::Thing did not finish in the function's time. Try again."
    assert answer["PhysicalResourceId"] == "there"


@pytest.mark.parametrize("seconds", [ANSWER_SECONDS, 1.0, 0.0])
def test_without_time_nothing_is_begun_and_the_answer_is_sent(seconds: float) -> None:
    assert "did not finish" in answered(asked("Create", {}), never, seconds=seconds)["Reason"]


def test_the_answer_may_be_tried_for_as_long_as_the_function_has() -> None:
    cloudformation = FakeCloudFormation()

    serve(asked("Create", {}), Context(70), works, send=cloudformation)

    assert cloudformation.seconds == [70]


@pytest.mark.parametrize(
    "error",
    [
        OSError("refused https://answers.test/signature"),
        urllib3.exceptions.MaxRetryError(urllib3.PoolManager(), "https://answers.test/signature"),  # type: ignore[arg-type]
        RuntimeError("https://answers.test/signature"),
    ],
)
def test_an_answer_that_cannot_be_sent_is_logged_without_its_signed_url(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    cloudformation = FakeCloudFormation(fails=error)

    told = serve(asked("Create", {}), Context(), fails(CustomResourceError("Do this.")), send=cloudformation)

    assert told == {"ok": False, "reason": "Do this."}
    assert len(cloudformation.bodies) == 1
    line = next(one for one in caplog.records if one.message == "answer not sent")
    assert (line.__dict__["error_type"], line.__dict__["reason"]) == (type(error).__name__, "Do this.")
    assert line.__dict__["where"]
    assert "signature" not in caplog.text
