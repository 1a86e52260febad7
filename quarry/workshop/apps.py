"""Starting and stopping participants' apps, a few at a time, with word of how it goes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from time import monotonic, sleep
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from configuration.studio import quotas
from configuration.studio.participants import Participant
from lambdas.common.figures import counted
from quarry.command_error import CommandError
from quarry.deployed.refusals import explanation
from quarry.workshop.studio import IN_SERVICE, StudioDomain

# SageMaker throttles who asks for a room's apps at once.
AT_ONCE: Final = 4
_THROTTLED: Final = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
SECONDS: Final = 5.0
SECONDS_HERE: Final = 0.5
Tell = Callable[[str], None]


class Apps:
    """The apps of participants.

    Args:
        seconds: between two looks.
        minutes: how long to wait at most, for all together.
    """

    def __init__(self, domain: StudioDomain, *, instance_type: str, seconds: float, minutes: int) -> None:
        self._domain = domain
        self._instance_type = instance_type
        self._seconds = seconds
        self._end = monotonic() + minutes * 60
        self._minutes = minutes

    def start(self, people: Sequence[Participant], tell: Tell) -> dict[str, str]:
        """Start everybody's app and wait until it is in service; return id -> why not, of those that are not.

        All are asked for before any is waited for: an app takes minutes, however many others start beside it.
        """
        failed: dict[str, str] = {}
        waiting = [one.id for one in people]
        created: set[str] = set()
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            while True:
                there = self._domain.own_apps()
                problems = list(pool.map(self._step, waiting, map(there.get, waiting), repeat(created)))
                failed |= {space: told for space, told in zip(waiting, problems, strict=True) if told}
                waiting = [space for space in waiting if space not in failed and there.get(space) != IN_SERVICE]
                done = len(people) - len(waiting) - len(failed)
                tell(f"{done} of {len(people)} apps in service, {len(failed)} failed.")
                if not waiting:
                    return failed
                if monotonic() >= self._end:
                    return failed | {space: self._still(there.get(space)) for space in waiting}
                sleep(self._seconds)

    def _step(self, space: str, status: str | None, created: set[str]) -> str | None:
        """Do what a space's app needs next, by what ListApps says of it; return why there will be none, if so."""
        try:
            if status == "Failed" and space in created:
                return str((self._domain.app(space) or {}).get("FailureReason") or "SageMaker gives no reason.")
            if status == "Failed":
                # Left by an earlier try; a space has one app of that name.
                self._domain.delete_app(space)
            elif status is None and space not in created:
                self._domain.create_app(space, instance_type=self._instance_type)
                created.add(space)
            elif status is None and self._domain.app(space) is None:
                return "It was deleted while it started."
        except (ClientError, BotoCoreError) as error:
            # It is asked again at the next look.
            return None if _is_throttled(error) else self._why(error)
        return None

    def _still(self, status: str | None) -> str:
        told = f"still {status}" if status else "not started yet"
        return f"It is {told} after {counted(self._minutes, 'minute')}; start again to go on waiting."

    def _why(self, error: ClientError | BotoCoreError) -> str:
        if isinstance(error, ClientError) and error.response["Error"].get("Code") == "ResourceLimitExceeded":
            known = quotas.load().quotas
            quota = known.get(f"apps_{self._instance_type}", known["running_apps"])
            return (
                f"Quota: {error.response['Error'].get('Message')} Ask for more: {quota.name} ({quota.code}); "
                "`quarry workshop plan` has the command."
            )
        return explanation(error)

    def stop_all(self, tell: Tell) -> None:
        """Delete every app of the domain and wait until none is left.

        Raises:
            CommandError: some are still there when the time is over.
        """
        while left := self._domain.apps():
            for app in left:
                if app["Status"] != "Deleting":
                    self._domain.delete(app)
            tell(f"{len(left)} apps are being deleted.")
            self._wait_or_raise(left)

    def stop(self, space: str) -> None:
        """Delete one space's app and wait until it is gone.

        Raises:
            CommandError: it is still there when the time is over.
        """
        while app := self._domain.app(space):
            if app["Status"] != "Deleting":
                self._domain.delete_app(space)
            self._wait_or_raise([app])

    def _wait_or_raise(self, left: list[dict[str, Any]]) -> None:
        if monotonic() >= self._end:
            names = ", ".join(str(app.get("SpaceName") or app.get("UserProfileName")) for app in left)
            raise CommandError(
                f"After {counted(self._minutes, 'minute')} there are still apps of {names}. Run it again."
            )
        sleep(self._seconds)


def _is_throttled(error: ClientError | BotoCoreError) -> bool:
    return isinstance(error, ClientError) and error.response["Error"].get("Code") in _THROTTLED
