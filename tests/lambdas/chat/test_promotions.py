"""What is written of a promotion, by one writer or by several at once, and what is read of it."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.chat.promotions import (
    FallenBack,
    Promotion,
    PromotionBusyError,
    Promotions,
    TunedModel,
    parse,
    path_of,
    render,
)
from tests.lambdas.fakes import NOVA_MICRO, client_error
from tests.lambdas.parameter_store import FakeParameterStore

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
NAME = "/quarry/test/aliases/fast"


def tuned(mark: str, run: str | None = None) -> TunedModel:
    arn = f"arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/{mark * 12}"
    return TunedModel(arn=arn, base=NOVA_MICRO, run=run or f"fast-{mark * 12}")


A, B, C = tuned("a"), tuned("b"), tuned("c")


def promotions(store: FakeParameterStore, *, now: datetime = NOW, **options: Any) -> Promotions:
    return Promotions(client=lambda: store, path=path_of("test"), clock=lambda: now, **options)


def test_a_promotion_is_one_parameter_of_the_alias_with_the_environments_tags() -> None:
    store = FakeParameterStore()

    made = promotions(store, tags={"quarry:environment": "test"}).promote("fast", A, until=NOW + timedelta(hours=4))

    assert json.loads(store.value(NAME)) == {
        "state": "promoted",
        "tuned": {"arn": A.arn, "base": NOVA_MICRO, "run": "fast-aaaaaaaaaaaa"},
        "since": "2026-11-30T12:00:00Z",
        "until": "2026-11-30T16:00:00Z",
        "before": None,
    }
    assert store.tags == {NAME: [{"Key": "quarry:environment", "Value": "test"}]}
    assert promotions(store).standing() == {"fast": made}


def test_promoting_what_stands_there_writes_nothing() -> None:
    store = FakeParameterStore()
    first = promotions(store).promote("fast", A)

    again = promotions(store, now=NOW + timedelta(hours=1)).promote("fast", A)

    assert again == first
    assert len(store.versions[NAME]) == 1


def test_the_end_of_what_stands_there_is_moved() -> None:
    store = FakeParameterStore()
    promotions(store).promote("fast", A, until=NOW + timedelta(hours=1))

    moved = promotions(store, now=NOW + timedelta(minutes=30)).promote("fast", A, until=NOW + timedelta(hours=3))

    assert (moved.since, moved.until) == (NOW, NOW + timedelta(hours=3))
    assert promotions(store).standing() == {"fast": moved}


def test_the_next_promotion_knows_what_stood_there() -> None:
    store = FakeParameterStore()
    promotions(store).promote("fast", A)

    assert promotions(store).promote("fast", B).before == A


def test_falling_back_leaves_a_mark_and_is_done_once() -> None:
    store = FakeParameterStore()
    made = promotions(store).promote("fast", A)

    assert promotions(store).fall_back("fast", reason="worse") == made
    assert promotions(store).fall_back("fast", reason="worse") is None

    assert promotions(store).standing() == {}
    assert parse(store.value(NAME)) == FallenBack(tuned=A, since=NOW, reason="worse")
    assert len(store.versions[NAME]) == 2


def test_an_alias_that_was_never_promoted_falls_back_to_what_it_has() -> None:
    store = FakeParameterStore()

    assert promotions(store).fall_back("fast", reason="worse") is None
    assert store.versions == {}


def test_a_fall_back_meant_for_another_model_changes_nothing() -> None:
    store = FakeParameterStore()
    made = promotions(store).promote("fast", B)

    assert promotions(store).fall_back("fast", reason="its time is up", arns=[A.arn]) is None
    assert promotions(store).standing() == {"fast": made}


def test_of_two_promotions_at_once_one_stands_and_knows_the_other() -> None:
    store = FakeParameterStore()
    promotions(store).promote("fast", C)
    store.meanwhile = lambda: promotions(store).promote("fast", A)

    made = promotions(store).promote("fast", B)

    assert made.before == A
    assert promotions(store).standing() == {"fast": made}


def test_of_two_first_promotions_at_once_one_stands_and_knows_the_other() -> None:
    store = FakeParameterStore()
    store.meanwhile = lambda: promotions(store).promote("fast", A)

    made = promotions(store).promote("fast", B)

    assert (made.tuned, made.before) == (B, A)
    assert promotions(store).standing() == {"fast": made}


def test_a_fall_back_during_another_models_promotion_does_not_take_that_down() -> None:
    store = FakeParameterStore()
    promotions(store).promote("fast", A)
    store.meanwhile = lambda: promotions(store).promote("fast", B)

    assert promotions(store).fall_back("fast", reason="its time is up", arns=[A.arn]) is None

    assert promotions(store).standing()["fast"].tuned == B


def test_who_is_never_alone_gives_up() -> None:
    store = FakeParameterStore()
    promotions(store).promote("fast", A)

    def again() -> None:
        other = tuned("c", run=f"fast-{len(store.versions[NAME])}")
        store.put(NAME, render(Promotion(tuned=other, since=NOW)))
        store.meanwhile = again

    store.meanwhile = again

    with pytest.raises(PromotionBusyError, match="promotion of fast"):
        promotions(store).promote("fast", B)


def test_what_is_not_of_our_making_counts_as_nothing_and_hides_nothing(caplog: pytest.LogCaptureFixture) -> None:
    store = FakeParameterStore()
    made = promotions(store).promote("fast", A)
    for number, value in enumerate(("", "{", "[]", '{"state":"promoted"}', '{"state":"other"}', "null")):
        store.put(f"/quarry/test/aliases/bad-{number}", value)

    with caplog.at_level(logging.ERROR):
        assert promotions(store).standing() == {"fast": made}

    assert len([record for record in caplog.records if record.message == "not a promotion"]) == 6


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-micro-v1:0/abcdefghijkl",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl",
        "",
    ],
)
def test_nothing_but_a_tuned_models_hosting_is_promoted(arn: str) -> None:
    store = FakeParameterStore()

    with pytest.raises(ValueError, match="arn"):
        promotions(store).promote("fast", TunedModel(arn=arn, base=NOVA_MICRO, run="fast-1"))

    assert store.versions == {}


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="until"):
        promotions(FakeParameterStore()).promote("fast", A, until=datetime(2026, 12, 1))  # noqa: DTZ001


def test_garbage_is_overwritten_by_the_next_promotion() -> None:
    store = FakeParameterStore()
    store.put(NAME, "garbage")

    made = promotions(store).promote("fast", A)

    assert made.before is None
    assert promotions(store).standing() == {"fast": made}


def test_all_pages_are_read() -> None:
    store = FakeParameterStore()
    for number in range(23):
        promotions(store).promote(f"alias-{number:02}", A)

    assert len(promotions(store).standing()) == 23


def test_one_aliass_promotion_is_read_by_itself() -> None:
    store = FakeParameterStore()
    made = promotions(store).promote("fast", A)
    promotions(store).promote("smart", B)
    promotions(store).fall_back("smart", reason="worse")

    assert promotions(store).of("fast") == made
    assert promotions(store).of("smart") is None
    assert promotions(store).of("other") is None


def test_an_alias_is_forgotten_once() -> None:
    store = FakeParameterStore()
    promotions(store).promote("fast", A)

    promotions(store).forget("fast")
    promotions(store).forget("fast")

    assert store.versions == {}


@pytest.mark.parametrize(
    "ask",
    [
        lambda some: some.standing(),
        lambda some: some.of("fast"),
        lambda some: some.promote("fast", A),
        lambda some: some.fall_back("fast", reason="worse"),
        lambda some: some.forget("fast"),
    ],
)
def test_a_store_that_refuses_is_told(ask: Callable[[Promotions], object]) -> None:
    store = FakeParameterStore()
    store.down = client_error("AccessDeniedException")

    with pytest.raises(ClientError, match="AccessDenied"):
        ask(promotions(store))
