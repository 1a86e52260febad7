"""The operations of ``bedrock`` that concern tuning, in the place of MiniStack's own."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Callable
from typing import Any, cast

from ministack.core import iam_actions
from ministack.services import bedrock, tagging

from sandbox.model import targets
from sandbox.model.errors import AwsError, Json, Response, invalid
from sandbox.scripted_operations import ScriptedOperations
from sandbox.tuning import (
    calls,
    custom_models,
    deployments,
    jobs,
    listing,
    permissions,
    requests,
    script,
    serving,
    store,
    tags,
    throughputs,
    tokens,
)

_CHANGES = {
    "CreateModelCustomizationJob": jobs.create,
    "CreateCustomModelDeployment": deployments.create,
    "UpdateCustomModelDeployment": deployments.update,
    "CreateProvisionedModelThroughput": throughputs.create,
    "UpdateProvisionedModelThroughput": throughputs.update,
}
_OTHERS: dict[str, Callable[[Json], Json]] = {
    "GetModelCustomizationJob": jobs.get,
    "StopModelCustomizationJob": jobs.stop,
    "GetCustomModel": custom_models.get,
    "DeleteCustomModel": custom_models.delete,
    "GetCustomModelDeployment": deployments.get,
    "DeleteCustomModelDeployment": deployments.delete,
    "GetProvisionedModelThroughput": throughputs.get,
    "DeleteProvisionedModelThroughput": throughputs.delete,
    **{operation: functools.partial(listing.run, operation) for operation in listing.LISTINGS},
}
_TAGS = {
    "TagResource": tags.add,
    "UntagResource": tags.delete,
    "ListTagsForResource": tags.list_all,
}
_REFUSED = ("CreateCustomModel",)
OPERATIONS = (*_CHANGES, *_OTHERS, *_TAGS, *_REFUSED)
_SCRIPTED = ScriptedOperations(changes=_CHANGES, others={**_OTHERS, **_TAGS}, decide=script.decide, record=calls.add)


@functools.cache
def install() -> None:
    """Replace MiniStack's functions. Doing it again changes nothing."""
    known = requests.routes(OPERATIONS)
    bedrock.handle_request = _before(bedrock.handle_request, known)
    bedrock.reset = _with_reset(bedrock.reset)
    iam_actions.extract_iam_action = _leaving_out(iam_actions.extract_iam_action, known)
    targets.serve_custom(serving.find)
    tagging.resource_tags = _with_tags(tagging.resource_tags)


def _before(original: Any, known: tuple[requests.Route, ...]) -> Any:
    @functools.wraps(original)
    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        found = requests.match(known, method, path)
        if found is None or not _is_ours(found[0], body):
            return cast(Response, await original(method, path, headers, body, query))
        # In a thread: reading a bucket takes its time, and MiniStack serves everything from one loop.
        return await asyncio.to_thread(_answer, *found, headers, body, query)

    return handle


def _leaving_out(extract: Any, known: tuple[requests.Route, ...]) -> Any:
    """MiniStack's front door only authenticates the calls that are authorised here, with all their resources."""

    @functools.wraps(extract)
    def extracting(service: str, method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        found = requests.match(known, method, path) if service == "bedrock" else None
        if found is not None and _is_ours(found[0], body):
            return None
        return extract(service, method, path, headers, body, query)

    return extracting


def _is_ours(operation: str, body: bytes) -> bool:
    """Whether an operation is done here: of tags only those of tuning's resources."""
    if operation not in _TAGS:
        return True
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return False
    return isinstance(document, dict) and tags.concerns(str(document.get("resourceARN", "")))


def _with_tags(find: Any) -> Any:
    @functools.wraps(find)
    def finding(arn: str, *rest: Any) -> Any:
        entry = store.by_arn(arn)
        return dict(entry.tags) if entry is not None else find(arn, *rest)

    return finding


def _with_reset(reset: Callable[[], None]) -> Callable[[], None]:
    @functools.wraps(reset)
    def resetting() -> None:
        reset()
        store.reset()
        tokens.reset()

    return resetting


def _answer(operation: str, named: dict[str, str], headers: Any, body: bytes, query: dict[str, Any]) -> Response:
    try:
        if operation in _REFUSED:
            raise invalid(f"This local AWS does not do {operation}: custom models come from customization jobs.")
        request = requests.parse(operation, named, body, query)
        allowed = functools.partial(permissions.check, operation, request, headers, query)
        with store.lock:
            document = _SCRIPTED.run(operation, request, check=allowed)
    except AwsError as error:
        return error.response()
    answered = json.dumps(document, ensure_ascii=False).encode()
    return requests.status(operation), {"Content-Type": "application/json"}, answered
