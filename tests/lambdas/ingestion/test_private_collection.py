"""The gates of a private collection: open while the index is handled, closed at any other time."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.common import aws
from lambdas.common.custom_resource import CustomResourceError
from lambdas.ingestion import custom_resources, private_collection
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.ingestion.fakes import refused
from tests.lambdas.lifecycle.fakes import Time
from tests.lambdas.service_model import check

PROPERTIES = {"Collection": "quarry-dev-1a2b3c4d", "Policy": "quarry-dev-5e6f7a8b", "Seconds": "90"}


@dataclass
class FakePolicies:
    """OpenSearch Serverless's network policies, by name."""

    policies: dict[str, Any] = field(default_factory=dict)
    refuse: str = ""

    def create_security_policy(self, **kwargs: Any) -> None:
        check("opensearchserverless", "CreateSecurityPolicy", kwargs)
        self._refuse()
        if kwargs["name"] in self.policies:
            raise refused("ConflictException")
        self.policies[kwargs["name"]] = (kwargs["type"], json.loads(kwargs["policy"]))

    def delete_security_policy(self, **kwargs: Any) -> None:
        check("opensearchserverless", "DeleteSecurityPolicy", kwargs)
        assert kwargs["type"] == "network"
        self._refuse()
        if not self.policies.pop(kwargs["name"], None):
            raise refused("ResourceNotFoundException")

    def _refuse(self) -> None:
        if self.refuse:
            raise refused(self.refuse)


def test_opening_lets_requests_from_anywhere_in_and_waits() -> None:
    policies, time = FakePolicies(), Time(left=500)

    private_collection.open_collection(PROPERTIES, policies=policies, left=time, sleep=time.sleep)

    rule = {"ResourceType": "collection", "Resource": ["collection/quarry-dev-1a2b3c4d"]}
    assert policies.policies == {"quarry-dev-5e6f7a8b": ("network", [{"Rules": [rule], "AllowFromPublic": True}])}
    assert sum(time.slept) == 90


def test_opening_and_closing_twice_is_no_error() -> None:
    policies, time = FakePolicies(), Time(left=500)

    for _ in range(2):
        private_collection.open_collection(PROPERTIES, policies=policies, left=time, sleep=time.sleep)
    for _ in range(2):
        private_collection.close_collection(PROPERTIES, policies=policies)

    assert policies.policies == {}
    assert sum(time.slept) == 180


def test_other_refusals_are_errors() -> None:
    policies, time = FakePolicies(refuse="AccessDeniedException"), Time(left=500)

    with pytest.raises(ClientError, match="AccessDenied"):
        private_collection.open_collection(PROPERTIES, policies=policies, left=time, sleep=time.sleep)
    with pytest.raises(ClientError, match="AccessDenied"):
        private_collection.close_collection(PROPERTIES, policies=policies)


@pytest.mark.parametrize("missing", ["Collection", "Policy"])
@pytest.mark.parametrize("value", [None, "", 5])
def test_missing_properties_are_told(missing: str, value: Any) -> None:
    policies = FakePolicies()

    with pytest.raises(CustomResourceError, match="Collection or Policy"):
        private_collection.open_collection({**PROPERTIES, missing: value}, policies=policies, left=Time(left=500))
    with pytest.raises(CustomResourceError, match="Collection or Policy"):
        private_collection.close_collection({**PROPERTIES, missing: value}, policies=policies)
    assert policies.policies == {}


class Deployment:
    """The two resources around an index, as CloudFormation handles them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.policies = FakePolicies()
        self.ids: dict[str, str] = {}
        self.reason = ""
        monkeypatch.setattr(aws, "client", lambda *_arguments, **_options: self.policies)

    def ask(self, request: str, action: str, **properties: Any) -> str:
        """Return the answer's status."""
        there: Any = {"PhysicalResourceId": self.ids[action]} if action in self.ids else {}
        asks = {**PROPERTIES, "Seconds": "0", "Action": action, **properties}
        cloudformation = FakeCloudFormation()
        custom_resources.lambda_handler(asked(request, asks, **there), Context(600), send=cloudformation)
        self.ids[action] = cloudformation.answer["PhysicalResourceId"]
        self.reason = cloudformation.answer["Reason"]
        return str(cloudformation.answer["Status"])

    @property
    def is_open(self) -> bool:
        return bool(self.policies.policies)


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    return Deployment(monkeypatch)


def test_the_collection_is_open_only_while_the_index_is_handled(deployment: Deployment) -> None:
    seen = []
    for request, action in (
        ("Create", "open_network"),
        ("Create", "close_network"),
        ("Delete", "close_network"),
        ("Delete", "open_network"),
    ):
        assert deployment.ask(request, action) == "SUCCESS"
        seen.append(deployment.is_open)

    assert seen == [True, False, True, False]


def test_a_wait_that_is_too_long_names_the_setting(deployment: Deployment) -> None:
    assert deployment.ask("Create", "open_network", Seconds="301") == "FAILED"
    assert "Correct knowledge.propagation_seconds and deploy again" in deployment.reason


def test_an_update_of_the_wait_leaves_it_closed(deployment: Deployment) -> None:
    deployment.ask("Create", "open_network")
    deployment.ask("Create", "close_network")

    for action in ("open_network", "close_network"):
        assert deployment.ask("Update", action, Seconds="5") == "SUCCESS"

    assert not deployment.is_open


def test_another_collection_is_refused_and_the_rollback_leaves_it_closed(deployment: Deployment) -> None:
    deployment.ask("Create", "open_network")
    deployment.ask("Create", "close_network")

    assert deployment.ask("Update", "open_network", Policy="another") == "FAILED"
    assert deployment.ask("Update", "open_network") == "SUCCESS"

    assert not deployment.is_open


@pytest.mark.parametrize("action", ["open_network", "close_network"])
def test_what_could_not_be_created_can_be_deleted(deployment: Deployment, action: str) -> None:
    assert deployment.ask("Create", action, Policy="") == "FAILED"
    assert deployment.ask("Delete", action, Policy="") == "SUCCESS"


def test_an_opening_that_failed_is_taken_back(deployment: Deployment) -> None:
    assert deployment.ask("Create", "open_network", Seconds="soon") == "FAILED"
    assert deployment.is_open

    assert deployment.ask("Delete", "open_network", Seconds="soon") == "SUCCESS"
    assert not deployment.is_open


def test_an_opening_before_deletion_that_fails_can_be_tried_again(deployment: Deployment) -> None:
    """Were it a success, CloudFormation would fail at the index and never ask again."""
    deployment.ask("Create", "close_network")
    deployment.policies.refuse = "AccessDeniedException"
    assert deployment.ask("Delete", "close_network") == "FAILED"
    deployment.policies.refuse = ""

    assert deployment.ask("Delete", "close_network") == "SUCCESS"
    assert deployment.is_open
