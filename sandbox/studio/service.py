"""The service ``sagemaker``, as MiniStack calls its own: JSON 1.1, requests checked by botocore's model."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.model import shapes
from sandbox.model.errors import AwsError, Json, Response, invalid
from sandbox.scripted_operations import ScriptedOperations
from sandbox.studio import (
    apps,
    calls,
    container_credentials,
    domains,
    labs,
    lifecycle_configs,
    listing,
    presigned_url,
    script,
    spaces,
    store,
    tags,
    user_profiles,
)

SERVICE = "sagemaker"
TARGET = "SageMaker."

_CHANGES = {
    "CreateDomain": domains.create,
    "UpdateDomain": domains.update,
    "DeleteDomain": domains.delete,
    "CreateUserProfile": user_profiles.create,
    "UpdateUserProfile": user_profiles.update,
    "DeleteUserProfile": user_profiles.delete,
    "CreateSpace": spaces.create,
    "UpdateSpace": spaces.update,
    "DeleteSpace": spaces.delete,
    "CreateApp": apps.create,
    "DeleteApp": apps.delete,
}
_OTHERS: dict[str, Callable[[Json], Json]] = {
    "DescribeDomain": domains.describe,
    "DescribeUserProfile": user_profiles.describe,
    "DescribeSpace": spaces.describe,
    "DescribeApp": apps.describe,
    "CreateStudioLifecycleConfig": lifecycle_configs.create,
    "DescribeStudioLifecycleConfig": lifecycle_configs.describe,
    "DeleteStudioLifecycleConfig": lifecycle_configs.delete,
    "CreatePresignedDomainUrl": presigned_url.create,
    "AddTags": tags.add,
    "ListTags": tags.list_all,
    "DeleteTags": tags.delete,
    **{operation: partial(listing.run, operation) for operation in listing.LISTINGS},
}
_OPERATIONS = ScriptedOperations(changes=_CHANGES, others=_OTHERS, decide=script.decide, record=calls.add)


async def handle_request(
    _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]
) -> Response:
    """Answer one request, for MiniStack and for the resource types over this service."""
    operation = headers.get("x-amz-target", "").removeprefix(TARGET)
    try:
        return _json(_run(operation, body))
    except AwsError as error:
        return error.response()


def reset() -> None:
    """Forget every resource, and end what runs; MiniStack calls it when its state is emptied."""
    labs.end_all()
    container_credentials.forget_all()
    store.reset()


def _run(operation: str, body: bytes) -> Json:
    if operation not in _OPERATIONS:
        raise invalid(f"This local AWS does not do {operation or 'requests without an operation'} of SageMaker.")
    request = shapes.parse(operation, body, service=SERVICE)
    with store.lock:
        return _OPERATIONS.run(operation, request)


def _json(document: Json) -> Response:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return 200, headers, json.dumps(document, ensure_ascii=False).encode()
