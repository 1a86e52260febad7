"""The pool alone, with instances that are none."""

import asyncio
import os
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandbox.streaming import pool
from sandbox.streaming.function import Function, FunctionKey
from sandbox.streaming.instance import Instance, StartError
from sandbox.streaming.pool import FullError, Pool


def function(fingerprint: str = "one", *, name: str = "f") -> Function:
    key = FunctionKey(account="0", region="r", name=name, version="$LATEST")
    return Function(key=key, fingerprint=fingerprint, record={})


class FakeInstance:
    def __init__(self, function: Function, *, ready: bool = True, async_init: bool = False) -> None:
        self.function = function
        self.alive = True
        self.collected = False
        self.killed = False
        self.settings = SimpleNamespace(async_init=async_init)
        self.log = SimpleNamespace(write=print)
        self._ready = ready

    async def wait_until_ready(self, *, deadline: float) -> bool:
        await asyncio.sleep(0)
        return self._ready

    def kill(self) -> None:
        self.alive = False
        self.killed = True

    def collect(self) -> None:
        self.collected = True


class Fixture:
    """A pool, and all instances that it started."""

    def __init__(self, *, bound: int = 50, idle_seconds: float = 300, **options: Any) -> None:
        self.started: list[FakeInstance] = []
        self.fingerprint: str | None = "one"
        self.options = options
        self.hold: asyncio.Event | None = None
        self.asked = 0
        self.pool = Pool(
            spawn=self.spawn, fingerprint_of=lambda _: self.fingerprint, idle_seconds=idle_seconds, bound=bound
        )

    async def spawn(self, function: Function) -> Instance:
        self.asked += 1
        await asyncio.sleep(0)
        if self.hold is not None:
            await self.hold.wait()
        self.started.append(FakeInstance(function, **self.options))
        return cast(Instance, self.started[-1])


def test_the_instance_used_last_is_reused_first() -> None:
    async def run() -> None:
        fixture = Fixture()
        first, second = [await fixture.pool.acquire(function()) for _ in range(2)]
        fixture.pool.release(first)
        fixture.pool.release(second)

        assert await fixture.pool.acquire(function()) is second
        assert await fixture.pool.acquire(function()) is first
        assert len(fixture.started) == 2

    asyncio.run(run())


def test_another_function_or_version_gets_an_instance_of_its_own() -> None:
    async def run() -> None:
        fixture = Fixture()
        fixture.pool.release(await fixture.pool.acquire(function()))

        for other in (function("two"), function(name="g")):
            assert (await fixture.pool.acquire(other)).function is other

    asyncio.run(run())


def test_the_bound_counts_those_that_are_starting() -> None:
    async def run() -> None:
        fixture = Fixture(bound=2)
        outcomes = await asyncio.gather(*(fixture.pool.acquire(function()) for _ in range(3)), return_exceptions=True)

        assert [type(outcome) for outcome in outcomes].count(FullError) == 1
        assert len(fixture.started) == 2
        assert (await fixture.pool.acquire(function(name="g"))).function.key.name == "g"

    asyncio.run(run())


def test_one_that_is_not_ready_in_time_is_ended_unless_it_may_be_late() -> None:
    async def run() -> None:
        fixture = Fixture(ready=False)
        with pytest.raises(StartError, match="readiness"):
            await fixture.pool.acquire(function())
        assert not fixture.started[0].alive

        assert await Fixture(ready=False, async_init=True).pool.acquire(function())

    asyncio.run(run())


def test_one_that_becomes_free_is_taken_instead_of_one_that_has_not_begun() -> None:
    async def run() -> None:
        fixture = Fixture()
        busy = await fixture.pool.acquire(function())
        fixture.hold = asyncio.Event()
        many = [asyncio.create_task(fixture.pool.acquire(function())) for _ in range(40)]
        begun = fixture.asked + max(2, os.cpu_count() or 1)
        while fixture.asked < begun:
            await asyncio.sleep(0)
        for _ in many:
            await asyncio.sleep(0)
            fixture.pool.release(busy)
        assert set(await asyncio.gather(*many)) == {busy}

        fixture.hold.set()
        while len(fixture.started) < begun:
            await asyncio.sleep(0)
        await everything_else()
        assert len(fixture.started) == fixture.asked == begun < 40

    asyncio.run(run())


async def everything_else() -> None:
    """Let all other tasks run until none of them can go on by itself: here nothing waits but for another of them."""
    for _ in range(1000):
        await asyncio.sleep(0)


def test_one_nobody_waits_for_any_more_is_kept() -> None:
    async def run() -> None:
        fixture = Fixture()
        waiting = asyncio.create_task(fixture.pool.acquire(function()))
        while not fixture.asked:
            await asyncio.sleep(0)
        waiting.cancel()
        await everything_else()

        assert waiting.cancelled()
        assert await fixture.pool.acquire(function()) is cast(Instance, fixture.started[0])
        assert len(fixture.started) == 1

    asyncio.run(run())


@pytest.fixture
def _looked_at_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_CHECK_SECONDS", 0.01)


@pytest.mark.usefixtures("_looked_at_often")
@pytest.mark.parametrize("reason", ["idle", "changed", "deleted", "died"])
def test_a_useless_one_is_ended(reason: str) -> None:
    async def run() -> None:
        fixture = Fixture(idle_seconds=0 if reason == "idle" else 300)
        fixture.pool.release(await fixture.pool.acquire(function()))
        instance = fixture.started[0]
        if reason == "died":
            instance.alive = False
        elif reason != "idle":
            fixture.fingerprint = "two" if reason == "changed" else None
        while not instance.killed:
            await asyncio.sleep(0.01)

        assert not instance.alive
        await fixture.pool.acquire(function())
        assert len(fixture.started) == 2

    asyncio.run(run())


@pytest.mark.usefixtures("_looked_at_often")
def test_a_busy_one_outlives_an_update_until_it_is_free() -> None:
    async def run() -> None:
        fixture = Fixture()
        busy, idle = [await fixture.pool.acquire(function()) for _ in range(2)]
        fixture.pool.release(idle)
        fixture.fingerprint = "two"
        while idle.alive:
            await asyncio.sleep(0.01)
        assert busy.alive

        fixture.pool.release(busy)
        while busy.alive:
            await asyncio.sleep(0.01)

    asyncio.run(run())


def test_one_that_is_not_to_be_kept_is_ended_and_ending_all_takes_the_busy_ones_too() -> None:
    async def run() -> None:
        fixture = Fixture()
        spoiled, idle, busy = [await fixture.pool.acquire(function()) for _ in range(3)]
        fixture.pool.release(spoiled, keep=False)
        fixture.pool.release(idle)
        fixture.pool.end_all()
        fixture.pool.release(busy)

        assert [instance.alive for instance in fixture.started] == [False] * 3
        assert [instance.collected for instance in fixture.started] == [True] * 3

    asyncio.run(run())
