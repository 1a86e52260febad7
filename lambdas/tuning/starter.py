"""From a request in the bucket to an execution of the pipeline: EventBridge runs this for every ``run.yaml``.

EventBridge may tell of an object twice, and people may write the same request twice: the execution has the run's id for
its name, and Step Functions takes a name once in 90 days. So both make one job.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common import aws
from lambdas.common.aws_errors import code_of
from lambdas.common.observability import logger
from lambdas.tuning import places
from lambdas.tuning import run as runs
from lambdas.tuning.run import RequestError, RunStatus
from lambdas.tuning.settings import StarterSettings
from lambdas.tuning.store import NoSuchRunError, RunStore

READ_SECONDS: Final = 10.0


class StepFunctions(Protocol):
    """The call of Step Functions that is made."""

    def start_execution(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Starter:
    """Starts runs."""

    store: RunStore
    states: StepFunctions
    pipeline_arn: str

    def start(self, key: str) -> str | None:
        """Start the run of the request under a key; return its id, or None if the key is none of a request's.

        A request that cannot be used becomes a failed run of the folder's name, which says why.
        """
        folder = places.folder_of(key)
        if folder is None:
            return None
        try:
            request = self.store.request(key)
            run = runs.run_id(request, self.store.etags(request))
        except RequestError as error:
            self._refuse(folder, str(error))
            return folder
        try:
            self.states.start_execution(
                stateMachineArn=self.pipeline_arn, name=run, input=json.dumps({"run": run, "key": key})
            )
        except ClientError as error:
            if code_of(error) != "ExecutionAlreadyExists":
                raise
            logger.info("started before", extra={"run": run})
        return run

    def _refuse(self, folder: str, reason: str) -> None:
        logger.warning("request refused", extra={"folder": folder, "reason": reason})
        try:
            # A folder may have the name of a run that goes on, and whose request somebody wrote over.
            if self.store.status(folder).state not in runs.OVER:
                return
        except NoSuchRunError:
            pass
        moment = runs.now()
        refused = RunStatus(run=folder, state="failed", phase="starting", reason=reason, started=moment, updated=moment)
        self.store.write(refused)


@cache
def starter() -> Starter:
    """The starter of the settings, made on first use."""
    settings = StarterSettings.from_env()
    return Starter(
        store=RunStore(settings.data_bucket, aws.client("s3", read_timeout=READ_SECONDS)),
        states=aws.client("stepfunctions", read_timeout=READ_SECONDS, max_attempts=4),
        pipeline_arn=settings.pipeline_arn,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(
    event: Mapping[str, Any], _context: Any, starter: Callable[[], Starter] = starter
) -> dict[str, str | None]:
    """Start the run that EventBridge's event tells of; return ``{"run": its id}``.

    Args:
        event: S3's "Object Created".
        starter: returns what starts; for tests.

    Raises:
        ClientError: AWS refused; EventBridge tries again.
    """
    return {"run": starter().start(event["detail"]["object"]["key"])}
