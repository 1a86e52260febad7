"""What costs in an environment by the hour or the request, and how its end removes it: see ``lambdas.teardown``."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lambdas.common import aws
from lambdas.common.observability import logger
from lambdas.expiry import keys
from lambdas.expiry.steps import Cleared, Left
from lambdas.teardown.asking import Asking
from lambdas.teardown.aws import Aws
from lambdas.teardown.inventory import Entry, Survey
from lambdas.teardown.kind import Phase
from lambdas.teardown.kinds.table import KINDS

READ_SECONDS: Final = 20.0
# Of one step, of which a function has five minutes; what goes on then is looked at in the next one.
STEP_SECONDS: Final = 60.0
# What goes before the stacks. Models cost a little while they are stored, and no stack has them.
PHASES: Final = (Phase.JOBS, Phase.SERVING, Phase.APPS, Phase.MODELS, Phase.SPACES)
# What a budget that is spent ends: people's models and disks stay.
RUNNING: Final = (Phase.JOBS, Phase.SERVING, Phase.APPS)


def environment_aws(environment: str, *, arn: str) -> Aws:
    """Return the account and region as the teardown looks at them; the ARN is of something there."""
    region, account = arn.split(":")[3:5]

    def clients(service: str) -> Any:
        return aws.client(service, read_timeout=READ_SECONDS)  # type: ignore[arg-type] # those of the kinds that go

    return Aws(environment=environment, region=region, clients=clients, account=account)


@dataclass(frozen=True, kw_only=True)
class EnvironmentMoney:
    """What costs in one environment.

    Attributes:
        aws: the account, asked for the environment.
        inference: name of the stack that has the keys.
        phases: what goes.
        clock: seconds that go on, for how long a step takes.
    """

    aws: Aws
    inference: str
    phases: tuple[Phase, ...] = PHASES
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def freeze(self) -> None:
        """Refuse every key."""
        keys.freeze_all(
            self.inference, cloudformation=self.aws.client("cloudformation"), dynamodb=self.aws.client("dynamodb")
        )

    def clear(self) -> Cleared:
        """Remove what there is, as far as it goes in one step, and tell how far that was."""
        ends = self.clock() + STEP_SECONDS
        asking = Asking(
            aws=self.aws,
            left=lambda: ends - self.clock(),
            sleep=self.sleep,
            tell=logger.info,
            retained=lambda _entry: False,
        )
        survey = self._survey()
        for phase in self.phases:
            asking.clear(survey, phase)
        there = {entry.thing.key: entry for entry in self._there(survey)}
        progress = asking.progress
        deleted = [_called(*key) for key in progress.seen if key not in there]
        left = [_left(entry, progress.why.get(key, "")) for key, entry in there.items()]
        return Cleared(done=all(progress.is_hopeless(key) for key in there), deleted=tuple(deleted), left=tuple(left))

    def left(self) -> tuple[Left, ...]:
        """Return what of it is there, and what could not be looked at."""
        survey = self._survey()
        there = [_left(entry, entry.thing.why) for entry in self._there(survey)]
        unseen = [Left(what=one.what, reason=f"it could not be looked at: {one.why}") for one in survey.unseen]
        return (*there, *unseen)

    def usd_per_hour(self) -> float:
        """Return what of it costs by the hour, as far as prices are known, in US dollars."""
        return sum(entry.thing.usd_per_hour or 0.0 for entry in self._there(self._survey()))

    def _survey(self) -> Survey:
        return Survey(self.aws, kinds=[kind for kind in KINDS if kind.phase in self.phases])

    def _there(self, survey: Survey) -> list[Entry]:
        """Return what is there that no stack takes along."""
        found = survey.entries([kind for kind in KINDS if kind.phase in self.phases])
        return [entry for entry in found if not entry.in_stack and entry.kind is not None]


def _called(service: str, type_: str, id_: str) -> str:
    return f"{service} {type_} {id_}"


def _left(entry: Entry, why: str) -> Left:
    thing = entry.thing
    reason = why or (f"it is {thing.state}" if thing.state else "it is still there")
    return Left(what=_called(*thing.key), reason=reason, usd_per_hour=thing.usd_per_hour)
