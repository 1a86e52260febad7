"""The pipeline's steps that make something and take it away: job, hosting, promotion, clearing.

Each reads the run's status, does one thing, writes the status, and returns what the state machine goes on with. Each
may be run twice for the same: what is there already is found, not made again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from lambdas.chat.promotions import Promotions, TunedModel, path_of
from lambdas.common import aws
from lambdas.common.observability import logger
from lambdas.tuning import bedrock as calls
from lambdas.tuning import jobs, message, names
from lambdas.tuning import run as runs
from lambdas.tuning.bedrock import Bedrock
from lambdas.tuning.clearing import Clearing
from lambdas.tuning.endings import STATES, Outcome, gone_with, outcome_of, reason_for
from lambdas.tuning.hosting import Hosting, check_end
from lambdas.tuning.jobs import JobError
from lambdas.tuning.run import RunRequest, RunStatus
from lambdas.tuning.schedules import Schedules
from lambdas.tuning.settings import ConductorSettings
from lambdas.tuning.store import NoSuchRunError, RunStore

READ_SECONDS: Final = 15.0
# What a commitment lasts at least. Source: Bedrock user guide, "Provisioned Throughput".
COMMITMENT_DAYS: Final = {"OneMonth": 30, "SixMonths": 182}
# More lines of what is left tell nobody more.
NAMED: Final = 10


@dataclass(frozen=True, kw_only=True)
class Conductor:
    """Does the steps.

    Attributes:
        clock: tells the time; for tests.
    """

    settings: ConductorSettings
    store: RunStore
    bedrock: Bedrock
    schedules: Schedules
    promotions: Promotions
    sns: message.Topic
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def create_job(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Make the run's customization job; return its ARN."""
        status = self.store.change(event["run"], phase="creating_job")
        arn = jobs.create(
            status,
            bedrock=self.bedrock,
            store=self.store,
            environment=self.settings.environment,
            owner=self.settings.owner,
            role_arn=self.settings.job_role_arn,
        )
        self.store.change(status.run, phase="preparing_job", job_arn=arn)
        return {"job_arn": arn}

    def observe(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Write down in which phase the job is, with Bedrock's details."""
        job = self.bedrock.get_model_customization_job(jobIdentifier=event["job_arn"])
        self.store.change(event["run"], phase=event["phase"], details=jobs.details(job))
        return {}

    def job_ended(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Say why the job ended without a model.

        Raises:
            JobError: with Bedrock's words.
        """
        job = self.bedrock.get_model_customization_job(jobIdentifier=event["job_arn"])
        self.store.change(event["run"], details=jobs.details(job))
        why = str(job.get("failureMessage") or "Bedrock gives no reason").rstrip(".")
        raise JobError(f"The customization job is {job['status']}: {why}. What failed is not billed.")

    def host(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Have the model hosted; return {"hosted_arn", "kind"}. ``removal_arn``: what ends throughput."""
        run = event["run"]
        job = self.bedrock.get_model_customization_job(jobIdentifier=event["job_arn"])
        status = self.store.change(run, phase="hosting", details=jobs.details(job), model_arn=job["outputModelArn"])
        request, hosting = self._request(status), self._hosting(status)
        if request.hosting == "provisioned":
            until = self._until(request) if status.until is None else datetime.fromisoformat(status.until)
            # Before it is made: what is written nowhere would be ended by nobody who looks here.
            self.store.change(run, until=until.isoformat(timespec="seconds"))
            arn = hosting.provision(
                job["outputModelArn"],
                units=request.model_units or 1,
                commitment=request.commitment,
                until=until,
                schedules=self.schedules,
                removal_arn=event["removal_arn"],
                role_arn=self.settings.schedule_role_arn,
            )
        else:
            arn = hosting.deploy(job["outputModelArn"])
        self.store.change(run, hosted_arn=arn)
        return {"hosted_arn": arn, "kind": request.hosting}

    def measure(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Write down that base and tuned model are being asked."""
        self.store.change(event["run"], phase="evaluating")
        return {}

    def move(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Have the alias's deployment take the model, where another one serves; return {"moving", "hosted_arn"}."""
        status = self.store.change(event["run"], phase="promoting")
        if self._request(status).hosting == "provisioned":
            return {"moving": False, "hosted_arn": status.hosted_arn}
        moved = self._hosting(status).move(str(status.model_arn), hosted_arn=str(status.hosted_arn))
        return {"moving": moved is not None, "hosted_arn": moved or status.hosted_arn}

    def promote(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Have the alias answer from the model from now on; return the throughput that it leaves, if it does.

        It is {"retires", "end"}, the latter being what the state machine that ends hosting is started with.

        Raises:
            HostingError: the throughput's time was up before.
        """
        status = self.store.status(event["run"])
        request = self._request(status)
        tuned = TunedModel(arn=event["hosted_arn"], base=request.base_model, run=status.run)
        until = datetime.fromisoformat(status.until) if status.until else None
        check_end(until, request=request, now=self.clock())
        standing = self.promotions.promote(request.alias, tuned, until=until)
        self.store.change(status.run, promoted=True, hosted_arn=event["hosted_arn"])
        before = standing.before
        if before and before.run != status.run:
            self._superseded(before.run, by=status.run)
        name = self._throughput(before.arn) if before and before.arn != event["hosted_arn"] else None
        end = {"throughput": name, "alias": request.alias, "run": before.run} if before and name else None
        return {"retires": end is not None, "end": end}

    def clear(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take away what the outcome does not keep; return {"left": how many things are still there}.

        When nothing is, or ``last`` is said, the run's end is written and told.
        """
        status = self._found(event["run"])
        outcome = outcome_of(status, event["outcome"])
        if status.state == "running":
            changes: dict[str, Any] = {"state": "stopping", "reason": reason_for(status, event)}
            status = self.store.write(runs.changed(status, changes))
        left = self._clearing().clear(status, outcome=outcome, hosting=self._hosting(status)) if status.alias else []
        if (not left or event.get("last")) and event.get("final", True) and status.state not in runs.OVER:
            self._end(status, outcome, left)
        return {"left": 0 if event.get("last") else len(left)}

    def fall_back(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Have an alias fall back, if a provisioned throughput stands there that is about to end."""
        hosting = self._of(event["alias"], event["run"])
        there = hosting.throughput(event["throughput"])
        if there is not None:
            reason = f"The time of the provisioned throughput {event['throughput']} is up."
            self.promotions.fall_back(event["alias"], reason=reason, arns=[there["provisionedModelArn"]])
        return {}

    def end_throughput(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take a provisioned throughput away; return {"left": 1 until it is gone}, and say so when it is or stays."""
        name = event["throughput"]
        left = self._clearing().end_throughput(name, hosting=self._of(event["alias"], event["run"]))
        if left and not event.get("last"):
            return {"left": len(left)}
        status = self._found(event["run"])
        ended = f"The provisioned throughput {name} ended at {runs.now()}; the alias answers as it is configured."
        stays = f"The provisioned throughput {name} does not go, and is billed by the hour: delete it by hand."
        changes = {"promoted": False, "reason": stays if left else ended}
        gone = {} if left else {"hosted_arn": None, "until": None}
        self._tell(self.store.write(runs.changed(status, {**changes, **gone})))
        return {"left": 0}

    def _end(self, status: RunStatus, outcome: Outcome, left: list[str]) -> None:
        """Write how it ended, and tell."""
        gone: dict[str, Any] = {} if left else gone_with(outcome)
        reason = status.reason
        if left:
            named = ", ".join(left[:NAMED])
            reason = f"{reason} Still there, and maybe billed: {named}. Delete it by hand.".strip()
        phase = "done" if STATES[outcome] == "succeeded" else status.phase
        changes = {"state": STATES[outcome], "phase": phase, "reason": reason, **gone}
        self._tell(self.store.write(runs.changed(status, changes)))

    def _tell(self, status: RunStatus) -> None:
        told = self.settings
        message.tell(
            status, sns=self.sns, topic_arn=told.topic_arn, environment=told.environment, bucket=told.data_bucket
        )

    def _superseded(self, run: str, *, by: str) -> None:
        """Write down that an alias answers from another run's model now."""
        try:
            self.store.change(run, promoted=False, reason=f"The alias answers from the model of {by} now.")
        except NoSuchRunError:
            logger.info("former run unknown", extra={"run": run})

    def _throughput(self, arn: str) -> str | None:
        """Return the name of a provisioned throughput; None of what is another thing, or is gone."""
        found = (one for one in calls.throughputs(self.bedrock) if one["provisionedModelArn"] == arn)
        return next((str(one["provisionedModelName"]) for one in found), None)

    def _until(self, request: RunRequest) -> datetime:
        """Return when the alias falls back: so long before the end that nothing is asked of the model then."""
        hours = timedelta(hours=request.max_hours or 1)
        least = timedelta(days=COMMITMENT_DAYS[request.commitment]) if request.commitment else hours
        return self.clock() + max(hours, least) - timedelta(seconds=self.settings.drain_seconds)

    def _request(self, status: RunStatus) -> RunRequest:
        if status.request is None:
            raise JobError(f"The status of the run {status.run} has lost its request. Start it again.")
        return status.request

    def _hosting(self, status: RunStatus) -> Hosting:
        return self._of(status.alias, status.run)

    def _of(self, alias: str, run: str) -> Hosting:
        environment, owner = self.settings.environment, self.settings.owner
        tags = names.tags(environment=environment, owner=owner, run=run, alias=alias)
        return Hosting(environment=environment, alias=alias, run=run, tags=tags, bedrock=self.bedrock)

    def _clearing(self) -> Clearing:
        return Clearing(
            environment=self.settings.environment,
            bedrock=self.bedrock,
            schedules=self.schedules,
            promotions=self.promotions,
            store=self.store,
        )

    def _found(self, run: str) -> RunStatus:
        """Return a run's status, or an empty one: it was stopped before it wrote any, and so made nothing."""
        try:
            return self.store.status(run)
        except NoSuchRunError:
            return RunStatus(run=run, state="running", phase="starting", started=runs.now())


STEPS: Final[Mapping[str, Callable[[Conductor, Mapping[str, Any]], dict[str, Any]]]] = {
    "create_job": Conductor.create_job,
    "observe": Conductor.observe,
    "job_ended": Conductor.job_ended,
    "host": Conductor.host,
    "measure": Conductor.measure,
    "move": Conductor.move,
    "promote": Conductor.promote,
    "clear": Conductor.clear,
    "fall_back": Conductor.fall_back,
    "end_throughput": Conductor.end_throughput,
}


@cache
def conductor() -> Conductor:
    """The conductor of the settings, made on first use."""
    settings = ConductorSettings.from_env()
    environment = settings.environment
    ssm = aws.client("ssm", read_timeout=READ_SECONDS, max_attempts=4)
    return Conductor(
        settings=settings,
        store=RunStore(settings.data_bucket, aws.client("s3", read_timeout=READ_SECONDS)),
        bedrock=aws.client("bedrock", read_timeout=READ_SECONDS, max_attempts=4),
        schedules=Schedules(environment=environment, scheduler=aws.client("scheduler", read_timeout=READ_SECONDS)),
        promotions=Promotions(
            client=lambda: ssm,
            path=path_of(environment),
            tags={names.ENVIRONMENT_TAG: environment, names.OWNER_TAG: settings.owner},
        ),
        sns=aws.client("sns", read_timeout=READ_SECONDS, max_attempts=3),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(
    event: Mapping[str, Any], _context: Any, conductor: Callable[[], Conductor] = conductor
) -> dict[str, Any]:
    """Do the step {"step": its name, ...}; return what the state machine goes on with.

    Args:
        conductor: returns what does it; for tests.

    Raises:
        Exception: the step's; the state machine tries again what may mend itself, and clears up otherwise.
    """
    extra = {"step": event["step"], "run": event["run"]}
    done = STEPS[event["step"]](conductor(), event)
    logger.info("done", extra={**extra, **done})
    return done
