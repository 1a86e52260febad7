"""Everything that tuning makes at run time, found by list and by tag, in the order in which it goes.

First what makes more: executions of the pipeline, then jobs. Then the promotions, so that no alias answers from what
goes; then the schedules; then what hosts, of which provisioned throughput is billed by the hour; then the models, which
are billed by the month. A custom model goes only when nothing hosts it.

The stack's deletion goes through all of it, and so does whoever takes a whole environment down.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lambdas.chat.promotions import path_of
from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.common.observability import logger
from lambdas.lifecycle.removal import Look, Member, remove
from lambdas.tuning import bedrock as calls
from lambdas.tuning import jobs
from lambdas.tuning.bedrock import Bedrock
from lambdas.tuning.schedules import Scheduler, Schedules


class StepFunctions(Protocol):
    """The calls of Step Functions that are made, with its own shapes."""

    def list_executions(self, **kwargs: Any) -> Any: ...
    def stop_execution(self, **kwargs: Any) -> Any: ...


class Parameters(Protocol):
    """The calls of SSM that are made, with its own shapes."""

    def get_parameters_by_path(self, **kwargs: Any) -> Any: ...
    def delete_parameter(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class TuningResources:
    """What tuning has made in an environment.

    Attributes:
        state_machines: ARNs of the pipeline and of the state machine that ends hosting; those that are gone already
            have no executions.
    """

    environment: str
    bedrock: Bedrock
    scheduler: Scheduler
    ssm: Parameters
    states: StepFunctions
    state_machines: Sequence[str] = ()

    @property
    def looks(self) -> tuple[Look, ...]:
        """What to look for, in the order in which it goes, as ``lambdas.lifecycle.removal.remove`` takes it."""
        return (
            lambda: list(self.executions()),
            lambda: list(self.jobs()),
            lambda: list(self.promotions()),
            lambda: list(self.schedules()),
            lambda: [*self.throughputs(), *self.deployments()],
            lambda: list(self.models()),
        )

    def executions(self) -> Iterator[Member]:
        """Yield the executions that run."""
        for machine in self.state_machines:
            page: dict[str, Any] = {"stateMachineArn": machine, "statusFilter": "RUNNING"}
            while True:
                reply = self.states.list_executions(**page)
                for one in reply["executions"]:
                    arn = one["executionArn"]
                    yield Member(
                        name=f"execution {one['name']}",
                        status="RUNNING",
                        delete=_calling(self.states.stop_execution, executionArn=arn, error="TuningGoes"),
                    )
                if not reply.get("nextToken"):
                    break
                page["nextToken"] = reply["nextToken"]

    def jobs(self) -> Iterator[Member]:
        """Yield the customization jobs that have not ended."""
        for job in calls.jobs(self.bedrock):
            if job["status"] not in jobs.ENDED and self._is_ours(job["jobArn"]):
                yield Member(
                    name=f"customization job {job['jobName']}",
                    status=job["status"],
                    delete=_calling(self.bedrock.stop_model_customization_job, jobIdentifier=job["jobArn"]),
                )

    def promotions(self) -> Iterator[Member]:
        """Yield the parameters that say which tuned model stands before an alias's own."""
        page: dict[str, Any] = {"Path": path_of(self.environment)}
        while True:
            reply = self.ssm.get_parameters_by_path(**page)
            for one in reply["Parameters"]:
                name = one["Name"]
                yield Member(name=f"parameter {name}", delete=_calling(self.ssm.delete_parameter, Name=name))
            if not reply.get("NextToken"):
                return
            page["NextToken"] = reply["NextToken"]

    def schedules(self) -> Iterator[Member]:
        """Yield the schedules that end provisioned throughput."""
        schedules = Schedules(environment=self.environment, scheduler=self.scheduler)
        for name in schedules.all():
            yield Member(name=f"schedule {name}", delete=_calling(schedules.delete_named, name))

    def throughputs(self) -> Iterator[Member]:
        """Yield the provisioned throughputs."""
        for one in calls.throughputs(self.bedrock):
            if self._is_ours(one["provisionedModelArn"]):
                yield Member(
                    name=f"provisioned throughput {one['provisionedModelName']}",
                    status=one["status"],
                    delete=_calling(
                        self.bedrock.delete_provisioned_model_throughput, provisionedModelId=one["provisionedModelArn"]
                    ),
                )

    def deployments(self) -> Iterator[Member]:
        """Yield the custom model deployments."""
        for one in calls.deployments(self.bedrock):
            arn = one["customModelDeploymentArn"]
            if self._is_ours(arn):
                yield Member(
                    name=f"custom model deployment {one['customModelDeploymentName']}",
                    status=one["status"],
                    delete=_calling(self.bedrock.delete_custom_model_deployment, customModelDeploymentIdentifier=arn),
                )

    def models(self) -> Iterator[Member]:
        """Yield the custom models."""
        for one in calls.models(self.bedrock):
            if self._is_ours(one["modelArn"]):
                yield Member(
                    name=f"custom model {one['modelName']}",
                    status=one.get("modelStatus", ""),
                    delete=_calling(self.bedrock.delete_custom_model, modelIdentifier=one["modelArn"]),
                )

    def _is_ours(self, arn: str) -> bool:
        return calls.is_of(self.bedrock, arn, environment=self.environment)


def clean_up(
    request: Request,
    resources: Callable[[str, Sequence[str]], TuningResources],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Do what the properties {Environment, StateMachines, SettleSeconds} ask for: at deletion all goes; nothing before.

    Args:
        resources: returns what tuning has made in an environment, with these state machines.
        sleep: sleeps that many seconds; for tests.

    Raises:
        CustomResourceError: the properties are not what they should be, or as ``lambdas.lifecycle.removal.remove``.
        ClientError: AWS refuses to list what there is.
    """
    environment = request.properties.get("Environment")
    if not isinstance(environment, str) or not environment:
        if request.deletes:
            return
        raise CustomResourceError("The clean-up's properties lack Environment.")
    if not request.deletes:
        return
    machines = request.properties.get("StateMachines")
    given = [one for one in machines if isinstance(one, str)] if isinstance(machines, list) else []
    found = resources(environment, given)
    stopped = remove(found.looks[:1], left=request.left, sleep=sleep)
    removed = remove(found.looks, left=request.left, sleep=sleep)
    if stopped:
        # A step that was under way may have made something since.
        sleep(min(_seconds(request.properties.get("SettleSeconds")), max(0.0, request.left())))
        removed += remove(found.looks, left=request.left, sleep=sleep)
    logger.info("tuning's own is gone", extra={"environment": environment, "removed": removed, "run": request.run})


def _seconds(text: object) -> float:
    """Read what CloudFormation hands on as a string."""
    return float(text) if isinstance(text, str) and text.isdecimal() else 0.0


def _calling(call: Any, *arguments: Any, **named: Any) -> Callable[[], object]:
    return lambda: call(*arguments, **named)
