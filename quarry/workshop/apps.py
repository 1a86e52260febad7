"""Starting and stopping participants' apps, a few at a time, with word of how it goes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from configuration.studio import quotas
from configuration.studio.participants import Participant
from quarry.command_error import CommandError
from quarry.deployed.refusals import explanation
from quarry.workshop.studio import StudioDomain

# SageMaker throttles who asks for a room's apps at once.
AT_ONCE: Final = 4
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
        """Start everybody's app and wait until it is in service; return id -> why not, of those that are not."""
        failed: dict[str, str] = {}
        done = 0
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            results = pool.map(lambda one: (one, self._started(one.id)), people)
            for participant, problem in results:
                done += 1
                if problem:
                    failed[participant.id] = problem
                tell(f"{done - len(failed)} of {len(people)} apps in service, {len(failed)} failed.")
        return failed

    def _started(self, space: str) -> str | None:
        """Return why a space's app is not in service, or None if it is."""
        try:
            return self._bring_up(space)
        except (ClientError, BotoCoreError) as error:
            return self._why(error)

    def _bring_up(self, space: str) -> str | None:
        created = False
        while True:
            app = self._domain.app(space)
            status = app["Status"] if app else None
            if status == "InService":
                return None
            if status == "Failed":
                assert app is not None
                if created:
                    return str(app.get("FailureReason") or "SageMaker gives no reason.")
                # Left by an earlier try; a space has one app of that name.
                self._domain.delete_app(space)
            elif status is None:
                if created:
                    return "It was deleted while it started."
                self._domain.create_app(space, instance_type=self._instance_type)
                created = True
                continue
            if monotonic() >= self._end:
                return f"It is still {status} after {self._minutes} minutes; start again to go on waiting."
            sleep(self._seconds)

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
            raise CommandError(f"After {self._minutes} minutes there are still apps of {names}. Run it again.")
        sleep(self._seconds)
