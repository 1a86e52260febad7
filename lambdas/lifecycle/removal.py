"""Removing what takes its time to go, and may refuse at first: look what is there, ask it to go, look again.

Nothing is remembered between two looks but for the log and for giving up, so it does not matter what a former run did,
what went by itself, or what was added meanwhile.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.custom_resource import CustomResourceError, UnfinishedError
from lambdas.common.observability import logger

# The longest; the first ones are shorter, because little is gone soon.
PAUSE_SECONDS: Final = 5.0
# Of one thing that was asked to go and did not, or of a listing that is denied: a role's new policy takes a while.
ATTEMPTS: Final = 10
# Of those that are left, in a reason that has to fit into CloudFormation's answer.
NAMED: Final = 10
REASON_CHARACTERS: Final = 200

# In these states nothing can be asked of it, but for waiting.
BUSY: Final = frozenset({"Pending", "Updating", "Deleting", "Stopping", "creating", "updating", "deleting"})
GONE: Final = frozenset(
    {
        "ExecutionDoesNotExist",
        "FileSystemNotFound",
        "InvalidGroup.NotFound",
        "MountTargetNotFound",
        "ParameterNotFound",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)
# It changes at this moment, or something else that goes has to be gone before.
IN_USE: Final = frozenset(
    {
        "ConflictException",
        "DependencyViolation",
        "FileSystemInUse",
        "IncorrectFileSystemLifeCycleState",
        "ResourceInUse",
    }
)
TEMPORARY: Final = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "Unavailable",
    }
)
DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def _nothing() -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class Member:
    """Something that is to go.

    Attributes:
        name: what it is, for people: ``app JupyterLab/default of space ana``.
        status: as AWS has it.
        delete: asks AWS to delete it; raises ClientError.
        why: returns AWS's reason for a state of failure; may raise ClientError.
    """

    name: str
    status: str = ""
    delete: Callable[[], object]
    why: Callable[[], str] = _nothing


# Returns what there is of it now.
Look = Callable[[], Sequence[Member]]


@dataclass
class _Progress:
    """What is known of what was seen so far."""

    statuses: dict[str, str] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    refusals: dict[str, str] = field(default_factory=dict)
    gone: int = 0

    def saw(self, members: Sequence[Member]) -> None:
        """Log what is new, and what is no more."""
        now = {member.name: member.status for member in members}
        for name, status in now.items():
            if self.statuses.get(name) != status:
                logger.info("found" if name not in self.statuses else "changed", extra={"what": name, "is": status})
        for name in self.statuses.keys() - now.keys():
            logger.info("gone", extra={"what": name})
            self.gone += 1
        self.statuses = now

    def is_hopeless(self, member: Member) -> bool:
        return member.status not in BUSY and self.attempts[member.name] >= ATTEMPTS

    def ask(self, member: Member) -> None:
        """Ask one to go."""
        try:
            member.delete()
        except ClientError as error:
            code = code_of(error)
            # Gone is what was wanted; the others are asked again at the next look, however often it takes.
            if code in GONE | IN_USE | TEMPORARY:
                return
            self.refusals[member.name] = f"{code}: {error.response['Error'].get('Message', '')}"
        self.attempts[member.name] += 1


def remove(
    looks: Sequence[Look],
    *,
    left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Remove all that the looks find, and return how many there were: of a look nothing before the former finds none.

    Args:
        left: seconds that the function still has for this.
        sleep: sleeps that many seconds; for tests.

    Raises:
        UnfinishedError: the time is over; it says what is left. Doing it again goes on from there.
        CustomResourceError: what is left does not go, however often it is asked to.
        ClientError: AWS refuses to list what there is.
    """
    progress = _Progress()
    looked = denied = 0
    while True:
        looked += 1
        trouble = ""
        try:
            members = next((found for look in looks if (found := look())), ())
            progress.saw(members)
            if not members:
                return progress.gone
            _round(members, progress, left)
            denied = 0
        except ClientError as error:
            denied += code_of(error) in DENIED
            if code_of(error) not in TEMPORARY | DENIED or denied >= ATTEMPTS:
                raise
            trouble = f" AWS's last word was {code_of(error)}."
        except (ConnectionError, HTTPClientError) as error:
            trouble = f" AWS's last word was {type(error).__name__}."
        if left() <= PAUSE_SECONDS:
            raise UnfinishedError(_still(progress.statuses) + trouble)
        sleep(min(PAUSE_SECONDS, looked))


def _round(members: Sequence[Member], progress: _Progress, left: Callable[[], float]) -> None:
    """Ask each once."""
    if all(progress.is_hopeless(member) for member in members):
        raise CustomResourceError(_hopeless(members, progress))
    for member in members:
        if member.status in BUSY or progress.is_hopeless(member):
            continue
        if left() <= 0:
            raise UnfinishedError(_still(progress.statuses))
        progress.ask(member)


def _still(statuses: dict[str, str]) -> str:
    if not statuses:
        return "It is not known yet whether anything is left. Do the same again."
    named = [f"{name} ({status})" if status else name for name, status in statuses.items()]
    return (
        f"The time is over, and {len(named):,} of what has to go first are left: {_some(named)}. Look whether they go "
        "by themselves, delete them otherwise, and do the same again: it goes on from there."
    )


def _hopeless(members: Sequence[Member], progress: _Progress) -> str:
    # Each costs a call of AWS's.
    named = [f"{one.name} ({_reason(one, progress)})" for one in members[:NAMED]]
    return (
        f"{len(members):,} of what has to go first cannot be deleted: {_some(named, of=len(members))}. Mend that or "
        "delete them by hand, and do the same again: it goes on from there."
    )


def _reason(member: Member, progress: _Progress) -> str:
    if member.name in progress.refusals:
        return progress.refusals[member.name][:REASON_CHARACTERS]
    try:
        why = member.why()
    except (ClientError, BotoCoreError):
        why = ""
    return (f"{member.status}: {why}" if why else member.status)[:REASON_CHARACTERS]


def _some(named: Sequence[str], *, of: int | None = None) -> str:
    more = (len(named) if of is None else of) - NAMED
    return ", ".join(named[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
