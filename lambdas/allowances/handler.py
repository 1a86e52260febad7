"""The sweeper: EventBridge runs it every few minutes to end the reservations of functions that died in mid-call.

Importing this needs no environment, credentials or network: settings and client are made on first use.
"""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from lambdas.allowances.ledger import Ledger
from lambdas.allowances.settings import SweeperSettings
from lambdas.budget.settings import BudgetSettings
from lambdas.budget.spending import Spending
from lambdas.common import aws
from lambdas.common.observability import logger, metrics


@cache
def ledger() -> Ledger:
    """The ledger, made on first use."""
    settings = SweeperSettings.from_env()
    # Direct: the function lies frozen for minutes, and what it adds to the month must not be added again blindly.
    client = aws.client("dynamodb", read_timeout=5, direct=True)
    budget = BudgetSettings(table=settings.environment_table)
    spending = Spending(client=client, settings=budget) if settings.environment_table else None
    return Ledger(table_name=settings.allowances_table, client=client, spending=spending)


@metrics.log_metrics
def lambda_handler(_event: dict[str, Any], _context: object, swept_by: Ledger | None = None) -> dict[str, int]:
    """Sweep once and return ``{"swept": number of reservations}``.

    Args:
        swept_by: the ledger, for tests; by default that of the settings' table.
    """
    swept = (swept_by or ledger()).sweep(time.time())
    metrics.add_metric(name="ReservationsSwept", unit=MetricUnit.Count, value=swept)
    if swept:
        logger.warning("swept reservations of calls that were never settled", extra={"swept": swept})
    return {"swept": swept}
