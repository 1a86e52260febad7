"""Response streaming: REST API routes in STREAM mode to functions behind the Lambda Web Adapter.

MiniStack answers such a route with one buffered response of a handler that does not exist. Here the function's own
HTTP server is started from its code and layers, with credentials of its own role, and its response is sent on as it is
produced. Sources: API Gateway developer guide, "Stream the integration response for your proxy integrations"; Lambda
developer guide, "Lambda runtime environment"; the adapter's own sources (see :mod:`sandbox.streaming.adapter`).
"""

import functools
import os

from ministack.core import lambda_runtime
from ministack.services import apigateway_v1

from sandbox import control
from sandbox.streaming.function import current_fingerprint
from sandbox.streaming.instance import Instance
from sandbox.streaming.integration import StreamIntegration
from sandbox.streaming.pool import INIT_SECONDS, Pool
from sandbox.streaming.request import wrap

__all__ = ["end_functions", "install", "wrap"]


@functools.cache
def _pool() -> Pool:
    return Pool(
        spawn=Instance.spawn,
        fingerprint_of=current_fingerprint,
        idle_seconds=lambda_runtime._LOCAL_WORKER_TTL,
        # A machine that is slow, or has other things to do, starts a function more slowly than AWS.
        init_seconds=float(os.environ.get("SANDBOX_INIT_SECONDS", INIT_SECONDS)),
    )


@functools.cache
def install() -> None:
    """Add it to MiniStack, whose application must be served through :func:`wrap`. Doing it again changes nothing."""
    apigateway_v1._invoke_lambda_proxy_v1 = StreamIntegration(_pool()).invoke
    control.on_reset(end_functions)


def end_functions() -> None:
    """End every instance of every function, and wait until their processes are gone."""
    _pool().end_all()
