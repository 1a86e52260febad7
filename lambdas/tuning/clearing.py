"""Taking away what a run has made: its job, its hosting, its model; and ending provisioned throughput.

Each call looks at what there is, asks it to go, and says how much is left; the state machine calls again until nothing
is. So it does not matter in which state a run was stopped, nor whether somebody else takes away the same.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambdas.chat.promotions import Promotion, Promotions
from lambdas.common.aws_errors import code_of
from lambdas.common.observability import logger
from lambdas.tuning import bedrock as calls
from lambdas.tuning import jobs
from lambdas.tuning.bedrock import Bedrock
from lambdas.tuning.endings import Outcome
from lambdas.tuning.hosting import Hosting, HostingBusyError, HostingError
from lambdas.tuning.run import RunStatus
from lambdas.tuning.schedules import Schedules
from lambdas.tuning.store import NoSuchRunError, RunStore


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that has to go. ``delete`` returns whether it is gone already, None that it has been asked to go."""

    name: str
    delete: Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Clearing:
    """Takes away what runs of an environment have made."""

    environment: str
    bedrock: Bedrock
    schedules: Schedules
    promotions: Promotions
    store: RunStore

    def clear(self, status: RunStatus, *, outcome: Outcome, hosting: Hosting) -> list[str]:
        """Ask everything of a run to go that its outcome does not keep; return what is left.

        Raises:
            ClientError: AWS cannot be asked now.
        """
        standing = self.promotions.standing().get(hosting.alias)
        left: list[str] = []
        if outcome in ("failed", "stopped"):
            left += self._stop_jobs(status.run)
        left += self._give_back(status, standing, hosting)
        things = [*self._throughputs(status.run, standing, hosting), *self._deployments(status.run, standing, hosting)]
        left += [thing.name for thing in things if not _ask(thing)]
        if outcome in ("failed", "stopped") and not left:
            left += [thing.name for thing in self._models(status.run) if not _ask(thing)]
        return left

    def end_throughput(self, name: str, *, hosting: Hosting) -> list[str]:
        """Ask a provisioned throughput to go; return what is left: it, or nothing.

        Raises:
            ClientError: AWS cannot be asked now.
        """
        there = hosting.throughput(name)
        if there is None:
            self.schedules.delete(name)
            return []
        _ask(self._throughput(there))
        return [f"provisioned throughput {name}"]

    def _stop_jobs(self, run: str) -> list[str]:
        left = []
        for job in jobs.of_run(self.bedrock, environment=self.environment, run=run):
            if job["status"] not in jobs.ENDED and jobs.stop(self.bedrock, job["jobArn"]) not in jobs.ENDED:
                left.append(f"customization job {job['jobName']}")
        return left

    def _give_back(self, status: RunStatus, standing: Promotion | None, hosting: Hosting) -> list[str]:
        """Give the alias's deployment back to the model that it had, if this run moved it and is not promoted."""
        if standing is None or standing.tuned.run == status.run or status.model_arn is None:
            return []
        there = hosting.deployment(hosting.alias_name)
        if there is None or there["customModelDeploymentArn"] != standing.tuned.arn:
            return []
        try:
            former = self.store.status(standing.tuned.run).model_arn
        except NoSuchRunError:
            return []
        if not former or former == status.model_arn or there["modelArn"] != status.model_arn:
            return []
        try:
            hosting.move(former, hosted_arn="")
        except (HostingError, HostingBusyError) as error:
            logger.warning("deployment not given back yet", extra={"run": status.run, "why": str(error)})
        return [f"update of the deployment {hosting.alias_name} to the model of {standing.tuned.run}"]

    def _throughputs(self, run: str, standing: Promotion | None, hosting: Hosting) -> Iterator[Thing]:
        there = hosting.throughput(hosting.own_name)
        if there is None:
            if standing is None or standing.tuned.run != run:
                self.schedules.delete(hosting.own_name)
        elif standing is None or standing.tuned.arn != there["provisionedModelArn"]:
            yield self._throughput(there)

    def _deployments(self, run: str, standing: Promotion | None, hosting: Hosting) -> Iterator[Thing]:
        for name in (hosting.own_name, hosting.alias_name):
            there = hosting.deployment(name)
            if there is None or (standing is not None and standing.tuned.arn == there["customModelDeploymentArn"]):
                continue
            arn = there["customModelDeploymentArn"]
            # The alias's own may be another run's, which fell back and may be promoted again.
            if name == hosting.own_name or calls.is_of(self.bedrock, arn, environment=self.environment, run=run):
                yield Thing(
                    name=f"custom model deployment {name}",
                    delete=_deletion(self.bedrock.delete_custom_model_deployment, customModelDeploymentIdentifier=arn),
                )

    def _models(self, run: str) -> Iterator[Thing]:
        for model in jobs.models_of_run(self.bedrock, environment=self.environment, run=run):
            yield Thing(
                name=f"custom model {model['modelName']}",
                delete=_deletion(self.bedrock.delete_custom_model, modelIdentifier=model["modelArn"]),
            )

    def _throughput(self, there: Mapping[str, Any]) -> Thing:
        return Thing(
            name=f"provisioned throughput {there['provisionedModelName']}",
            delete=_deletion(
                self.bedrock.delete_provisioned_model_throughput, provisionedModelId=there["provisionedModelArn"]
            ),
        )


def _deletion(call: Any, **arguments: Any) -> Callable[[], object]:
    return lambda: call(**arguments)


def _ask(thing: Thing) -> bool:
    """Ask one to go; return whether it is gone already. What refuses is asked again at the next look."""
    try:
        thing.delete()
    except ClientError as error:
        if code_of(error) in calls.GONE:
            return True
        logger.warning("does not go yet", extra={"what": thing.name, "code": code_of(error)})
    return False
