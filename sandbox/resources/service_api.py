"""Calls to MiniStack's service modules in this process, through botocore's own validation, serializer and parser.

A CloudFormation handler runs inside the server's event loop, so a call to the server over HTTP would wait for itself.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import importlib
import threading
import urllib.parse
import uuid
from collections.abc import Callable
from typing import Any, cast

import botocore.session
from botocore.model import OperationModel, ServiceModel, StructureShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.validate import validate_parameters

_NOT_FOUND_CODES = frozenset({"ResourceNotFoundException", "NotFoundException", "ResourceNotFound"})


class ApiError(Exception):
    """A service refused a request; ``code`` is AWS's error code, the text is worded as a resource handler words it."""

    def __init__(self, service: str, code: str, message: str, status: int = 400) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{message} (Service: {service}, Status Code: {status}) (HandlerErrorCode: {code})")

    @property
    def is_not_found(self) -> bool:
        """Whether the error says that the resource does not exist."""
        return self.code in _NOT_FOUND_CODES


@functools.cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of a service, for example ``bedrock-agent``."""
    return botocore.session.get_session().get_service_model(service)


def operation_model(service: str, operation: str) -> OperationModel:
    """botocore's model of one operation. Raises botocore's OperationNotFoundError for an unknown name."""
    return service_model(service).operation_model(operation)


def call(service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Call one operation and answer its parsed reply, without ``ResponseMetadata``.

    The request keeps the account and region of the calling context. Raises botocore's ParamValidationError for
    parameters the service model does not allow and ApiError for an error reply.
    """
    model = operation_model(service, operation)
    if model.input_shape is not None:
        parameters = _with_idempotency_tokens(model, parameters)
        validate_parameters(parameters, model.input_shape)
    protocol = model.service_model.resolved_protocol
    request = create_serializer(protocol, include_validation=False).serialize_to_request(parameters, model)
    status, headers, body = _handled(service, request)
    parser = create_parser(protocol)
    # botocore answers an empty document for an operation without output, which its stubs do not allow for.
    output = cast(StructureShape, model.output_shape)
    reply = cast(dict[str, Any], parser.parse({"status_code": status, "headers": headers, "body": body}, output))
    if "Error" in reply and status >= 400:
        error = reply["Error"]
        raise ApiError(model.service_model.service_id, error["Code"], error["Message"], status)
    reply.pop("ResponseMetadata", None)
    return reply


def _with_idempotency_tokens(model: OperationModel, parameters: dict[str, Any]) -> dict[str, Any]:
    # botocore's client fills these from a hook that a bare serializer does not run.
    return {**{name: str(uuid.uuid4()) for name in model.idempotent_members}, **parameters}


def _handled(service: str, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    module = importlib.import_module(f"ministack.services.{service.replace('-', '_')}")
    path, _, query = str(request["url_path"]).partition("?")
    arguments = urllib.parse.parse_qs(query, keep_blank_values=True)
    # botocore leaves an empty string where an operation has no query.
    for name, value in (request["query_string"] or {}).items():
        arguments[name] = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    headers = {name.lower(): str(value) for name, value in request["headers"].items()}
    body = request["body"]
    body = body.encode() if isinstance(body, str) else bytes(body or b"")

    def handle() -> tuple[int, dict[str, str], bytes]:
        # ASGI hands the server a decoded path.
        handler = module.handle_request(request["method"], urllib.parse.unquote(path), headers, body, arguments)
        return cast(tuple[int, dict[str, str], bytes], asyncio.run(handler))

    return _on_fresh_thread(handle)


def _on_fresh_thread(handle: Callable[[], tuple[int, dict[str, str], bytes]]) -> tuple[int, dict[str, str], bytes]:
    """Run on a thread without an event loop, with this context's account and region."""
    context = contextvars.copy_context()
    results: list[tuple[int, dict[str, str], bytes]] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(context.run(handle))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="sandbox-service-call")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]
