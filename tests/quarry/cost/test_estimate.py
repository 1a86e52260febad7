"""An environment's price: sums, months, events, and what has no price."""

from typing import Any

import pytest

from configuration.config import Config
from configuration.cost.usage import Usage
from lambdas.catalogue import services
from quarry.cost.estimate import MODEL, Estimate, estimate
from quarry.cost.template import Resource
from tests.quarry.cost.conftest import resource
from tests.varying import Vary

KEY = resource("AWS::KMS::Key")
API = resource("AWS::ApiGateway::RestApi")
COLLECTION = resource("AWS::OpenSearchServerless::Collection", {"StandbyReplicas": "DISABLED"}, stack="knowledge")
DATABASE = resource("AWS::RDS::DBInstance")
SPACE = resource("AWS::SageMaker::Space", stack="studio")


@pytest.fixture
def alone(vary: Vary) -> Config:
    """Dev with its endpoint alone."""
    return vary(knowledge=None, tuning=None)


def row(found: Estimate, type_name: str) -> dict[str, Any]:
    (one,) = [one.to_json() for one in found.rows if one.type_name == type_name]
    return one


def test_idle_is_what_is_there_and_a_month_has_730_hours(alone: Config, usage: Usage) -> None:
    found = estimate(alone, [KEY, COLLECTION, API], usage)

    assert found.usd_per_hour == pytest.approx(0.24 + 1 / 730)
    assert found.usd_per_month == pytest.approx(0.24 * 730 + 1)
    assert row(found, "AWS::KMS::Key") == {
        "stack": "inference",
        "id": "Key",
        "type": "AWS::KMS::Key",
        "usd_per_hour": pytest.approx(1 / 730),
        "usd_per_month": pytest.approx(1),
        "usd_per_thousand_requests": 0,
        "charges": [{"price": "kms.key", "quantity": 1, "usd_per_hour": pytest.approx(1 / 730)}],
        "reason": None,
    }


def test_requests_cost_what_they_pass_and_whom_they_ask(alone: Config, usage: Usage) -> None:
    found = estimate(alone, [API], usage)
    models = 0.5 * (1000 * 0.035 + 500 * 0.14) / 1e6 + 0.5 * (2000 * 1.1 + 1000 * 5.5) / 1e6

    assert found.usd_per_thousand_requests == pytest.approx(1000 * (models + 3.5e-6))
    assert found.usd_of_use_per_month == pytest.approx(found.usd_per_thousand_requests * 730 / 24)
    assert {one.logical_id for one in found.rows if one.type_name == MODEL} == {"alias fast", "alias smart"}


def test_what_is_held_is_paid_all_the_time(dev: Config, usage: Usage) -> None:
    idle = usage.model_copy(update={"requests_per_day": 0})

    # A GB of vectors at 0.024, and five million tokens embedded at 0.02.
    assert estimate(dev.model_copy(update={"tuning": None}), [COLLECTION], idle).usd_of_use_per_month == pytest.approx(
        0.024 + 0.1
    )


@pytest.mark.parametrize(
    ("hours", "requests", "notebook_hours"), [(48, 2000, 12), (24, 1000, 6), (10, 1000, 6), (3, 1000, 3)]
)
def test_an_event_has_its_hours_and_at_least_a_days_requests(
    hours: float, requests: float, notebook_hours: float, alone: Config, usage: Usage
) -> None:
    found = estimate(alone, [KEY, API, SPACE], usage, hours=hours)

    used = requests * found.usd_per_thousand_requests / 1000 + notebook_hours * 0.05
    assert found.usd_event == pytest.approx(hours * (1 + 5 * 0.112) / 730 + used)


def test_without_notebooks_there_are_none_in_an_event(alone: Config, usage: Usage) -> None:
    silent = usage.model_copy(
        update={"requests_per_day": 0, "notebooks": usage.notebooks.model_copy(update={"hours_per_day": 0})}
    )

    assert estimate(alone, [SPACE], silent, hours=3).usd_event == pytest.approx(3 * 5 * 0.112 / 730)


def test_what_never_ends_has_no_price_until_it_ends(alone: Config, usage: Usage) -> None:
    found = estimate(alone, [KEY], usage)

    assert found.usd_event is None
    assert (found.to_json()["event_hours"], found.to_json()["event_usd"]) == (None, None)


def test_what_has_no_price_is_listed_and_in_no_sum(alone: Config, usage: Usage) -> None:
    found = estimate(alone, [KEY, DATABASE], usage)

    assert found.usd_per_month == pytest.approx(1)
    assert found.to_json()["unpriced"] == [
        {
            "stack": "inference",
            "id": "DBInstance",
            "type": "AWS::RDS::DBInstance",
            "reason": "no price for the type AWS::RDS::DBInstance",
        }
    ]
    assert row(found, "AWS::RDS::DBInstance")["usd_per_hour"] is None


def test_what_may_not_be_there_is_not_guessed(alone: Config, usage: Usage) -> None:
    open_one = Resource(
        stack="a", logical_id="Key", type_name="AWS::KMS::Key", properties={}, condition="whether Prod holds is open"
    )

    found = estimate(alone, [open_one], usage)

    assert found.usd_per_hour == 0
    assert [one.unpriced for one in found.unpriced] == ["whether Prod holds is open"]


def test_a_region_without_figures_is_unpriced_there(usage: Usage, vary: Vary) -> None:
    config = vary(region="eu-west-1")
    found = estimate(config, [KEY, COLLECTION, API], usage)

    assert found.usd_per_hour == pytest.approx(1 / 730)
    unpriced = {one.logical_id: one.unpriced or "" for one in found.unpriced}
    assert unpriced.keys() == {"Collection", "alias fast", "alias smart", "alias embed"}
    # Idle and in use, both told.
    assert "opensearch_serverless.ocu has no price in eu-west-1" in unpriced["Collection"]
    assert "opensearch_serverless.storage has no price in eu-west-1" in unpriced["Collection"]


def test_use_that_cannot_be_told_is_listed(alone: Config, usage: Usage) -> None:
    guardrail = resource("AWS::Bedrock::Guardrail", {"ContentPolicyConfig": {"Ref": "Policy"}})

    (one,) = estimate(alone, [guardrail], usage).unpriced

    assert one.usd_per_hour == 0
    assert one.unpriced == "ContentPolicyConfig.FiltersConfig is known only once it is deployed"


def test_prices_are_as_old_as_the_oldest(alone: Config, usage: Usage) -> None:
    assert estimate(alone, [], usage).as_of <= services.as_of()
