"""A workshop of two in dev."""

from typing import Any

import pytest

from configuration.config import Config
from configuration.environment_file import load
from configuration.studio.participants import participants
from configuration.studio.section import Studio
from quarry.deployed.deployment import Deployment
from quarry.workshop import cdk, commands, person_commands
from tests import mocked_aws
from tests.quarry.fakes import FakeAws
from tests.quarry.workshop.account import DOMAIN, FakeStudio

ANA = "ana-lima"


@pytest.fixture
def config() -> Config:
    people = [{"name": "Ana Lima"}, {"name": "=HYPERLINK(1)", "email": "eve@example.com"}]
    return load("dev").model_copy(update={"studio": Studio.model_validate({"roster": people})})


@pytest.fixture
def studio(aws: FakeAws, config: Config, monkeypatch: pytest.MonkeyPatch) -> FakeStudio:
    """The Studio of two people, deployed; whoever waits does not."""
    fake = FakeStudio()
    fake.add(*_ids(config))
    aws.stacks["quarry-dev-studio"] = {"DomainId": DOMAIN}
    clients: dict[str, Any] = {"dynamodb": mocked_aws.client("dynamodb"), "cloudformation": aws, "apigateway": aws}
    monkeypatch.setattr(Deployment, "client", lambda _, name: clients.get(name, fake))
    for module in (commands, person_commands):
        monkeypatch.setattr(module, "environment", lambda _name: config)
    monkeypatch.setattr("quarry.workshop.apps.sleep", lambda _seconds: None)
    monkeypatch.setattr(cdk, "destroy", lambda _deployment: aws.stacks.pop("quarry-dev-studio"))
    return fake


def _ids(config: Config) -> list[str]:
    assert config.studio is not None
    return [one.id for one in participants(config.studio)]
