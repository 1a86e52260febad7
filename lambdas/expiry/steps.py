"""The steps by which things end: a state machine runs them one after the other until ``done``, and waits in between.

What is known so far goes from step to step as a document, so that each is short, and that what fails or takes long is
taken up where it was:

    begin     once and by one execution only: an end that was moved meanwhile is not begun
    money     what costs by the hour or the request: keys, jobs, throughput, deployments, apps, spaces
    stacks    the stacks, in reverse; one that does not go is left for the next try, and the others go all the same
    verdict   found, deleted, left, and what that still costs, told to the owners
    last      its own stack, with the state machine that is at work: so nothing is told after it

A budget that is spent takes the first two, and is told.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from lambdas.expiry.stacks import Stacks

WAIT_SECONDS: Final = 15
# Of what costs: after that the stacks go all the same, and the verdict says what is left.
MONEY_SECONDS: Final = 30 * 60
# Of one stack: Studio's takes half an hour, with its apps.
STACK_SECONDS: Final = 90 * 60
# Between two executions where something was left, and how many there are.
AGAIN_SECONDS: Final = 3_600
EXECUTIONS: Final = 6


@dataclass(frozen=True, kw_only=True)
class Left:
    """One thing that was not removed, what it costs, and why it is there; ``usd_per_hour`` is None where unknown."""

    what: str
    reason: str
    usd_per_hour: float | None = None


@dataclass(frozen=True, kw_only=True)
class Cleared:
    """How far the removal of what costs is.

    Attributes:
        done: nothing more is to be waited for.
        deleted: what went since the last look, by name.
        left: what is there yet.
    """

    done: bool
    deleted: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()


class Money(Protocol):
    """What costs by the hour or the request, in one environment."""

    def freeze(self) -> None:
        """Refuse every key."""
        ...

    def clear(self) -> Cleared:
        """Remove what there is, as far as it goes without waiting, and tell how far that was."""
        ...

    def left(self) -> tuple[Left, ...]:
        """Return what is there of the environment, stacks and what they hold left out."""
        ...


class Moments(Protocol):
    """When the environment ends: ``lambdas.expiry.end.EndStore``, and its schedules."""

    def begin(self, *, ends_at: int, execution: str, attempt: int) -> bool: ...

    def again(self, *, ends_at: int, attempt: int, at: float) -> None: ...


@dataclass(frozen=True, kw_only=True)
class State:
    """What is known so far.

    Attributes:
        why: "expiry", or "budget", after which the stacks stay.
        quiet: of a budget: the owners know, and are told only if something more was removed.
        ends_at: the end that this execution was made for.
        since: when the present phase, or the deletion of the present stack, began (epoch).
        stack: index of the present stack.
        tries: how often its deletion was begun.
        wait: seconds until the next step.
    """

    why: str
    phase: str
    execution: str = ""
    ends_at: int = 0
    attempt: int = 1
    since: float = 0.0
    stack: int = 0
    tries: int = 0
    deleted: tuple[str, ...] = ()
    left: tuple[Left, ...] = ()
    wait: int = 0
    quiet: bool = False
    done: bool = False

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> "State":
        """Read what the state machine hands over; what the machine adds for itself is passed over."""
        known = {name: value for name, value in event.items() if name in cls.__dataclass_fields__}
        known["left"] = tuple(Left(**one) for one in known.get("left", ()))
        known["deleted"] = tuple(known.get("deleted", ()))
        return cls(**known)


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Takes steps.

    Attributes:
        names: of the stacks, in the order in which they go; the last is its own.
        tell: tells the owners how it ended.
        now: seconds since the epoch.
    """

    names: tuple[str, ...]
    money: Money
    stacks: Stacks
    moments: Moments
    tell: Callable[[State], None]
    now: Callable[[], float] = field(repr=False)

    def step(self, state: State) -> State:
        """Take the next step, and return what is known after it."""
        return {
            "begin": self._begin,
            "money": self._money,
            "stacks": self._stacks,
            "verdict": self._verdict,
            "last": self._last,
        }[state.phase](replace(state, wait=0))

    def _to(self, state: State, phase: str) -> State:
        return replace(state, phase=phase, since=self.now(), tries=0)

    def _begin(self, state: State) -> State:
        mine = state.why != "expiry" or self.moments.begin(
            ends_at=state.ends_at, execution=state.execution, attempt=state.attempt
        )
        if not mine:
            return replace(state, done=True)
        if state.why == "expiry":
            self.money.freeze()
        return self._to(state, "money")

    def _money(self, state: State) -> State:
        cleared = self.money.clear()
        state = replace(state, deleted=(*state.deleted, *cleared.deleted), left=cleared.left)
        if not cleared.done and self.now() - state.since < MONEY_SECONDS:
            return replace(state, wait=WAIT_SECONDS)
        return self._to(state, "stacks" if state.why == "expiry" else "verdict")

    def _stacks(self, state: State) -> State:
        if state.stack >= len(self.names) - 1:
            return self._to(state, "verdict")
        name = self.names[state.stack]
        deletion = self.stacks.delete(name, tries=state.tries)
        if deletion.gone and state.tries:
            state = replace(state, deleted=(*state.deleted, f"stack {name}"))
        reason = deletion.failed
        if not deletion.gone and not reason and self.now() - state.since >= STACK_SECONDS:
            reason = f"it is not gone after {STACK_SECONDS // 60} minutes"
        if reason:
            state = replace(state, left=(*state.left, Left(what=f"stack {name}", reason=reason)))
        if deletion.gone or reason:
            return self._to(replace(state, stack=state.stack + 1), "stacks")
        return replace(state, tries=deletion.tries, wait=WAIT_SECONDS)

    def _verdict(self, state: State) -> State:
        """Look once more at what is there, and tell."""
        stacks = tuple(one for one in state.left if one.what.startswith("stack "))
        state = replace(state, left=(*stacks, *self.money.left()))
        if state.deleted or not state.quiet:
            self.tell(state)
        if state.why != "expiry":
            return replace(state, done=True)
        if not state.left:
            return self._to(state, "last")
        if state.attempt < EXECUTIONS:
            attempt = state.attempt + 1
            self.moments.again(ends_at=state.ends_at, attempt=attempt, at=self.now() + AGAIN_SECONDS)
        return replace(state, done=True)

    def _last(self, state: State) -> State:
        self.stacks.begin(self.names[-1])
        return replace(state, done=True)
