"""The pruning of a guardrail's versions: the newest and those that somebody names stay, and there is always room."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common import aws as clients
from lambdas.common.custom_resource import CustomResourceError
from lambdas.lifecycle import guardrail_versions
from lambdas.lifecycle.guardrail_versions import KEPT, MOST, pins, prune
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.ingestion.fakes import refused
from tests.lambdas.service_model import check

PROPERTIES = {"Action": "prune_guardrail_versions", "GuardrailId": "g1", "Pins": "/p", "Policy": "b"}


@dataclass
class FakeAws:
    """Bedrock and Systems Manager, as far as this goes.

    Attributes:
        versions: numbers of the guardrail's versions.
        parameters: values below the path of pins.
        refusals: version -> the code that its deletion is refused with.
    """

    versions: list[str]
    parameters: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)

    def get_paginator(self, operation: str) -> "FakePages":
        return FakePages(self, operation)

    def delete_guardrail(self, **kwargs: Any) -> None:
        check("bedrock", "DeleteGuardrail", kwargs)
        version = kwargs["guardrailVersion"]
        assert version in self.versions
        if version in self.refusals:
            raise refused(self.refusals[version])
        self.versions.remove(version)


@dataclass
class FakePages:
    """Pages of two."""

    aws: FakeAws
    operation: str

    def paginate(self, **kwargs: Any) -> list[dict[str, Any]]:
        if self.operation == "list_guardrails":
            check("bedrock", "ListGuardrails", kwargs)
            assert kwargs == {"guardrailIdentifier": "g1"}
            every = [{"version": one} for one in ("DRAFT", *reversed(self.aws.versions))]
            return [{"guardrails": every[at : at + 2]} for at in range(0, len(every), 2)]
        check("ssm", "GetParametersByPath", kwargs)
        every = [{"Value": one} for one in self.aws.parameters]
        return [{"Parameters": every[at : at + 2]} for at in range(0, len(every) + 1, 2)]


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_the_newest_stay_and_those_that_are_named() -> None:
    aws = FakeAws(numbers(1, 15))

    assert prune("g1", pinned={"2", "15"}, bedrock=aws) == ["1", "3", "4", "5"]
    assert aws.versions == ["2", *numbers(6, 15)]


def test_numbers_are_in_order_as_numbers() -> None:
    aws = FakeAws(["9", "10", "100", *numbers(11, 18)])

    assert prune("g1", pinned={"100"}, bedrock=aws) == ["9"]


def test_where_nobody_tells_what_is_in_use_nothing_goes() -> None:
    aws = FakeAws(numbers(1, 19))

    assert prune("g1", pinned=set(), bedrock=aws) == []
    assert len(aws.versions) == 19


def test_a_guardrail_that_is_full_and_of_which_nobody_tells_says_what_to_do() -> None:
    with pytest.raises(CustomResourceError, match="deploy the inference stack, which does, before the policy"):
        prune("g1", pinned=set(), bedrock=FakeAws(numbers(1, 20)))


def test_a_guardrail_whose_versions_are_all_in_use_is_full() -> None:
    with pytest.raises(CustomResourceError, match="pinned are 1, 10, 2"):
        prune("g1", pinned=set(numbers(1, 10)), bedrock=FakeAws(numbers(1, 20)))


@pytest.mark.parametrize("code", ["ConflictException", "ResourceNotFoundException"])
def test_what_is_at_work_on_is_left_for_the_next_time(code: str) -> None:
    aws = FakeAws(numbers(1, 12), refusals={"1": code})

    assert prune("g1", pinned={"12"}, bedrock=aws) == ["2"]


def test_another_refusal_is_told() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        prune("g1", pinned={"12"}, bedrock=FakeAws(numbers(1, 12), refusals={"1": "AccessDeniedException"}))


@given(versions=st.sets(st.integers(1, 60), max_size=MOST), pinned=st.sets(st.integers(1, 60), min_size=1, max_size=5))
def test_whatever_there_is_pins_and_the_newest_stay_and_there_is_room(versions: set[int], pinned: set[int]) -> None:
    before = [str(one) for one in sorted(versions)]
    aws = FakeAws(list(before))

    prune("g1", pinned={str(one) for one in pinned}, bedrock=aws)

    assert set(before[-KEPT:]) <= set(aws.versions)
    assert {str(one) for one in pinned & versions} <= set(aws.versions)
    assert len(aws.versions) <= KEPT + len(pinned) < MOST


def test_pins_are_all_that_stand_below_the_path() -> None:
    assert pins("/p", ssm=FakeAws([], parameters=["3", "7", "7"])) == {"3", "7"}
    assert pins("/p", ssm=FakeAws([])) == frozenset()


def ask(kind: str, aws: FakeAws, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> dict[str, Any]:
    monkeypatch.setattr(clients, "client", lambda *_given, **_more: aws)
    cloudformation = FakeCloudFormation()
    guardrail_versions.lambda_handler(asked(kind, {**PROPERTIES, **changes}), Context(600), send=cloudformation)
    return cloudformation.answer


def test_an_update_prunes(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws(numbers(1, 12), parameters=["1"])

    assert ask("Update", aws, monkeypatch)["Status"] == "SUCCESS"
    assert aws.versions == ["1", *numbers(3, 12)]


@pytest.mark.parametrize("kind", ["Create", "Delete"])
def test_creation_and_deletion_touch_nothing(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws(numbers(1, 20), parameters=["20"])

    assert ask(kind, aws, monkeypatch)["Status"] == "SUCCESS"
    assert len(aws.versions) == 20


@pytest.mark.parametrize("name", ["GuardrailId", "Pins"])
def test_what_is_missing_is_named_and_no_guardrail_is_deleted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = FakeAws(numbers(1, 20), parameters=["20"])

    assert f"lack {name}" in ask("Update", aws, monkeypatch, **{name: ""})["Reason"]
    assert len(aws.versions) == 20
