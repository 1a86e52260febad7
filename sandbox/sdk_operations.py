"""Operations as ``aws-sdk`` integrations name them, ``bedrock:getCustomModel``, and clients that call them as a role.

Step Functions and EventBridge Scheduler call the operations of the AWS SDK for Java: a service's id in small letters,
and an operation with a small first letter.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from dataclasses import dataclass
from typing import Any, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.model import OperationModel, OperationNotFoundError
from ministack.core.responses import get_region

from sandbox import session_credentials
from sandbox.resources import service_api

# The SDK's names of services that are not botocore's without hyphens.
_NAMES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs", "costexplorer": "ce"}
_WAITS = Config(retries={"total_max_attempts": 1}, read_timeout=60, s3={"addressing_style": "path"})
_RENEW_SECONDS = 600

_lock = threading.Lock()
_clients: dict[tuple[str, str, str, str], tuple[float, Any]] = {}


class UnknownOperationError(LookupError):
    """There is no such service, or it has no such operation."""


@dataclass(frozen=True)
class Operation:
    """An operation by botocore's names of it and of its service."""

    service: str
    name: str

    @classmethod
    def parse(cls, service: str, action: str) -> Operation:
        """Return the operation that an integration names.

        Raises:
            UnknownOperationError: there is none.
        """
        found = _NAMES.get(service) or _services().get(service)
        operation = cls(found or "", f"{action[:1].upper()}{action[1:]}")
        if found is None or action[:1].isupper():
            raise UnknownOperationError(f"{service}:{action}")
        try:
            operation.model()
        except OperationNotFoundError:
            raise UnknownOperationError(f"{service}:{action}") from None
        return operation

    def model(self) -> OperationModel:
        """Return botocore's model of it."""
        return service_api.operation_model(self.service, self.name)

    def call(self, client: Any, parameters: dict[str, Any]) -> dict[str, Any]:
        """Call it with botocore's names of parameters, and return the reply. Raises botocore's errors."""
        methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
        reply: dict[str, Any] = getattr(client, methods[self.name])(**parameters)
        return reply


@functools.cache
def _services() -> dict[str, str]:
    return {name.replace("-", ""): name for name in botocore.session.get_session().get_available_services()}


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session()  # one for all: each reads the models of services anew


def client(service: str, role_arn: str, *, session: str) -> Any:
    """Return a client that signs as a role, whose policies count; ``session`` is the name of the role's session.

    It calls the sandbox over HTTP, once: not to be used on the event loop, which has to answer.
    """
    key = (service, role_arn, session, get_region())
    with _lock:
        issued, found = _clients.get(key, (0.0, None))
        if found is None or issued < time.time() - _RENEW_SECONDS:
            credentials = session_credentials.issue(role_arn, session=session)
            found = _session().client(
                cast(Any, service),
                region_name=get_region(),
                endpoint_url=f"http://localhost:{os.environ.get('GATEWAY_PORT', '4566')}",
                aws_access_key_id=credentials.access_key_id,
                aws_secret_access_key=credentials.secret_access_key,
                aws_session_token=credentials.token,
                config=_WAITS,
            )
            _clients[key] = (time.time(), found)
        return found


def forget() -> None:
    """Forget the clients: whoever gave their credentials no longer knows them."""
    with _lock:
        _clients.clear()
