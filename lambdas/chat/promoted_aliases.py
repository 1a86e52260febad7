"""The aliases with the promotions that stand over them, for a function that answers requests.

Promotions are read beside the requests: whoever finds them older than ``SECONDS`` has a thread read them anew, and
goes on with those that are known. Only the first request of a process waits, and the first one after it was idle, which
knows what was true minutes or hours ago: ``FIRST_SECONDS`` at most, so that they answer like their neighbours. If they
cannot be read, the last ones stay, and nobody waits; the log and the metric ``PromotionsNotRead`` say so. If a model
has gone that is still known, the configured candidates answer (``Candidate.may_fall_back``).
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aws_lambda_powertools.metrics import MetricUnit

from lambdas.catalogue.models import find
from lambdas.chat.candidates import Candidate
from lambdas.chat.promotions import Promotion
from lambdas.chat.settings import CandidateEntry, Promoted
from lambdas.common.errors import MOST_SAID, cut
from lambdas.common.observability import logger, metrics

SECONDS: Final = 15.0
# Who answers requests has read them anew before: it was idle.
IDLE_SECONDS: Final = 2 * SECONDS
FIRST_SECONDS: Final = 1.0

Entries = Mapping[str, Sequence[CandidateEntry | Promoted]]


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="promotions", daemon=True).start()


class PromotedAliases:
    """A source of ``lambdas.chat.aliases.Aliases``; threads may share it.

    Args:
        configured: alias -> its configured candidates, best first.
        read: gives alias -> promotion, as ``Promotions.standing``; may take its time and may fail.
        clock: the wall clock, since others may stand still while the process is frozen; seconds since the epoch.
        beside: has work done beside the caller; for tests.
    """

    def __init__(
        self,
        *,
        configured: Mapping[str, Sequence[CandidateEntry]],
        read: Callable[[], Mapping[str, Promotion]],
        clock: Callable[[], float] = time.time,
        beside: Callable[[Callable[[], None]], None] = _in_a_thread,
    ) -> None:
        self._configured = configured
        self._read = read
        self._clock = clock
        self._beside = beside
        self._lock = threading.Lock()
        self._known = threading.Event()
        self._reading = False
        self._asked_at = float("-inf")
        # When they were read last, and whether nothing went wrong since.
        self._read_at = float("inf")
        self._read_well = True
        self._not_read = 0
        self._promotions: Mapping[str, Promotion] = {}
        self._ignored: dict[str, Promotion] = {}
        # What is given, and until when: the next moment at which a promotion ends by itself.
        self._given: tuple[Entries, float] = (configured, float("inf"))

    def __call__(self) -> Entries:
        """Return alias -> candidates, best first: the promoted one, where there is one, and the configured ones."""
        self.prepare()
        if not self._known.is_set():
            if not self._known.wait(FIRST_SECONDS):
                self._read_well = False
            # Once: if they cannot be read, nobody else is to wait.
            self._known.set()
        if self._not_read:
            with self._lock:
                failed, self._not_read = self._not_read, 0
            metrics.add_metric(name="PromotionsNotRead", unit=MetricUnit.Count, value=failed)
        given, until = self._given
        return given if self._clock() < until else self._stand()

    def prepare(self) -> None:
        """Have the promotions read anew if they are old, without waiting for it."""
        with self._lock:
            now = self._clock()
            # A clock that was set back makes them old too.
            if self._reading or 0 <= now - self._asked_at < SECONDS:
                return
            self._reading, self._asked_at = True, now
            if self._read_well and now - self._read_at >= IDLE_SECONDS:
                self._known.clear()
        try:
            self._beside(self._renew)
        except RuntimeError as error:
            # No thread can be had.
            self._failed(error)
            self._known.set()
            self._reading = False

    def _renew(self) -> None:
        try:
            self._promotions = {alias: one for alias, one in self._read().items() if self._fits(alias, one)}
            self._stand()
            self._read_at, self._read_well = self._clock(), True
        except Exception as error:
            # Whatever it is, requests are answered by what was known.
            self._failed(error)
        finally:
            self._known.set()
            self._reading = False

    def _failed(self, error: Exception) -> None:
        with self._lock:
            self._not_read += 1
            self._read_well = False
        logger.warning("promotions not read", extra={"reason": type(error).__name__, "aws": cut(str(error), MOST_SAID)})

    def _stand(self) -> Entries:
        """Put the promotions that have not ended before the configured candidates."""
        now = self._clock()
        standing = {
            alias: one for alias, one in self._promotions.items() if one.until is None or one.until.timestamp() > now
        }
        ends = [one.until.timestamp() for one in standing.values() if one.until is not None]
        entries: dict[str, Sequence[CandidateEntry | Promoted]] = dict(self._configured)
        for alias, one in standing.items():
            entries[alias] = (
                Promoted(arn=one.tuned.arn, stands_for=one.tuned.base, run=one.tuned.run),
                *self._configured[alias],
            )
        self._given = (entries, min(ends, default=float("inf")))
        return entries

    def _fits(self, alias: str, one: Promotion) -> bool:
        """Tell whether a promotion can stand: its alias is there and chats, as its base does. Log once if not."""
        problem = self._problem(alias, one)
        if problem and self._ignored.get(alias) != one:
            logger.warning("promotion ignored", extra={"alias": alias, "run": one.tuned.run, "problem": problem})
        if problem:
            self._ignored[alias] = one
        return not problem

    def _problem(self, alias: str, one: Promotion) -> str:
        if alias not in self._configured:
            return "the environment has no such alias any more"
        try:
            kinds = {Candidate.of(self._configured[alias][0]).model.kind, find(one.tuned.base).kind}
        except ValueError as error:
            return str(error)
        return "" if kinds == {"chat"} else f"alias and model must both be able to chat: {', '.join(sorted(kinds))}"
