"""The report of an evaluation: what was measured of all pieces, put together, written, and judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

import msgspec

from lambdas.common import aws
from lambdas.common.observability import logger
from lambdas.tuning import batches, places, report_page
from lambdas.tuning import report as reports
from lambdas.tuning import run as runs
from lambdas.tuning.hosting import time_is_up
from lambdas.tuning.measured import Measured, NotMeasuredError, Record
from lambdas.tuning.settings import ReporterSettings
from lambdas.tuning.store import RunStore

READ_SECONDS: Final = 15.0


class Jobs(Protocol):
    """The call of Bedrock that is made."""

    def get_model_customization_job(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Reporter:
    """Writes reports."""

    store: RunStore
    bedrock: Jobs

    def report(self, run: str) -> bool:
        """Write a run's report, as JSON and to read; return whether tuned is better by the margin.

        Raises:
            HostingError: provisioned throughput ended meanwhile.
            NotMeasuredError: too little was answered to say so.
            NoSuchRunError: as ``RunStore.status``.
        """
        status = self.store.change(run, phase="reporting")
        records: list[Record] = []
        unreadable: dict[int, str] = {}
        for _, content in self.store.below(batches.measured_prefix(run)):
            measured = msgspec.json.decode(content, type=Measured)
            records += measured.records
            unreadable |= measured.unreadable
        try:
            report = reports.make(
                status,
                sorted(records, key=lambda record: record.line),
                unreadable=dict(sorted(unreadable.items())),
                training=self._training(status.job_arn),
                written=runs.now(),
            )
        except NotMeasuredError as error:
            if status.hosted_arn is None and status.request is not None:
                raise time_is_up(status.request) from error
            raise
        self.store.put(places.report_key(run), msgspec.json.encode(report), kind="application/json")
        page = report_page.render(report).encode()
        self.store.put(places.report_key(run, "html"), page, kind="text/html; charset=utf-8")
        scores = {"base": report.base.scores, "tuned": report.tuned.scores}
        # Why nothing is promoted, if nothing is; else there is nothing to explain.
        reason = "" if report.better else reports.verdict(report)
        self.store.change(run, scores=scores, reason=reason, report=places.report_key(run, "html"))
        return report.better

    def _training(self, job_arn: str | None) -> dict[str, float]:
        """Return Bedrock's own figures of the training."""
        if job_arn is None:
            return {}
        job = self.bedrock.get_model_customization_job(jobIdentifier=job_arn)
        found = {"training_loss": job.get("trainingMetrics", {}).get("trainingLoss")}
        found["validation_loss"] = next((one.get("validationLoss") for one in job.get("validationMetrics", [])), None)
        return {name: float(value) for name, value in found.items() if value is not None}


@cache
def reporter() -> Reporter:
    """The reporter of the settings, made on first use."""
    settings = ReporterSettings.from_env()
    return Reporter(
        store=RunStore(settings.data_bucket, aws.client("s3", read_timeout=READ_SECONDS)),
        bedrock=aws.client("bedrock", read_timeout=READ_SECONDS, max_attempts=4),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(
    event: Mapping[str, Any], _context: Any, reporter: Callable[[], Reporter] = reporter
) -> dict[str, bool]:
    """Report {"run"}; return ``{"better": whether the alias should answer from the tuned model}``.

    Args:
        reporter: returns what reports; for tests.

    Raises:
        NotMeasuredError: too little was answered.
    """
    return {"better": reporter().report(event["run"])}
