"""Promotions over the configured candidates: read beside the requests, whatever becomes of the reading."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.chat import promoted_aliases
from lambdas.chat.aliases import Aliases
from lambdas.chat.promoted_aliases import FIRST_SECONDS, IDLE_SECONDS, SECONDS, PromotedAliases
from lambdas.chat.promotions import Promotion, TunedModel
from lambdas.chat.settings import CandidateEntry, Promoted
from lambdas.common.observability import metrics
from tests.lambdas.fakes import HAIKU, NOVA_LITE, NOVA_MICRO, TITAN, client_error

CONFIGURED: Mapping[str, tuple[CandidateEntry, ...]] = {
    "fast": (NOVA_MICRO, NOVA_LITE),
    "smart": (HAIKU,),
    "embed": (TITAN,),
}
ARN = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
TUNED = TunedModel(arn=ARN, base=NOVA_MICRO, run="fast-0123456789ab")
PROMOTED = Promoted(arn=ARN, stands_for=NOVA_MICRO, run="fast-0123456789ab")
START = 1_000_000.0


def promotion(tuned: TunedModel = TUNED, *, until: float | None = None) -> Promotion:
    end = None if until is None else datetime.fromtimestamp(until, UTC)
    return Promotion(tuned=tuned, since=datetime.fromtimestamp(START, UTC), until=end)


class Store:
    """Promotions that can be changed, are counted when they are read, and fail with what ``error`` is set to."""

    def __init__(self, **promotions: Promotion) -> None:
        self.promotions: dict[str, Promotion] = dict(promotions)
        self.error: Exception | None = None
        self.reads = 0

    def read(self) -> Mapping[str, Promotion]:
        self.reads += 1
        if self.error:
            raise self.error
        return dict(self.promotions)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Beside:
    """Keeps what is to be done beside the caller until it is told to do it."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def work(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def no_metrics_are_left() -> Any:
    yield
    metrics.clear_metrics()


def source(store: Store, clock: Clock, **options: Any) -> PromotedAliases:
    """Return a source whose reading is done at once, unless the options say otherwise."""
    return PromotedAliases(
        configured=CONFIGURED, read=store.read, clock=clock, **{"beside": lambda work: work(), **options}
    )


def counted() -> float:
    values: list[float] = metrics.metric_set.get("PromotionsNotRead", {}).get("Value", [])
    return sum(values)


def test_a_promoted_model_stands_before_the_configured_ones(clock: Clock) -> None:
    aliases = Aliases(source(Store(fast=promotion()), clock))

    first, *others = aliases.chatting("fast")

    assert (first.callable_id, first.base_model_id, first.run) == (ARN, NOVA_MICRO, "fast-0123456789ab")
    assert [(one.callable_id, one.run) for one in others] == [(NOVA_MICRO, None), (NOVA_LITE, None)]
    assert [one.callable_id for one in aliases.chatting("smart")] == [HAIKU]


def test_promotions_are_read_once_in_a_while(clock: Clock) -> None:
    store = Store()
    entries = source(store, clock)

    for _ in range(5):
        entries()
    clock.now += SECONDS - 1
    entries()
    assert store.reads == 1

    store.promotions["fast"] = promotion()
    clock.now += 1
    assert entries()["fast"][0] == PROMOTED
    assert store.reads == 2


def test_what_falls_back_is_gone_with_the_next_reading(clock: Clock) -> None:
    store = Store(fast=promotion())
    entries = source(store, clock)
    entries()

    del store.promotions["fast"]
    clock.now += SECONDS

    assert entries() == CONFIGURED


def test_a_request_does_not_wait_for_a_later_reading(clock: Clock) -> None:
    store, beside = Store(fast=promotion()), Beside()
    entries = source(store, clock, beside=beside)
    entries.prepare()
    beside.work()
    del store.promotions["fast"]
    clock.now += SECONDS

    assert entries()["fast"][0] == PROMOTED
    assert entries()["fast"][0] == PROMOTED
    assert len(beside.waiting) == 1

    beside.work()
    assert entries() == CONFIGURED


def test_the_first_request_after_idle_hours_waits_until_they_are_read_anew(clock: Clock) -> None:
    begun, store = threading.Event(), Store()

    def read() -> Mapping[str, Promotion]:
        begun.wait()
        return store.read()

    begun.set()
    entries = PromotedAliases(configured=CONFIGURED, read=read, clock=clock)
    assert entries() == CONFIGURED
    begun.clear()
    store.promotions["fast"] = promotion()
    clock.now += IDLE_SECONDS
    threading.Timer(0.01, begun.set).start()

    assert entries()["fast"][0] == PROMOTED


def test_after_idle_hours_one_request_waits_at_most_and_none_where_they_could_not_be_read(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    store, beside = Store(fast=promotion()), Beside()
    entries = source(store, clock, beside=beside)
    entries.prepare()
    beside.work()
    monkeypatch.setattr(entries._known, "wait", waits.append)

    for _ in range(3):
        clock.now += IDLE_SECONDS
        assert entries()["fast"][0] == PROMOTED
        assert entries()["fast"][0] == PROMOTED
        store.error = client_error("ThrottlingException")
        beside.work()

    assert waits == [FIRST_SECONDS]


def test_the_first_request_waits_until_the_promotions_are_known(clock: Clock) -> None:
    begun = threading.Event()

    def read() -> Mapping[str, Promotion]:
        begun.wait()
        return {"fast": promotion()}

    entries = PromotedAliases(configured=CONFIGURED, read=read, clock=clock)
    entries.prepare()
    threading.Timer(0.01, begun.set).start()

    assert entries()["fast"][0] == PROMOTED


def test_the_first_request_waits_no_longer_than_its_bound_and_no_other_does(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    store, beside = Store(fast=promotion()), Beside()
    entries = source(store, clock, beside=beside)
    monkeypatch.setattr(entries._known, "wait", waits.append)

    assert entries() == CONFIGURED
    assert entries() == CONFIGURED

    assert waits == [FIRST_SECONDS]
    beside.work()
    assert entries()["fast"][0] == PROMOTED


@pytest.mark.parametrize("error", [client_error("AccessDeniedException"), TimeoutError(), ValueError("odd")])
def test_what_cannot_be_read_stays_as_it_was_and_is_told(
    clock: Clock, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(fast=promotion())
    entries = source(store, clock)
    entries()
    store.error = error
    clock.now += SECONDS

    with caplog.at_level(logging.WARNING):
        assert entries()["fast"][0] == PROMOTED

    assert [record.message for record in caplog.records] == ["promotions not read"]
    assert counted() == 1

    store.error = None
    clock.now += SECONDS
    entries()
    assert counted() == 1


def test_a_store_that_was_never_read_leaves_the_configured_candidates(clock: Clock) -> None:
    store = Store()
    store.error = client_error("AccessDeniedException")

    assert source(store, clock)() == CONFIGURED


def test_where_no_thread_can_be_had_requests_go_on(clock: Clock) -> None:
    def refused(_: Callable[[], None]) -> None:
        raise RuntimeError("can't start new thread")

    entries = source(Store(), clock, beside=refused)
    entries._known.set()

    assert entries() == CONFIGURED
    assert counted() == 1
    clock.now += SECONDS
    assert entries() == CONFIGURED
    assert counted() == 2


def test_a_promotion_ends_by_itself_though_nobody_can_read_it_anew(clock: Clock) -> None:
    store = Store(fast=promotion(until=START + 5))
    entries = source(store, clock)
    assert entries()["fast"][0] == PROMOTED

    store.error = client_error("ThrottlingException")
    clock.now += 4.9
    assert entries()["fast"][0] == PROMOTED
    clock.now += 0.1
    assert entries() == CONFIGURED


def test_a_promotion_that_has_ended_already_is_none(clock: Clock) -> None:
    assert source(Store(fast=promotion(until=START - 1)), clock)() == CONFIGURED


@pytest.mark.parametrize(
    ("alias", "base", "problem"),
    [
        ("gone", NOVA_MICRO, "no such alias"),
        ("fast", "amazon.nova-nothing-v1:0", "amazon.nova-nothing-v1:0"),
        ("fast", TITAN, "chat"),
        ("embed", NOVA_MICRO, "chat"),
    ],
)
def test_what_cannot_stand_is_ignored_and_told_once(
    clock: Clock, alias: str, base: str, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(smart=promotion(), **{alias: promotion(TunedModel(arn=ARN, base=base, run="r-1"))})
    entries = source(store, clock)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            given = entries()
            clock.now += SECONDS

    assert given == {**CONFIGURED, "smart": (PROMOTED, HAIKU)}
    (told,) = caplog.records
    assert told.message == "promotion ignored"
    assert problem in told.__dict__["problem"]


def test_a_clock_that_was_set_back_does_not_keep_promotions_for_ever(clock: Clock) -> None:
    store = Store()
    entries = source(store, clock)
    entries()

    clock.now -= 10_000
    entries()

    assert store.reads == 2


def test_requests_during_promotions_get_one_or_the_other_whole() -> None:
    """Threads ask while the promotions change: never an alias without candidates, never an error."""
    store = Store()
    now = [START]
    entries = PromotedAliases(
        configured=CONFIGURED, read=store.read, clock=lambda: now[0], beside=promoted_aliases._in_a_thread
    )
    aliases = Aliases(entries)
    seen: set[tuple[str, ...]] = set()
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(200):
                seen.add(tuple(one.callable_id for one in aliases.chatting("fast")))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(50):
        store.promotions = {"fast": promotion()} if number % 2 else {}
        now[0] += SECONDS
    for thread in threads:
        thread.join()

    assert not failed
    assert seen <= {(NOVA_MICRO, NOVA_LITE), (ARN, NOVA_MICRO, NOVA_LITE)}
