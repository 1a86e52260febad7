"""The runs of an environment, as its bucket tells of them; of a run that still goes, as Step Functions does too."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.tuning import places
from lambdas.tuning import run as runs
from lambdas.tuning.places import REPORTS_PREFIX
from lambdas.tuning.run import OVER, RunRequest, RunStatus
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment
from quarry.tuning.stack import TuningStack

AT_ONCE: Final = 8
# After that, what takes away what a broken run made has failed too.
CLEARED_WITHIN: Final = timedelta(hours=1)
_ABSENT: Final = ("NoSuchKey", "404")
# How Step Functions calls an execution that will write no more status.
_BROKEN: Final = ("FAILED", "TIMED_OUT")


class Runs:
    """Reads what has become of runs, and asks for new ones.

    Args:
        stack: the environment's.
    """

    def __init__(self, deployment: Deployment, stack: TuningStack) -> None:
        self._deployment = deployment
        self._bucket = stack.bucket
        self._s3: Any = deployment.client("s3")

    def status(self, run: str) -> RunStatus:
        """Return what is known of a run.

        Raises:
            CommandError: there is no such run; the runs that there are.
        """
        found = self.find(run)
        if found is None:
            known = ", ".join(self.names()) or "none"
            raise CommandError(f"{self._deployment.config.name} has no run {run}. There are: {known}.", exit_code=2)
        return found

    def find(self, run: str) -> RunStatus | None:
        """Return what is known of a run, or None: a run that has only been asked for is starting."""
        content = self._content(places.status_key(run))
        if content is None:
            asked = self._content(places.request_key(run))
            if asked is None:
                return None
            request = runs.parse_request(asked)
            return RunStatus(
                run=run,
                state="running",
                phase="starting",
                alias=request.alias,
                base_model=request.base_model,
                request=request,
            )
        try:
            return self._as_it_goes(runs.decode_status(content))
        except msgspec.DecodeError as error:
            raise CommandError(f"{places.status_key(run)} in {self._bucket} is no status of a run: {error}.") from error

    def every(self) -> list[RunStatus]:
        """Return what is known of all runs, the latest first."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = [status for status in pool.map(self.find, self.names()) if status is not None]
        return sorted(found, key=lambda status: (status.started, status.run), reverse=True)

    def names(self) -> list[str]:
        """Return the ids of all runs, of those too that have only been asked for."""
        return sorted({*self._folders(REPORTS_PREFIX), *self._folders(places.RUNS_PREFIX)})

    def ask(self, run: str, request: RunRequest) -> bool:
        """Write a run's request, which starts the pipeline; False if it was asked for before.

        What is asked for again while the pipeline starts is the same execution, so nothing is made twice.
        """
        if self.find(run) is not None:
            return False
        self._s3.put_object(
            Bucket=self._bucket,
            Key=places.request_key(run),
            Body=runs.encode_request(request),
            ContentType="application/yaml",
        )
        return True

    def _as_it_goes(self, status: RunStatus) -> RunStatus:
        """Return the status, or that its pipeline broke off without a word."""
        if status.state in OVER or status.execution_arn is None:
            return status
        try:
            execution = self._deployment.client("stepfunctions").describe_execution(executionArn=status.execution_arn)
        except ClientError as error:
            if code_of(error) != "ExecutionDoesNotExist":
                raise
            execution = {"status": "FAILED", "cause": "the pipeline's execution is not there any more"}
        if execution["status"] not in _BROKEN:
            return status
        cause = execution.get("cause") or execution.get("error") or "no cause was given"
        reason = f"The pipeline broke off ({execution['status']}): {cause}"
        ended = execution.get("stopDate")
        if ended is not None and datetime.now(UTC) - ended < CLEARED_WITHIN:
            # What takes away has been started by its end, and writes the status when it is done.
            return msgspec.structs.replace(status, state="stopping", reason=reason)
        return msgspec.structs.replace(status, state="failed", reason=reason)

    def _content(self, key: str) -> bytes | None:
        try:
            content: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if code_of(error) in _ABSENT:
                return None
            raise
        return content

    def _folders(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/")
        for page in pages:
            for found in page.get("CommonPrefixes", []):
                yield found["Prefix"].removeprefix(prefix).rstrip("/")
