"""Prices of AWS's services, by region."""

import pytest

from lambdas.catalogue import services
from lambdas.catalogue.services import UnpricedError


def test_what_is_paid_by_the_month_costs_a_730th_an_hour() -> None:
    assert services.usd_per_hour("kms.key", region="us-east-1") == pytest.approx(1 / 730)
    assert services.usd_per_hour("opensearch_serverless.ocu", region="us-east-1") == 0.24


def test_what_is_paid_per_use_costs_its_part() -> None:
    assert services.usd_per_use("api_gateway.request", region="us-east-1") == pytest.approx(3.5e-6)


def test_a_region_without_a_figure_is_unpriced_and_not_another_regions() -> None:
    with pytest.raises(UnpricedError) as unknown:
        services.usd_per_hour("opensearch_serverless.ocu", region="eu-west-3")

    assert str(unknown.value) == (
        "opensearch_serverless.ocu has no price in eu-west-3; it has in ap-northeast-2, us-east-1, us-east-2, us-west-2"
    )


def test_the_two_ways_of_paying_are_not_taken_for_each_other() -> None:
    with pytest.raises(UnpricedError, match="is paid per use"):
        services.usd_per_hour("lambda.request", region="us-east-1")
    with pytest.raises(UnpricedError, match="is paid by the month"):
        services.usd_per_use("kms.key", region="us-east-1")
    with pytest.raises(UnpricedError, match="no price gold"):
        services.usd_per_hour("gold", region="us-east-1")


def test_prices_are_as_old_as_the_oldest_of_them() -> None:
    assert services.as_of() == min(price.checked for price in services.load().prices.values())
