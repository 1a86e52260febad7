"""``quarry tune delete``: take away what a run keeps: its hosting, its model, and on demand its data."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Annotated, Any, Final

import typer
from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.figures import counted
from lambdas.tuning import names
from lambdas.tuning.bedrock import GONE
from lambdas.tuning.clearing import Clearing
from lambdas.tuning.hosting import Hosting
from lambdas.tuning.places import output_prefix
from lambdas.tuning.run import OVER, RunStatus, changed
from lambdas.tuning.schedules import Schedules
from lambdas.tuning.store import RunStore
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment
from quarry.options import DEFAULT_ENVIRONMENT, AsJson, Environment
from quarry.output import print_json, print_text, require_yes, tell_progress
from quarry.tuning.following import SECONDS, SECONDS_HERE
from quarry.tuning.runs import Runs
from quarry.tuning.stack import TuningStack, promotions
from quarry.tuning.watch import Run

# S3 takes so many keys in one call.
_AT_ONCE: Final = 1000


def delete(
    run: Run,
    data: Annotated[
        bool, typer.Option("--data", help="Delete what Bedrock wrote, and data sets that no other run names, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    timeout_minutes: Annotated[int, typer.Option("--timeout-minutes", min=1, help="How long to wait for it.")] = 60,
    name: Environment = DEFAULT_ENVIRONMENT,
    as_json: AsJson = False,
) -> None:
    """Delete a run's hosting and its model, which is billed by the month. The alias falls back first.

    Status and report stay. A model that is gone cannot be brought back: it would have to be trained anew.

    Exit codes: 0 it is gone; 1 something is left, and what.

    Example: quarry tune delete fast-0123456789ab --data -e dev
    """
    deployment = Deployment(environment(name))
    stack = TuningStack.of(deployment)
    runs = Runs(deployment, stack)
    found = runs.status(run)
    if found.state not in OVER:
        raise CommandError(
            f"{run} is not over ({found.phase}); `quarry tune stop {run}` ends it, and deletes its model."
        )
    if not yes:
        require_yes(
            f"Delete hosting and model of {run}{' and its data' if data else ''}?",
            otherwise="Nothing was deleted",
            option="--yes",
        )
    deletion = Deletion.of(found, deployment, stack)
    with tell_progress() as tell:
        deletion.fall_back(tell)
        deletion.clear(tell, minutes=timeout_minutes)
    gone = list(deletion.data(runs)) if data else []
    if as_json:
        print_json({"run": run, "deleted": True, "objects": len(gone)})
        return
    beside = f", and {counted(len(gone), 'object')}" if data else ""
    print_text(f"{run} is deleted: its hosting and its model{beside}.")


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """Takes away what one run keeps.

    Attributes:
        seconds: between two looks.
    """

    status: RunStatus
    stack: TuningStack
    clearing: Clearing
    hosting: Hosting
    store: RunStore
    s3: Any
    seconds: float

    @classmethod
    def of(cls, status: RunStatus, deployment: Deployment, stack: TuningStack) -> "Deletion":
        """Return the deletion of a run."""
        config = deployment.config
        bedrock: Any = deployment.client("bedrock")
        s3: Any = deployment.client("s3")
        store = RunStore(stack.bucket, s3)
        tags = names.tags(environment=config.name, owner=config.owner, run=status.run, alias=status.alias)
        return cls(
            status=status,
            stack=stack,
            clearing=Clearing(
                environment=config.name,
                bedrock=bedrock,
                schedules=Schedules(environment=config.name, scheduler=deployment.client("scheduler")),
                promotions=promotions(deployment),
                store=store,
            ),
            hosting=Hosting(environment=config.name, alias=status.alias, run=status.run, tags=tags, bedrock=bedrock),
            store=store,
            s3=s3,
            seconds=SECONDS_HERE if deployment.aws else SECONDS,
        )

    def fall_back(self, tell: Callable[[str], None]) -> None:
        """Give the alias back to its candidates if the run's model answers, and wait until nobody asks it any more."""
        standing = self.clearing.promotions.of(self.status.alias)
        if standing is None or standing.tuned.run != self.status.run:
            return
        reason = f"`quarry tune delete {self.status.run}` was run"
        if self.clearing.promotions.fall_back(self.status.alias, reason=reason, arns=[standing.tuned.arn]):
            tell(
                f"{self.status.alias} answers from its configured candidates; the model is kept for "
                f"{counted(self.stack.drain_seconds, 'second')} more, for answers that have begun."
            )
            sleep(self.stack.drain_seconds)

    def clear(self, tell: Callable[[str], None], *, minutes: int) -> None:
        """Delete hosting and model, and write down that they are gone.

        Raises:
            CommandError: something is left.
        """
        end = monotonic() + minutes * 60
        while left := [*self._alias_deployment(), *self._clear()]:
            tell(f"Still there: {', '.join(left)}")
            if monotonic() >= end:
                raise CommandError(
                    f"Still there after {counted(minutes, 'minute')}: {', '.join(left)}. Run this again."
                )
            sleep(self.seconds)
        gone = {"promoted": False, "model_arn": None, "hosted_arn": None, "until": None, "reason": "It was deleted."}
        self.store.write(changed(self.store.status(self.status.run), gone))

    def data(self, runs: Runs) -> Iterator[str]:
        """Delete what Bedrock wrote for the run, and data sets that no other run names; yield the keys."""
        others = {
            key
            for other in runs.every()
            if other.run != self.status.run and other.request
            for key in other.request.data
        }
        own = [key for key in (self.status.request.data if self.status.request else ()) if key not in others]
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.stack.bucket, Prefix=output_prefix(self.status.run)
        )
        keys = [*own, *(found["Key"] for page in pages for found in page.get("Contents", []))]
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            reply = self.s3.delete_objects(
                Bucket=self.stack.bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
            )
            if reply.get("Errors"):
                first = reply["Errors"][0]
                raise CommandError(f"{first['Key']} could not be deleted: {first.get('Message', first.get('Code'))}.")
            yield from some

    def _clear(self) -> list[str]:
        return self.clearing.clear(self.status, outcome="stopped", hosting=self.hosting)

    def _alias_deployment(self) -> list[str]:
        """Have the alias's deployment go if it has this run's model and nobody is served by it, whoever made it."""
        there = self.hosting.deployment(self.hosting.alias_name)
        standing = self.clearing.promotions.of(self.status.alias)
        if there is None or self.status.model_arn is None or there["modelArn"] != self.status.model_arn:
            return []
        if standing is not None and standing.tuned.arn == there["customModelDeploymentArn"]:
            return []
        try:
            self.clearing.bedrock.delete_custom_model_deployment(
                customModelDeploymentIdentifier=there["customModelDeploymentArn"]
            )
        except ClientError as error:
            # What is being changed is asked again.
            if code_of(error) not in (*GONE, "ConflictException"):
                raise
        return [f"custom model deployment {self.hosting.alias_name}"]
