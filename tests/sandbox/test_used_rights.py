"""What IAM decides about roles is remembered, and nothing of users."""

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core import iam_evaluator

from sandbox import control, used_rights

ROLE = "arn:aws:sts::000000000000:assumed-role/quarry-dev-ChatRole/session"


@pytest.fixture
def decide(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Has IAM decide; whatever begins with "Get" is allowed."""

    def evaluate(asked: Any, *_policies: Any) -> Any:
        return SimpleNamespace(decision="Allow" if ":Get" in asked.action else "ImplicitDeny")

    monkeypatch.setattr(iam_evaluator, "evaluate", evaluate)
    monkeypatch.setattr(used_rights, "_decided", {})
    monkeypatch.setattr(control, "_handlers", {})
    used_rights.install.__wrapped__()

    def ask(action: str, resource: str, *, principal: str = ROLE, kind: str = "AssumedRole") -> str:
        asked = SimpleNamespace(principal_arn=principal, principal_type=kind, action=action, resource_arn=resource)
        return str(iam_evaluator.evaluate(asked, []).decision)

    return ask


def told(method: str = "GET") -> tuple[int, Any]:
    status, _, body = asyncio.run(used_rights._answer(method, "/_sandbox/rights", b"", {}))
    return status, json.loads(body)


def test_decisions_about_roles_are_told_once_by_action_and_resource(decide: Any) -> None:
    assert decide("dynamodb:GetItem", "table/a") == decide("dynamodb:GetItem", "table/a") == "Allow"
    assert decide("dynamodb:Scan", "table/a") == "ImplicitDeny"
    decide("dynamodb:GetItem", "table/a", principal="arn:aws:iam::000000000000:user/admin", kind="User")

    assert told()[1]["rights"] == [
        {"role": "quarry-dev-ChatRole", "action": "dynamodb:GetItem", "resource": "table/a", "allowed": True},
        {"role": "quarry-dev-ChatRole", "action": "dynamodb:Scan", "resource": "table/a", "allowed": False},
    ]


def test_what_was_allowed_once_stays_used(decide: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    decide("dynamodb:GetItem", "table/a")
    used_rights._note(ROLE, "dynamodb:GetItem", "table/a", allowed=False)

    assert [one["allowed"] for one in told()[1]["rights"]] == [True]


def test_resources_of_an_action_are_bounded(decide: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(used_rights, "_RESOURCES", 2)

    for number in range(4):
        decide("s3:GetObject", f"object/{number}")

    assert [one["resource"] for one in told()[1]["rights"]] == ["object/0", "object/1"]


def test_it_is_only_read(decide: Any) -> None:
    assert told("DELETE")[0] == 405
