"""When an environment ends: fixed at the first deploy, moved by extensions and by the file, and begun once."""

from typing import Any

import pytest

from lambdas.expiry import duration
from lambdas.expiry.end import EndStore, NoEndError, PastError, TooLateError
from tests.lambdas.expiry.conftest import DAY, HOUR, NOON, Clock


def test_it_counts_from_the_first_deploy_and_a_redeploy_moves_nothing(store: EndStore, clock: Clock) -> None:
    assert store.write("14d").ends_at == NOON + 14 * DAY

    clock.now += 3 * DAY

    assert store.write("14d").ends_at == NOON + 14 * DAY


def test_an_extension_is_not_undone_by_a_redeploy(store: EndStore, clock: Clock) -> None:
    store.write("10h")

    was, end = store.extend(4 * HOUR)

    assert (was.ends_at, end.ends_at) == (NOON + 10 * HOUR, NOON + 14 * HOUR)
    clock.now += HOUR
    assert store.write("10h").ends_at == NOON + 14 * HOUR


def test_another_duration_counts_from_the_first_deploy_too_and_keeps_extensions(store: EndStore, clock: Clock) -> None:
    store.write("10h")
    store.extend(2 * HOUR)
    clock.now += 3 * HOUR

    assert store.write("12h").ends_at == NOON + 14 * HOUR
    # As a deployment that fails takes it back.
    assert store.write("10h").ends_at == NOON + 12 * HOUR


def test_a_moment_is_taken_as_it_is(store: EndStore) -> None:
    assert store.write("2026-12-03T18:00:00+01:00").ends_at == NOON + 3 * DAY + 5 * HOUR


def test_what_is_past_is_refused_with_what_to_do(store: EndStore, clock: Clock) -> None:
    with pytest.raises(PastError) as past:
        store.write("2026-11-30T11:59:00+00:00")
    assert str(past.value) == (
        "expires_after: 2026-11-30T11:59:00+00:00 is over: the environment would have ended at 2026-11-30 11:59 UTC, "
        "and it is 2026-11-30 12:00 UTC. Write a later one, or null, and deploy again."
    )
    assert store.get() is None

    store.write("14d")
    clock.now += 11 * HOUR
    with pytest.raises(PastError, match="counted from its first deploy at 2026-11-30 12:00 UTC"):
        store.write("10h")
    end = store.get()
    assert end is not None
    assert end.written == "14d"


def test_once_it_has_begun_nothing_moves_it(store: EndStore, clock: Clock) -> None:
    end = store.write("10h")
    clock.now = end.ends_at

    assert store.begin(ends_at=end.ends_at, execution="one")
    assert store.begin(ends_at=end.ends_at, execution="one"), "whose answer was lost"
    assert not store.begin(ends_at=end.ends_at, execution="two"), "Scheduler delivers at least once"

    with pytest.raises(TooLateError, match="the end began at 2026-11-30 22:00 UTC: it cannot be moved any more"):
        store.extend(HOUR)
    with pytest.raises(TooLateError):
        store.write("14d")
    assert not store.forget()


def test_an_extension_in_the_last_second_took_effect_or_came_too_late(store: EndStore, clock: Clock) -> None:
    end = store.write("10h")
    clock.now = end.ends_at + 1

    store.extend(HOUR)

    assert not store.begin(ends_at=end.ends_at, execution="one")
    later = store.get()
    assert later is not None
    assert (later.state, later.ends_at) == ("set", end.ends_at + HOUR)


class Racing:
    """DynamoDB, with something that happens between a read and the write that follows it."""

    def __init__(self, client: Any, meanwhile: Any) -> None:
        self._client, self._meanwhile = client, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_item(self, **kwargs: Any) -> Any:
        if self._meanwhile:
            self._meanwhile.pop()()
        return self._client.update_item(**kwargs)


def test_two_extensions_at_once_both_count(store: EndStore, dynamodb: Any, clock: Clock) -> None:
    store.write("10h")
    racing = EndStore(client=Racing(dynamodb, lambda: store.extend(HOUR)), table="environment", clock=clock)

    was, end = racing.extend(2 * HOUR)

    assert (was.ends_at, end.ends_at) == (NOON + 11 * HOUR, NOON + 13 * HOUR)


def test_an_end_that_begins_while_it_is_extended_wins(store: EndStore, dynamodb: Any, clock: Clock) -> None:
    end = store.write("10h")
    began = lambda: store.begin(ends_at=end.ends_at, execution="one")  # noqa: E731
    racing = EndStore(client=Racing(dynamodb, began), table="environment", clock=clock)

    with pytest.raises(TooLateError):
        racing.extend(HOUR)


def test_the_next_execution_goes_on_after_the_last_one(store: EndStore) -> None:
    end = store.write("10h")
    store.begin(ends_at=end.ends_at, execution="one")

    assert not store.begin(ends_at=end.ends_at, execution="three", attempt=3)
    assert store.begin(ends_at=end.ends_at, execution="two", attempt=2)
    assert not store.begin(ends_at=end.ends_at, execution="2b", attempt=2)


@pytest.mark.parametrize("seconds", [-11 * HOUR, 401 * DAY])
def test_it_is_moved_to_between_now_and_400_days(store: EndStore, seconds: int) -> None:
    store.write("10h")

    with pytest.raises(PastError, match="has to lie between now and 400 days from now"):
        store.extend(seconds)


def test_what_never_ends_is_not_moved(store: EndStore) -> None:
    with pytest.raises(NoEndError, match="never ends by itself"):
        store.extend(HOUR)

    store.write("10h")
    assert store.forget()
    assert store.get() is None
    assert store.forget()


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(30, "30 s"), (90, "1 min"), (HOUR, "1 h"), (2 * DAY + 4 * HOUR + 60, "2 d 4 h 1 min"), (DAY, "1 d")],
)
def test_spans_for_people(seconds: int, shown: str) -> None:
    assert duration.span(seconds) == shown
