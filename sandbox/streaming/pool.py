"""The warm instances of all functions: one request at a time each, as many as are needed, ended when they are not."""

import asyncio
import contextvars
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sandbox.streaming.function import Function, FunctionKey
from sandbox.streaming.instance import Instance, StartError

BOUND: Final = 50
"""Instances that one function may have at once."""

INIT_SECONDS: Final = 10.0
"""How long AWS lets an execution environment start."""

_CHECK_SECONDS: Final = 0.5

_logger = logging.getLogger(__name__)


class FullError(Exception):
    """The function has as many instances as it may have, and all are busy."""


@dataclass(eq=False)
class _Waiting:
    """A request that waits for an instance: the one begun for it, or another that becomes free.

    Attributes:
        freed: gets that other one.
        begun: whether the one for it has had its turn to start.
    """

    function: Function
    freed: asyncio.Future[Instance]
    begun: bool = False


class Pool:
    """Owns every instance from its start to its end.

    Args:
        spawn: starts an instance, which is not ready yet.
        fingerprint_of: the fingerprint a function has now, None when it was deleted.
        idle_seconds: after which an instance that serves nothing is ended.
        bound: instances of one function.
        init_seconds: in which an instance has to be ready. AWS's limit is for a processor of its own.
    """

    def __init__(
        self,
        *,
        spawn: Callable[[Function], Awaitable[Instance]],
        fingerprint_of: Callable[[FunctionKey], str | None],
        idle_seconds: float,
        bound: int = BOUND,
        init_seconds: float = INIT_SECONDS,
    ) -> None:
        self._spawn = spawn
        self._fingerprint_of = fingerprint_of
        self._idle_seconds = idle_seconds
        self._bound = bound
        self._init_seconds = init_seconds
        self._living: list[Instance] = []
        # Idle ones and since when, the most recently used last: a surplus at the beginning grows old.
        self._idle: dict[Instance, float] = {}
        self._starting: Counter[FunctionKey] = Counter()
        self._waiting: list[_Waiting] = []
        # On AWS each has a processor of its own; here many at once would make every one of them start too slowly.
        self._slots = asyncio.Semaphore(max(2, os.cpu_count() or 1))
        self._killed: list[Instance] = []
        self._watch: asyncio.Task[None] | None = None

    async def acquire(self, function: Function) -> Instance:
        """An instance for one request, which is ready, or will be later where the function asked for that.

        A new one is begun where none is idle; one that becomes free meanwhile is taken instead.

        Raises:
            FullError: all are busy.
            StartError: a new one was needed and did not start.
        """
        for instance in reversed(self._idle):
            if self._fits(instance, function):
                del self._idle[instance]
                return instance
        if self._count(function.key) >= self._bound:
            raise FullError(f"function {function.key.name} is at its {self._bound} instances")
        waiting = _Waiting(function, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._starting[function.key] += 1
        start = asyncio.create_task(self._start(waiting), context=contextvars.Context())
        taken = False
        try:
            await asyncio.wait({start, waiting.freed}, return_when=asyncio.FIRST_COMPLETED)
            taken = True
            return waiting.freed.result() if waiting.freed.done() else start.result()
        finally:
            self._waiting.remove(waiting)
            if waiting.freed.done() and not taken:
                self.release(waiting.freed.result())
            if waiting.freed.done() or not taken:
                self._let_go(start, waiting)

    def _fits(self, instance: Instance, function: Function) -> bool:
        one, other = instance.function, function
        return one.key == other.key and one.fingerprint == other.fingerprint and instance.alive

    def _count(self, key: FunctionKey) -> int:
        return self._starting[key] + sum(instance.function.key == key for instance in self._living)

    async def _start(self, waiting: _Waiting) -> Instance:
        function = waiting.function
        try:
            await self._slots.acquire()
            waiting.begun = True
            deadline = asyncio.get_running_loop().time() + self._init_seconds
            instance = await self._spawn(function)
        except BaseException:
            if waiting.begun:
                self._slots.release()
            raise
        finally:
            self._starting[function.key] -= 1
        self._living.append(instance)
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._end_useless(), context=contextvars.Context())
        try:
            if not await instance.wait_until_ready(deadline=deadline) and not instance.settings.async_init:
                message = f"the server did not answer its readiness check within {self._init_seconds:g} s"
                instance.log.write([f"{message} Sandbox.Timedout"])
                raise StartError(message)
        except BaseException:
            self.release(instance, keep=False)
            raise
        finally:
            self._slots.release()
        return instance

    def _let_go(self, start: asyncio.Task[Instance], waiting: _Waiting) -> None:
        """Nobody waits for this start any more: leave it if it has not begun, and otherwise keep what comes of it."""
        if not waiting.begun:
            start.cancel()
        start.add_done_callback(self._keep_unclaimed)

    def _keep_unclaimed(self, start: asyncio.Task[Instance]) -> None:
        if start.cancelled():
            return
        error = start.exception()
        if error is None:
            self.release(start.result())
        else:
            _logger.warning("an instance nobody waits for any more did not start: %s", error)

    def release(self, instance: Instance, *, keep: bool = True) -> None:
        """Give back what :meth:`acquire` gave; without ``keep`` it is ended."""
        if instance not in self._living:
            return  # Ended while it was busy, by a reset.
        if not (keep and instance.alive):
            self._end(instance)
            return
        for waiting in self._waiting:
            if not waiting.freed.done() and self._fits(instance, waiting.function):
                waiting.freed.set_result(instance)
                return
        self._idle[instance] = asyncio.get_running_loop().time()

    async def _end_useless(self) -> None:
        """While there are instances, end those whose function changed or is gone, or that were idle too long."""
        while self._living or self._killed:
            await asyncio.sleep(_CHECK_SECONDS)
            for killed in [instance for instance in self._killed if not instance.alive]:
                self._killed.remove(killed)
            now = asyncio.get_running_loop().time()
            for instance, since in list(self._idle.items()):
                changed = self._fingerprint_of(instance.function.key) != instance.function.fingerprint
                if changed or now - since >= self._idle_seconds or not instance.alive:
                    self._end(instance)

    def _end(self, instance: Instance) -> None:
        self._living.remove(instance)
        self._idle.pop(instance, None)
        instance.kill()
        # Its exit status is collected by `alive`, later.
        self._killed.append(instance)

    def end_all(self) -> None:
        """End every instance, busy or not, and wait until they are gone."""
        for instance in list(self._living):
            self._end(instance)
        for instance in self._killed:
            instance.collect()
        self._killed.clear()
