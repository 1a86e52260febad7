"""Access logs of REST APIs: MiniStack keeps a stage's ``accessLogSettings``, if at all, and writes nothing.

A line is written when a request is over, in the stage's format, to its log group. Source: API Gateway developer guide,
"Set up CloudWatch logging for REST APIs" and "Variables for access logging for API Gateway". What a request has no
value for is ``-``. The role is the account's (:mod:`sandbox.api_gateway.account`): without one that may, nothing is
written, and nobody is told. Values are written as JSON writes them in a string: a caller's path cannot end the line
that tells of it. Left out are Firehose streams, and requests that name no stage or are too large, as they reach none.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ministack.core.responses import StreamingResponse, request_scope
from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

from sandbox import log_store
from sandbox.api_gateway import account, gateway_responses
from sandbox.control import Receive, Send
from sandbox.service_role import NotAuthorizedError

_VARIABLE: Final = re.compile(r"\$context((?:\.[A-Za-z_]\w*)+)")
_LOG_GROUP: Final = re.compile(r"arn:[^:]+:logs:[^:]*:[^:]*:log-group:([^:]+)(?::\*)?")
_STAGE: Final = "AWS::ApiGateway::Stage"
_MARK: Final = "keeps_access_log"


@dataclass
class _Entry:
    """What is known of the request at hand: times are on the monotonic clock (seconds)."""

    began: float = field(default_factory=time.monotonic)
    asked: float | None = None
    request_id: str = "-"
    error: str = "-"


_current: ContextVar[_Entry | None] = ContextVar("access_log_entry", default=None)


def install() -> None:
    """Write access logs, and keep the settings that templates give. Doing it again changes nothing."""
    for name, wrap in (
        ("_handle_execute_in_scope", _logging),
        ("_gateway_error_response", _noting_errors),
        ("_build_lambda_event_v1", _noting_requests),
    ):
        _replace(apigateway_v1.__dict__, name, wrap)
    registered = provisioners._RESOURCE_HANDLERS[_STAGE]
    for name in ("create", "update"):
        _replace(registered, name, _with_settings)


def _replace(names: dict[str, Any], name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    if not hasattr(names[name], _MARK):
        names[name] = wrap(names[name])
        setattr(names[name], _MARK, True)


def _noting_errors(render: Callable[..., Any]) -> Callable[..., Any]:
    def noted(error: Any, request: Mapping[str, Any]) -> Any:
        if (entry := _current.get()) is not None:
            entry.error, entry.request_id = error.response_type, request["request_id"]
        return render(error, request)

    return noted


def _noting_requests(build: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*arguments: Any, **options: Any) -> Any:
        event = build(*arguments, **options)
        if (entry := _current.get()) is not None:
            entry.asked, entry.request_id = time.monotonic(), event["requestContext"]["requestId"]
        return event

    return noted


def _logging(handle: Callable[..., Any]) -> Callable[..., Any]:
    async def logged(
        api_id: str, stage: str, method: str, path: str, headers: Any, body: Any, query: Any, account: str, region: str
    ) -> Any:
        settings = (apigateway_v1._stages_v1.get(api_id, {}).get(stage) or {}).get("accessLogSettings") or {}
        if not settings.get("destinationArn"):
            return await handle(api_id, stage, method, path, headers, body, query, account, region)
        entry = _Entry()
        token = _current.set(entry)
        try:
            status, sent, content = await handle(api_id, stage, method, path, headers, body, query, account, region)
        finally:
            _current.reset(token)
        variables = {
            "accountId": account,
            "apiId": api_id,
            "stage": stage,
            "httpMethod": method,
            "path": f"/{stage}{path}",
            "protocol": "HTTP/1.1",
            "identity.userAgent": next((headers[name] for name in headers or {} if name.lower() == "user-agent"), "-"),
            **{f"authorizer.{name}": value for name, value in gateway_responses.given().items()},
            "status": status,
            "requestId": entry.request_id,
            "error.responseType": entry.error,
            "integrationLatency": "-" if entry.asked is None else _milliseconds(entry.asked),
        }

        def end(length: int) -> None:
            with request_scope(account, region):
                _write(settings, {**variables, **_times(entry), "responseLength": length})

        if isinstance(content, StreamingResponse):
            return status, sent, StreamingResponse(_counted(content.runner, end))
        end(len(content))
        return status, sent, content

    return logged


def _counted(runner: Callable[..., Any], end: Callable[[int], None]) -> Callable[..., Any]:
    """A streamed body that tells ``end`` how many bytes it had, however it ended."""

    async def counted(send: Send, receive: Receive) -> None:
        length = 0

        async def counting(message: Any) -> None:
            nonlocal length
            length += len(message.get("body", b""))
            await send(message)

        try:
            await runner(counting, receive)
        finally:
            end(length)

    return counted


def _milliseconds(since: float) -> int:
    return round((time.monotonic() - since) * 1000)


def _times(entry: _Entry) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "requestTime": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
        "requestTimeEpoch": int(now.timestamp() * 1000),
        "responseLatency": _milliseconds(entry.began),
    }


def line(template: str, variables: Mapping[str, Any]) -> str:
    """Return ``template`` with the values of its ``$context`` variables; ``variables`` are named without that."""

    def value(match: re.Match[str]) -> str:
        return json.dumps(str(variables.get(match[1].removeprefix("."), "-")), ensure_ascii=False)[1:-1]

    return _VARIABLE.sub(value, template)


def _write(settings: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
    group = _LOG_GROUP.fullmatch(settings["destinationArn"])
    if group is None or not _may_write(settings["destinationArn"]):
        return
    # One stream for all requests of a stage, under a name that says nothing, as AWS's do.
    place = f"{variables['apiId']}/{variables['stage']}"
    stream = hashlib.md5(place.encode(), usedforsecurity=False).hexdigest()
    log_store.open_stream(group[1], stream)
    log_store.append(group[1], stream, [line(settings.get("format") or "", variables)])


def _may_write(arn: str) -> bool:
    role = account.role()
    if role is None:
        return False
    try:
        role.require("logs:PutLogEvents", arn)
    except NotAuthorizedError:
        return False
    return True


def _with_settings(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A stage's handler that also keeps its settings; the properties are its last mapping."""

    def handle(*arguments: Any) -> Any:
        properties = [argument for argument in arguments if isinstance(argument, dict)][-1]
        given = properties.get("AccessLogSetting") or {}
        if given:
            account.require()
        outcome = handler(*arguments)
        apigateway_v1._stages_v1[properties["RestApiId"]][properties["StageName"]]["accessLogSettings"] = (
            {"destinationArn": given.get("DestinationArn", ""), "format": given.get("Format", "")} if given else {}
        )
        return outcome

    return handle
