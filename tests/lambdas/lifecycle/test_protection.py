"""Deletion protection: all tables or none, once the function's role is known, and never taken back at deletion."""

import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.common import aws
from lambdas.lifecycle import protection
from lambdas.lifecycle.protection import SETTLING_SECONDS, protect
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.ingestion.fakes import refused
from tests.lambdas.service_model import check


@dataclass
class FakeTables:
    """DynamoDB, as far as protection goes.

    Attributes:
        protected: table -> whether it is protected.
        denied: how many of the next looks are denied.
        fails: tables whose update is refused.
        changing: how many of the next updates find their table still being changed, after the first one of each.
    """

    protected: dict[str, bool]
    denied: int = 0
    fails: set[str] = field(default_factory=set)
    updated: list[tuple[str, bool]] = field(default_factory=list)
    changing: int = 0

    def describe_table(self, **kwargs: Any) -> dict[str, Any]:
        check("dynamodb", "DescribeTable", kwargs)
        if self.denied:
            self.denied -= 1
            raise refused("AccessDeniedException")
        return {"Table": {"DeletionProtectionEnabled": self.protected[kwargs["TableName"]]}}

    def update_table(self, **kwargs: Any) -> None:
        check("dynamodb", "UpdateTable", kwargs)
        name, wanted = kwargs["TableName"], kwargs["DeletionProtectionEnabled"]
        if name in self.fails and wanted:
            raise refused("LimitExceededException")
        if self.changing and any(name == one for one, _ in self.updated):
            self.changing -= 1
            raise refused("ResourceInUseException")
        self.protected[name] = wanted
        self.updated.append((name, wanted))


def test_all_are_protected_and_those_that_are_already_are_left_alone() -> None:
    tables = FakeTables({"keys": False, "sessions": True})

    protect(["keys", "sessions"], dynamodb=tables)

    assert tables.protected == {"keys": True, "sessions": True}
    assert tables.updated == [("keys", True)]


def test_if_one_cannot_be_none_is_that_was_not_before() -> None:
    tables = FakeTables({"keys": False, "old": True, "sessions": False}, fails={"sessions"})

    with pytest.raises(ClientError, match="LimitExceeded"):
        protect(["keys", "old", "sessions"], dynamodb=tables)

    assert tables.protected == {"keys": False, "old": True, "sessions": False}


def test_a_table_that_is_still_being_changed_is_waited_for_when_protection_is_taken_back() -> None:
    tables, slept = FakeTables({"keys": False, "sessions": False}, fails={"sessions"}, changing=3), list[float]()

    with pytest.raises(ClientError, match="LimitExceeded"):
        protect(["keys", "sessions"], dynamodb=tables, sleep=slept.append)

    assert tables.protected == {"keys": False, "sessions": False}
    assert len(slept) == 3


def test_one_that_never_is_through_stays_protected_and_the_log_says_so(printed: io.StringIO) -> None:
    tables, slept = FakeTables({"keys": False, "sessions": False}, fails={"sessions"}, changing=1_000), list[float]()

    with pytest.raises(ClientError, match="LimitExceeded"):
        protect(["keys", "sessions"], dynamodb=tables, sleep=slept.append)

    assert "table stays protected" in printed.getvalue()
    assert sum(slept) == SETTLING_SECONDS


def test_a_role_that_is_not_known_yet_is_waited_for() -> None:
    tables, slept = FakeTables({"keys": False}, denied=3), list[float]()

    protect(["keys"], dynamodb=tables, sleep=slept.append)

    assert tables.protected == {"keys": True}
    assert len(slept) == 3


def test_a_role_that_never_is_fails() -> None:
    slept: list[float] = []

    with pytest.raises(ClientError, match="AccessDenied"):
        protect(["keys"], dynamodb=FakeTables({"keys": False}, denied=1_000), sleep=slept.append)

    assert sum(slept) == SETTLING_SECONDS


def answer(request: str, tables: FakeTables, monkeypatch: pytest.MonkeyPatch, **properties: Any) -> dict[str, Any]:
    monkeypatch.setattr(aws, "client", lambda *_given, **_more: tables)
    cloudformation = FakeCloudFormation()
    given = {"Action": "protect_tables", **properties}
    protection.lambda_handler(asked(request, given), Context(600), send=cloudformation)
    return cloudformation.answer


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_cloudformation_asks_for_it(request_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = FakeTables({"keys": False})

    assert answer(request_type, tables, monkeypatch, Tables=["keys"])["Status"] == "SUCCESS"
    assert tables.protected == {"keys": True}


@pytest.mark.parametrize("properties", [{"Tables": ["keys"]}, {}])
def test_its_deletion_leaves_tables_as_they_are(properties: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = FakeTables({"keys": True})

    assert answer("Delete", tables, monkeypatch, **properties)["Status"] == "SUCCESS"
    assert tables.protected == {"keys": True}


@pytest.mark.parametrize("named", [None, [], "keys", [""], [1]])
def test_without_names_it_fails_and_says_so(named: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    told = answer("Create", FakeTables({}), monkeypatch, Tables=named)

    assert told["Status"] == "FAILED"
    assert "a list of tables' names is needed" in told["Reason"]
