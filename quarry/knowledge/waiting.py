"""Waiting until everything that was uploaded is ingested, or until there is no point in it any more."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic, sleep
from typing import Final

from lambdas.common.figures import counted
from quarry.command_error import CommandError
from quarry.knowledge.status import Activity, StatusReader

FOLLOW: Final = "`quarry knowledge status --wait`"
# How often is asked, on AWS and on this machine.
SECONDS: Final = 5.0
SECONDS_HERE: Final = 1.0


class Waiting:
    """Looks now and then whether ingestion is over.

    Args:
        since: when changes began to go out, by AWS's clock. An event takes a moment from S3 to the queue, so a queue
            that is empty proves nothing until a job has started after that. Not when they had all gone out: a job that
            an earlier change started just then has seen them all, and no other will follow. None: nothing was sent.
        seconds: between two looks.
        minutes: how long to wait at most.
    """

    def __init__(self, reader: StatusReader, *, since: datetime | None, seconds: float, minutes: int) -> None:
        self._reader = reader
        self._since = since
        self._seconds = seconds
        self._minutes = minutes

    def wait(self, tell: Callable[[str], None]) -> None:
        """Wait, telling what goes on in a sentence whenever it is looked.

        Raises:
            CommandError: it took longer than ``minutes``, or Ctrl-C. Ingestion goes on without us.
        """
        end = monotonic() + self._minutes * 60
        quiet_before = False
        dead_before: int | None = None
        try:
            while True:
                activity = self._reader.activity()
                dead_before = activity.dead if dead_before is None else dead_before
                # What has become a dead letter will never start a job.
                quiet = activity.idle and (self._seen(activity) or activity.dead > dead_before)
                # SQS counts approximately: what is quiet once may be a message on its way.
                if quiet and quiet_before:
                    return
                quiet_before = quiet
                if not quiet:
                    tell(self._sentence(activity))
                if monotonic() >= end:
                    raise CommandError(self._late(activity))
                sleep(self._seconds)
        except KeyboardInterrupt as error:
            raise CommandError(f"Stopped waiting. Ingestion goes on by itself; {FOLLOW} follows it.") from error

    def _seen(self, activity: Activity) -> bool:
        if self._since is None:
            return True
        return activity.job is not None and bool(activity.job["startedAt"] >= self._since)

    def _sentence(self, activity: Activity) -> str:
        if activity.idle and not self._seen(activity):
            return "The upload has not started an ingestion yet."
        return activity.in_words()

    def _late(self, activity: Activity) -> str:
        return (
            f"Not done after {counted(self._minutes, 'minute')}. {self._sentence(activity)} It goes on by itself; "
            f"{FOLLOW} waits again. If nothing moves, look at the log of the starter function."
        )
