"""Stopping apps that run for too long: EventBridge runs this every quarter of an hour.

It is the one stop that nothing keeps away. Idle shutdown and culling go by activity: an app that nobody ever opened has
none to go by, and a cell that prints for ever is active for ever. SageMaker's own time of the last activity would not
do: its health checks move it on. The space, with its disk, stays.

Importing this needs no environment, credentials or network: settings and client are made on first use.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from aws_lambda_powertools.metrics import MetricUnit
from botocore.exceptions import ClientError

from lambdas.common import aws
from lambdas.common.aws_errors import code_of
from lambdas.common.failure import recorded
from lambdas.common.observability import logger, metrics
from lambdas.lifecycle.removal import GONE, IN_USE
from lambdas.studio.domain import App, Domain
from lambdas.studio.settings import MaxAgeSettings

READ_SECONDS: Final = 10.0


class NotStoppedError(Exception):
    """Apps that are too old could not be stopped, and cost money. The next run tries again."""


@cache
def settings() -> MaxAgeSettings:
    """The settings, read on first use."""
    return MaxAgeSettings.from_env()


@cache
def domain() -> Domain:
    """The domain, made on first use."""
    return Domain(settings().domain_id, sagemaker=aws.client("sagemaker", read_timeout=READ_SECONDS))


@metrics.log_metrics
def lambda_handler(_event: Mapping[str, Any], _context: object) -> dict[str, int]:
    """Stop what is too old now and return ``{"stopped": number of apps}``.

    Raises:
        NotStoppedError: some could not be stopped; all others were.
    """
    oldest = timedelta(hours=settings().max_age_hours)
    stopped, failed = stop(domain(), started_before=datetime.now(UTC) - oldest)
    metrics.add_metric(name="AppsStoppedByAge", unit=MetricUnit.Count, value=stopped)
    metrics.add_metric(name="AppsNotStopped", unit=MetricUnit.Count, value=failed)
    if failed:
        raise NotStoppedError(f"{failed} apps are too old and still run; the log has why")
    return {"stopped": stopped}


def stop(domain: Domain, *, started_before: datetime) -> tuple[int, int]:
    """Delete the apps that run since before a time; return how many, and how many others could not be.

    Raises:
        ClientError: SageMaker refuses to list the apps.
    """
    # Of those that are starting, stopping or failed nothing is billed, or nothing can be asked.
    old = [app for app in domain.apps() if app.status == "InService" and app.created < started_before]
    outcomes = [_stop(app) for app in old]
    return outcomes.count(True), outcomes.count(False)


def _stop(app: App) -> bool | None:
    """Return whether it was stopped; None if somebody else just did."""
    extra = {"what": app.name, "since": app.created.isoformat()}
    try:
        app.delete()
    except ClientError as error:
        code = code_of(error)
        if code in GONE | IN_USE:
            return None
        logger.error("app not stopped", extra={**extra, "code": code})
        return False
    except Exception as error:  # it must not keep the others running
        logger.error("app not stopped", extra={**extra, **recorded(error)})
        return False
    logger.warning("app stopped for its age", extra=extra)
    return True
