"""Whatever a request looks like, it is refused or answered, and a deletion is kept from success by nothing."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common import custom_resource
from lambdas.common.custom_resource import (
    MAX_ID_BYTES,
    Answer,
    CustomResourceError,
    serve,
)
from tests.lambdas.cloudformation import URL, Context, FakeCloudFormation, asked
from tests.lambdas.common.test_custom_resource import KINDS, TEXT, THERE, answered, fails, never, works


@pytest.mark.parametrize("event", [{}, None, [], "text", 7, {"ResponseURL": None}, {"ResponseURL": 7}, {"action": "x"}])
def test_what_is_not_from_cloudformation_is_told_and_nothing_is_done(
    event: Any, caplog: pytest.LogCaptureFixture
) -> None:
    cloudformation = FakeCloudFormation()

    told = serve(event, Context(), never, send=cloudformation)

    assert told == {"ok": False, "reason": "the event is not from CloudFormation: it has no ResponseURL"}
    assert not cloudformation.bodies
    assert "no ResponseURL" in caplog.text


@pytest.mark.parametrize("kind", [None, "", "create", "Import", 7])
def test_an_unknown_request_is_refused(kind: Any) -> None:
    reason = answered(asked(kind, {}), never)["Reason"]

    assert "has to be one of Create, Update, Delete" in reason


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", ["missing", None, 7, [], "text"])
@pytest.mark.parametrize(
    "key",
    [
        "StackId",
        "RequestId",
        "LogicalResourceId",
        "ResourceType",
        "ResourceProperties",
        "OldResourceProperties",
        "PhysicalResourceId",
    ],
)
def test_malformed_events_are_answered(kind: str, key: str, value: Any) -> None:
    event = asked(kind, {"Name": "named"}, OldResourceProperties={}, **THERE)
    if value == "missing":
        del event[key]
    else:
        event[key] = value

    assert answered(event)["Status"] == "SUCCESS"
    assert answered(event, fails(RuntimeError()))["Status"] == "FAILED"


@pytest.mark.parametrize(("length", "status"), [(MAX_ID_BYTES, "SUCCESS"), (MAX_ID_BYTES + 1, "FAILED")])
def test_a_name_that_is_no_id_is_refused_before_anything_is_done(length: int, status: str) -> None:
    act = works if status == "SUCCESS" else never

    answer = answered(asked("Create", {"Name": "n" * length}), act)

    assert answer["Status"] == status
    assert ("more than 1,024 bytes" in answer["Reason"]) == (status == "FAILED")


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_cannot_be_told_is_answered_and_keeps_no_deletion_from_success(kind: str) -> None:
    def about(_properties: Mapping[str, Any]) -> str:
        raise KeyError("Name")

    answer = answered(asked(kind, {}, **THERE), about=about)

    assert answer["Status"] == ("SUCCESS" if kind == "Delete" else "FAILED")
    assert answer["PhysicalResourceId"] == "there"


@given(
    st.sampled_from([*KINDS, ""]),
    st.dictionaries(st.sampled_from(["Name", "Other"]), st.none() | st.integers() | TEXT | st.lists(TEXT, max_size=2)),
    st.none() | TEXT.map(lambda text: text[:300]),
    st.sampled_from(["works", "told", "raised", "unforeseen"]),
    TEXT,
)
def test_any_request_is_answered(kind: str, properties: Any, there: Any, outcome: str, text: str) -> None:
    acts = {
        "works": lambda _request: Answer(ok=True, reason=text, data={"Text": text}),
        "told": lambda _request: Answer(ok=False, reason=text, data={"Text": text}),
        "raised": fails(CustomResourceError(text)),
        "unforeseen": fails(RuntimeError(text)),
    }

    answered(asked(kind, properties, PhysicalResourceId=there), acts[outcome])


@pytest.mark.parametrize(
    ("event", "is_one"),
    [
        (asked("Create", {}), True),
        ({"RequestType": "Create"}, True),
        ({"ResponseURL": URL}, True),
        ({"action": "check"}, False),
        ({}, False),
        (None, False),
        (["ResponseURL"], False),
    ],
)
def test_cloudformations_events_are_known_even_without_a_key(event: Any, is_one: bool) -> None:
    assert custom_resource.is_request(event) == is_one
