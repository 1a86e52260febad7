"""Lambda's concurrent executions: the account's quota where a test sets it, and what API Gateway makes of a throttle.

MiniStack refuses above a number that its machine can bear. Where the quota L-B99A9384 was set, that one holds, and
GetAccountSettings tells it. Each refusal counts in the metric AWS/Lambda ``Throttles``.

An integration whose function was not run has failed: API Gateway answers INTEGRATION_FAILURE, with status 500 where the
API says nothing of that. A throttled authorizer is AUTHORIZER_FAILURE, as one that crashed is. Sources: API Gateway
developer guide, "Gateway response types"; re:Post QUfI6bsdd0SOiPeyimzxSkfQ (2026: the caller sees 500) and Stack
Overflow 36363280 (the type).
"""

from __future__ import annotations

import functools
import time
from typing import Any

from ministack.services import apigateway_v1, cloudwatch, lambda_svc

from sandbox.quotas import applied
from sandbox.quotas.catalogue import CONCURRENT_EXECUTIONS


class ThrottledError(Exception):
    """Lambda refused to run an integration's function."""


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    acquire, settings = lambda_svc._acquire_execution_slot, lambda_svc._get_account_settings
    shape, own = apigateway_v1._lambda_proxy_response, lambda_svc._ACCOUNT_CONCURRENCY_CAP

    def apply() -> None:
        quota = applied.set_value(CONCURRENT_EXECUTIONS)
        lambda_svc._ACCOUNT_CONCURRENCY_CAP = own if quota is None else int(quota)

    def acquiring(record: dict[str, Any], config: dict[str, Any]) -> Any:
        apply()
        slot, limit = acquire(record, config)
        if slot is None:
            dimensions = {"FunctionName": config["FunctionName"]}
            cloudwatch._store_datum(
                "AWS/Lambda", "Throttles", dimensions, time.time(), "Count", None, [1.0], None, None
            )
        return slot, limit

    def telling() -> Any:
        apply()
        return settings()

    def shaping(result: dict[str, Any]) -> Any:
        if result.get("throttle"):
            raise ThrottledError
        return shape(result)

    lambda_svc._acquire_execution_slot = acquiring
    lambda_svc._get_account_settings = telling
    apigateway_v1._lambda_proxy_response = shaping
