"""Asking things to go, again and again, until none is left or it is plain that some do not go.

Nothing is remembered from one run to the next: what is there is looked up. So it does not matter what a former run did,
what went by itself, what somebody deleted by hand, or whether another teardown works beside this one.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.custom_resource import CustomResourceError
from lambdas.teardown.aws import DENIED, Aws, is_missing
from lambdas.teardown.inventory import Entry, Survey
from lambdas.teardown.kind import Kind, Phase
from lambdas.teardown.kinds.table import KINDS
from lambdas.teardown.thing import Thing

# The longest, between two looks; the first ones are shorter, because little is gone soon.
PAUSE_SECONDS: Final = 5.0
# Refusals of one thing after which asking it is given up. Rights that were just granted take a while.
REFUSALS: Final = 3
# Looks at one thing that is in use, or was asked to go and stays, after which it is given up: some 10 minutes.
LOOKS: Final = 120
# For one phase before the stacks: what hangs there is told of in the end, and does not keep the rest.
PHASE_SECONDS: Final = 900.0

# What it is used by goes too, or it changes at this moment.
IN_USE: Final = frozenset(
    {
        "BucketNotEmpty",
        "ConflictException",
        "DeleteConflict",
        "DependencyViolation",
        "FileSystemInUse",
        "IncorrectFileSystemLifeCycleState",
        "InvalidParameterValue",
        "OperationAborted",
        "ResourceConflictException",
        "ResourceInUse",
        "ResourceInUseException",
    }
)
TEMPORARY: Final = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "LimitExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "Unavailable",
    }
)

Key = tuple[str, str, str]
Tell = Callable[[str], None]


@dataclass
class Progress:
    """What is known of what was asked, in one run.

    Attributes:
        refused: how often AWS said no for good, by thing.
        stayed: how often it was looked at and still there after it had been asked, by thing.
        why: AWS's last word, by thing.
        seen: every thing that was ever seen, so that the end can say what is gone.
    """

    refused: Counter[Key] = field(default_factory=Counter)
    stayed: Counter[Key] = field(default_factory=Counter)
    why: dict[Key, str] = field(default_factory=dict)
    seen: dict[Key, Thing] = field(default_factory=dict)

    def saw(self, things: Iterable[Thing]) -> None:
        """Remember them as they were first seen."""
        for thing in things:
            self.seen.setdefault(thing.key, thing)

    def is_hopeless(self, key: Key) -> bool:
        """Tell whether asking it once more is of no use."""
        return self.refused[key] >= REFUSALS or self.stayed[key] >= LOOKS

    def note(self, key: Key, error: Exception) -> None:
        """Remember why something did not go; whether that may change decides how often it is asked again."""
        if isinstance(error, ClientError):
            code = code_of(error)
            if is_missing(error):
                return
            self.why[key] = f"{code}: {error.response['Error'].get('Message', '')} ({error.operation_name})"
            if code in DENIED or code not in IN_USE | TEMPORARY:
                self.refused[key] += 1
            return
        self.why[key] = f"{type(error).__name__}: {error}"
        if not isinstance(error, ConnectionError | HTTPClientError):
            self.refused[key] += 1


@dataclass
class Asking:
    """One run's way of asking.

    Args:
        aws: the account.
        left: seconds that there still are for all of it.
        sleep: sleeps that many seconds.
        tell: is told what goes on, in words.
        retained: whether a thing is to stay.
    """

    aws: Aws
    left: Callable[[], float]
    sleep: Callable[[float], None]
    tell: Tell
    retained: Callable[[Entry], bool]
    progress: Progress = field(default_factory=Progress)

    def clear(self, survey: Survey, phase: Phase, *, seconds: float | None = None) -> None:
        """Ask what there is of a phase's kinds to go, until none of it is left, or hope, or time."""
        kinds = [kind for kind in KINDS if kind.phase == phase]
        began, looks = self.left(), 0
        while kinds:
            waiting = self._waiting(survey, kinds)
            if not waiting:
                return
            self.tell(f"{_counted(waiting)} to go.")
            for entry in waiting:
                self._ask(entry)
            over = self.left() <= 0 or (seconds is not None and began - self.left() >= seconds)
            if over:
                return
            # The first look comes at once: most things are gone when the call returns.
            self.sleep(min(PAUSE_SECONDS, looks))
            looks += 1

    def _waiting(self, survey: Survey, kinds: list[Kind]) -> list[Entry]:
        entries = [one for one in survey.entries(kinds) if not one.in_stack and not self.retained(one)]
        self.progress.saw(entry.thing for entry in entries)
        return [one for one in entries if not self.progress.is_hopeless(one.thing.key)]

    def _ask(self, entry: Entry) -> None:
        key, kind = entry.thing.key, entry.kind
        self.progress.stayed[key] += 1
        if kind is None or entry.thing.state in kind.busy:
            self.progress.why.setdefault(key, f"It is {entry.thing.state}." if entry.thing.state else "")
            return
        self.delete(key, kind)

    def delete(self, key: Key, kind: Kind) -> None:
        """Ask one to go, and remember why if it is refused."""
        try:
            kind.deletes(self.aws, key[2])
            self.progress.why.setdefault(key, "It was asked to go and is still there.")
        except (ClientError, BotoCoreError, CustomResourceError) as error:
            self.progress.note(key, error)


def _counted(entries: Iterable[Entry]) -> str:
    counts = Counter(f"{one.thing.service} {one.thing.type}" for one in entries)
    return ", ".join(f"{count:,} x {name}" for name, count in counts.items())
