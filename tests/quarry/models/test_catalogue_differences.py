"""Comparing the catalogue with what a region offers."""

from collections.abc import Callable
from datetime import date

import pytest

from lambdas.catalogue import compiled
from lambdas.catalogue.models import find
from lambdas.catalogue.prices import PriceScope
from quarry.models import bedrock_offer
from quarry.models.catalogue_differences import Comparison, Difference, compare, compare_prices
from quarry.models.price_list import ListedPrice
from tests.quarry.models.fake_bedrock import FakeBedrock, moment

MICRO = "amazon.nova-micro-v1:0"
LLAMA = "meta.llama3-3-70b-instruct-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
TODAY = date(2026, 11, 21)


def compared(change: Callable[[FakeBedrock], object], *, region: str = "us-east-1") -> Comparison:
    fake = FakeBedrock(region)
    change(fake)
    return compare(compiled.load(), bedrock_offer.read(fake, region=region), today=TODAY)


def told(comparison: Comparison) -> list[tuple[str, str, str, str, str, bool]]:
    return [(d.kind, d.model_id, d.fact, d.ours, d.theirs, d.writable) for d in comparison.differences]


@pytest.mark.parametrize("region", ["us-east-1", "us-west-1", "ca-central-1", "eu-west-2", "ap-south-1", "sa-east-1"])
def test_where_they_agree_nothing_is_told(region: str) -> None:
    assert compared(id, region=region) == Comparison()


def test_a_new_model_is_told_and_has_to_be_written_by_hand() -> None:
    comparison = compared(lambda fake: fake.add_model("a.b-v1:0", "ON_DEMAND"))

    assert told(comparison) == [("new", "a.b-v1:0", "model", "-", "Somebody New", False)]
    assert comparison.models == {}


def test_a_retired_model_that_is_still_listed_is_no_news() -> None:
    assert told(compared(lambda fake: fake.add_model("anthropic.claude-opus-4-1-20250805-v1:0", "ON_DEMAND"))) == []


def test_a_model_that_is_gone_is_told() -> None:
    comparison = compared(lambda fake: (fake.models.pop(LLAMA), fake.profiles.pop(f"us.{LLAMA}")))

    assert told(comparison) == [("gone", LLAMA, "model", "callable in us-east-1", "not listed", False)]


def test_a_region_that_is_no_longer_served_on_demand() -> None:
    comparison = compared(lambda fake: fake.models[MICRO].update(inferenceTypesSupported=["INFERENCE_PROFILE"]))

    assert told(comparison) == [("gone", MICRO, "in_region us-east-1", "on demand", "-", True)]
    assert comparison.models[MICRO].in_region == ("us-gov-west-1", "eu-west-2", "ap-southeast-2")


def test_a_model_that_is_gone_although_its_profile_is_still_listed() -> None:
    comparison = compared(lambda fake: fake.models.pop(MICRO))

    assert told(comparison) == [("gone", MICRO, "in_region us-east-1", "on demand", "-", True)]


def test_a_region_that_is_newly_served_on_demand() -> None:
    comparison = compared(
        lambda fake: fake.models[HAIKU].update(inferenceTypesSupported=["ON_DEMAND", "INFERENCE_PROFILE"])
    )

    assert told(comparison) == [("new", HAIKU, "in_region us-east-1", "-", "on demand", True)]
    assert comparison.models[HAIKU].in_region == ("us-east-1",)
    assert comparison.models[HAIKU].availability.inference_types == ("ON_DEMAND", "INFERENCE_PROFILE")


def test_a_profile_that_routes_elsewhere_now() -> None:
    comparison = compared(lambda fake: fake.add_profile(f"us.{HAIKU}", HAIKU, ["us-east-1", "us-west-1"]))

    assert told(comparison) == [
        ("changed", HAIKU, f"profile us.{HAIKU}", "us-east-1, us-east-2, us-west-2", "us-east-1, us-west-1", True)
    ]
    profile = comparison.models[HAIKU].profiles[0]
    assert profile.called_from("us-east-1").destinations == ("us-east-1", "us-west-1")
    assert profile.called_from("us-east-2").destinations == ("us-east-1", "us-east-2", "us-west-2")


def test_a_region_joins_the_route_that_has_its_destinations() -> None:
    destinations = ["ca-central-1", "us-east-1", "us-east-2", "us-west-2"]
    comparison = compared(lambda fake: fake.add_profile(f"us.{HAIKU}", HAIKU, destinations))

    routes = comparison.models[HAIKU].profiles[0].routes
    assert ("ca-central-1", "us-east-1") in [route.sources for route in routes]


def test_a_new_profile() -> None:
    comparison = compared(lambda fake: fake.add_profile(f"ca.{MICRO}", MICRO, ["ca-central-1"]), region="ca-central-1")

    assert told(comparison) == [("new", MICRO, f"profile ca.{MICRO}", "-", "ca-central-1", True)]
    added = comparison.models[MICRO].profiles[-1]
    assert (added.scope, added.callable_from, added.destinations) == ("ca", ("ca-central-1",), ("ca-central-1",))


def test_a_profile_of_a_geography_that_nobody_knows_has_to_be_written_by_hand() -> None:
    comparison = compared(lambda fake: fake.add_profile(f"mars.{MICRO}", MICRO, ["us-east-1"]))

    assert told(comparison) == [("new", MICRO, f"profile mars.{MICRO}", "-", "unknown scope", False)]
    assert comparison.models == {}


def test_a_profile_that_is_gone_from_the_region_stays_for_the_others() -> None:
    comparison = compared(lambda fake: fake.profiles.pop(f"us.{MICRO}"))

    ((kind, _, fact, *_),) = told(comparison)
    assert (kind, fact) == ("gone", f"profile us.{MICRO}")
    assert comparison.models[MICRO].profiles[0].callable_from == ("us-east-2", "us-west-2")


def test_a_profile_that_nobody_can_call_any_more_is_dropped() -> None:
    comparison = compared(lambda fake: fake.profiles.pop("jp.amazon.nova-2-lite-v1:0"), region="ap-northeast-1")

    ids = [profile.profile_id for profile in comparison.models["amazon.nova-2-lite-v1:0"].profiles]
    assert "jp.amazon.nova-2-lite-v1:0" not in ids
    assert len(ids) == 3


def test_an_announced_end() -> None:
    shown = {"status": "LEGACY", "legacyTime": moment(date(2026, 11, 1)), "endOfLifeTime": moment(date(2027, 5, 1))}
    comparison = compared(lambda fake: fake.models[MICRO].update(modelLifecycle=shown))

    assert told(comparison) == [
        ("changed", MICRO, "lifecycle.legacy", "-", "2026-11-01", True),
        ("changed", MICRO, "lifecycle.end_of_life", "-", "2027-05-01", True),
    ]
    life = comparison.models[MICRO].lifecycle
    assert life.end_of_life == date(2027, 5, 1)
    assert life.source == "[card]; ListFoundationModels, us-east-1"


def test_legacy_without_a_date_has_to_be_looked_up() -> None:
    comparison = compared(lambda fake: fake.models[MICRO].update(modelLifecycle={"status": "LEGACY"}))

    assert told(comparison) == [("changed", MICRO, "lifecycle.status", "ACTIVE", "LEGACY", False)]


def test_a_model_that_aws_calls_active_again_has_to_be_looked_up() -> None:
    comparison = compared(lambda fake: fake.models[LLAMA].update(modelLifecycle={"status": "ACTIVE"}))

    assert told(comparison) == [("changed", LLAMA, "lifecycle.status", "LEGACY", "ACTIVE", False)]


def test_dates_that_aws_leaves_out_are_not_forgotten() -> None:
    comparison = compared(lambda fake: fake.models[LLAMA].update(modelLifecycle={"status": "LEGACY"}))

    assert told(comparison) == []
    assert find(LLAMA).lifecycle.end_of_life is not None


def test_a_launch_that_was_not_known() -> None:
    life = {"status": "ACTIVE", "startOfLifeTime": moment(date(2024, 12, 1))}
    comparison = compared(
        lambda fake: fake.models["amazon.rerank-v1:0"].update(modelLifecycle=life), region="us-west-2"
    )

    assert told(comparison) == [("changed", "amazon.rerank-v1:0", "lifecycle.launched", "-", "2024-12-01", True)]


@pytest.mark.parametrize(
    ("scope", "dollars", "expected"),
    [
        ("geography", 1.1, None),
        ("geography", 1.1000000001, None),
        ("geography", 1.2, ("1.1", "1.2")),
        ("global", 0.9, ("1", "0.9")),
        ("in_region", 0.5, None),  # it cannot be called so: the list is no proof that it can
    ],
)
def test_a_price_that_changed(scope: PriceScope, dollars: float, expected: tuple[str, str] | None) -> None:
    comparison = Comparison()

    listed = ListedPrice(model_id=HAIKU, scope=scope, name="input", dollars=dollars)
    compare_prices(compiled.load(), [listed], into=comparison)

    if expected is None:
        assert comparison == Comparison()
    else:
        ours, theirs = expected
        fact = f"price.{scope}.input"
        assert comparison.differences == [
            Difference(kind="changed", model_id=HAIKU, fact=fact, ours=ours, theirs=theirs)
        ]
        changed = comparison.prices[HAIKU]
        price = changed.global_ if scope == "global" else changed.geography
        assert price is not None
        assert (price.input, price.output) == (dollars, 5 if scope == "global" else 5.5)


def test_two_prices_of_a_model_are_both_taken() -> None:
    comparison = Comparison()
    listed = [
        ListedPrice(model_id=HAIKU, scope="global", name="input", dollars=2.0),
        ListedPrice(model_id=HAIKU, scope="global", name="output", dollars=6.0),
    ]

    compare_prices(compiled.load(), listed, into=comparison)

    price = comparison.prices[HAIKU].global_
    assert price is not None
    assert (price.input, price.output, price.cache_read) == (2, 6, 0.1)
