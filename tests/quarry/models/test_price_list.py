"""Reading AWS's Price List."""

import pytest

from lambdas.catalogue import compiled
from quarry.models import price_list
from quarry.models.price_list import ListedPrice
from tests.quarry.models.fake_bedrock import FakePriceList

MICRO = "amazon.nova-micro-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
EDITION = "Claude Haiku 4.5 (Amazon Bedrock Edition)"
Product = tuple[dict[str, str], str, str]


def read(*, amazon: list[Product] = [], marketplace: list[Product] = []) -> list[ListedPrice]:  # noqa: B006 - only read
    client = FakePriceList(AmazonBedrock=amazon, AmazonBedrockFoundationModels=marketplace)
    return price_list.read(client, compiled.load().prices, region="us-east-1")


def found(prices: list[ListedPrice]) -> set[tuple[str, str, str, float]]:
    return {(price.model_id, price.scope, price.name, price.dollars) for price in prices}


def test_amazons_own_models_are_priced_per_thousand_tokens_in_every_way_of_calling_but_global() -> None:
    prices = read(
        amazon=[
            ({"usagetype": "USE1-NovaMicro-input-tokens"}, "1K tokens", "0.0000350000"),
            ({"usagetype": "USE1-NovaMicro-output-tokens"}, "1M tokens", "0.14"),
            ({"usagetype": "USE1-Nova2.0Lite-input-tokens-cross-region-global"}, "1K tokens", "0.0003"),
            ({"usagetype": "USE1-Llama3-3-70B-input-tokens"}, "1K tokens", "0.00072"),
        ]
    )

    assert found(prices) == {
        (MICRO, "in_region", "input", 0.035),
        (MICRO, "geography", "input", 0.035),
        (MICRO, "in_region", "output", 0.14),
        (MICRO, "geography", "output", 0.14),
        ("amazon.nova-2-lite-v1:0", "global", "input", 0.3),
        ("meta.llama3-3-70b-instruct-v1:0", "in_region", "input", 0.72),
        ("meta.llama3-3-70b-instruct-v1:0", "geography", "input", 0.72),
    }


@pytest.mark.parametrize(
    ("usage", "scope", "name"),
    [
        ("USE1-MP:USE1_InputTokenCount-Units", "geography", "input"),
        ("USE1-MP:USE1_OutputTokenCount_Global-Units", "global", "output"),
        ("USE1-MP:USE1_input_tokens_standard-Units", "geography", "input"),
        ("USE1-MP:USE1_output_tokens_global_standard-Units", "global", "output"),
    ],
)
def test_marketplace_models_are_priced_per_million(usage: str, scope: str, name: str) -> None:
    prices = read(marketplace=[({"servicename": EDITION, "usagetype": usage}, "Units", "5.5")])

    assert (HAIKU, scope, name, 5.5) in found(prices)


@pytest.mark.parametrize(
    "product",
    [
        ({"usagetype": "USE1-NovaMicro-input-tokens-batch"}, "1K tokens", "1"),
        ({"usagetype": "USE1-NovaMicro-input-tokens-priority"}, "1K tokens", "1"),
        ({"usagetype": "USE1-TitanTextG1Express-input-tokens"}, "1K tokens", "1"),
        ({"usagetype": "USE1-NovaMicro-Customization-Training"}, "1K tokens", "1"),
        ({"usagetype": "USE1-NovaMicro-input-tokens"}, "hours", "1"),
        ({"usagetype": "USE1-NovaMicro-input-tokens"}, "1K tokens", "0.0000000000"),
        ({}, "1K tokens", "1"),
    ],
)  # fmt: skip
def test_everything_else_is_passed_over(product: Product) -> None:
    assert read(amazon=[product]) == []


def test_an_edition_that_the_catalogue_has_not_is_passed_over() -> None:
    usage = "USE1-MP:USE1_InputTokenCount-Units"

    assert read(marketplace=[({"servicename": "Claude 9", "usagetype": usage}, "Units", "5.5")]) == []


def test_a_product_without_terms_has_no_price() -> None:
    class Client:
        def get_products(self, **_: object) -> dict[str, list[str]]:
            return {"PriceList": ['{"product": {"attributes": {"usagetype": "USE1-NovaMicro-input-tokens"}}}']}

    assert price_list.read(Client(), compiled.load().prices, region="us-east-1") == []
