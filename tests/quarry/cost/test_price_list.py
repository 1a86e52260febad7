"""Reading AWS's Price List: names, tiers, units, pages."""

import json
from typing import Any

import pytest

from lambdas.catalogue import services
from lambdas.catalogue.service_facts import ServicePrice
from quarry.cost.price_list import Listed, read
from tests.quarry.cost.conftest import FakePriceList, product

REQUEST = "api_gateway.request"


def listed(name: str, *products: dict[str, Any], region: str = "us-east-1") -> tuple[float, ...]:
    price = services.load().prices[name]
    assert price.price_list is not None
    client = FakePriceList({price.price_list.service: list(products)})
    (found,) = read(client, {name: price}, region=region)
    assert found.name == name
    return found.usd


def test_a_price_per_unit_is_told_as_our_file_has_it() -> None:
    assert listed(REQUEST, product("USE1-ApiGatewayRequest", "0.0000035000")) == (3.5,)
    assert listed("kms.key", product("us-east-1-KMS-Keys", "1.0000000000")) == (1,)


@pytest.mark.parametrize("usage", ["Lambda-GB-Second-ARM", "USE1-Lambda-GB-Second-ARM"])
def test_usage_types_may_begin_with_a_region_or_not(usage: str) -> None:
    assert listed("lambda.gb_second.arm64", product(usage, "0.0000133334")) == (13.3334,)


@pytest.mark.parametrize(
    "usage", ["USE1-Lambda-GB-Second-ARM-Other", "USE1-Other-Lambda-GB-Second", "xLambda-GB-Second"]
)
def test_what_only_holds_the_name_is_another_product(usage: str) -> None:
    assert listed("lambda.gb_second.x86_64", product(usage, "1.0")) == ()


def test_the_first_tier_that_is_not_free_counts_wherever_it_stands() -> None:
    tiers = [("1000000000", "0.0000002000"), ("0", "0.0000000000"), ("1000000", "0.0000005000")]

    assert listed("sns.request", product("Requests-Tier1", tiers)) == (0.5,)


def test_prices_per_thousand_are_divided() -> None:
    assert listed(
        "guardrail.pii",
        product("USE1-Guardrail-SensitiveInformationPolicyPaidUnitsConsumed", "0.1000000000", unit="1K TextUnits"),
    ) == (0.1,)


def test_products_that_differ_are_all_told() -> None:
    both = [product("USE1-IndexingOCU", "0.2400000000"), product("USE1-SearchOCU", "0.3000000000")]

    assert listed("opensearch_serverless.ocu", *both) == (0.24, 0.3)


@pytest.mark.parametrize(
    "odd",
    [
        product("USE1-ApiGatewayRequest", []),
        {"product": {"attributes": {"usagetype": "USE1-ApiGatewayRequest"}}, "terms": {"Reserved": {}}},
        {"product": {"attributes": {}}, "terms": {}},
    ],
)
def test_a_product_without_an_on_demand_price_has_none(odd: dict[str, Any]) -> None:
    assert listed(REQUEST, odd) == ()


def test_only_what_the_list_can_be_asked_for_is_asked() -> None:
    prices: dict[str, ServicePrice] = services.load().prices

    found = {one.name for one in read(FakePriceList({}), prices, region="us-east-1")}

    assert found == {name for name, price in prices.items() if price.price_list is not None}
    assert Listed(name="kms.key", usd=()) in read(FakePriceList({}), prices, region="us-east-1")


def test_the_region_is_asked_for() -> None:
    client = FakePriceList({"awskms": [product("eu-west-1-KMS-Keys", "1.0000000000")]})

    list(read(client, {"kms.key": services.load().prices["kms.key"]}, region="eu-west-1"))

    assert json.loads(json.dumps(client.asked)) == [
        {
            "ServiceCode": "awskms",
            "Filters": [
                {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-west-1"},
                {"Type": "CONTAINS", "Field": "usagetype", "Value": "KMS-Keys"},
            ],
        }
    ]
