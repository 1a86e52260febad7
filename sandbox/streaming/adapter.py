"""The Lambda Web Adapter: its settings and how it turns an invocation into an HTTP request.

Source: aws/aws-lambda-web-adapter, src/lib.rs, and lambda_http, which it is built on. Settings have an older name
without the prefix; the newer one wins.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from sandbox.regions import has_adapter_layer

LAYER_PREFIX: Final = "LambdaAdapterLayer"
WRAPPER_VARIABLE: Final = "AWS_LAMBDA_EXEC_WRAPPER"
WRAPPER: Final = "/opt/bootstrap"
MODE_VARIABLE: Final = "AWS_LWA_INVOKE_MODE"
STREAMING_MODE: Final = "response_stream"
PORT_VARIABLES: Final = ("AWS_LWA_PORT", "PORT")

_HEALTHY: Final = frozenset(range(100, 500))
# What Rust's `Url::set_path` leaves as it is; `%` too, so that an escape stays the one it was.
_PATH_SAFE: Final = "/:@!$&'()*+,;=~%-._[]|^"
# They frame one message on one connection; the body that is sent has a length of its own.
_FRAMING: Final = frozenset(
    ("connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade")
)


@dataclass(frozen=True, kw_only=True)
class AdapterSettings:
    """The adapter's settings, read from a function's environment variables.

    Attributes:
        readiness_path: asked until it answers with one of ``healthy_statuses``.
        readiness_by_tcp: that the port accepts connections is enough.
        remove_base_path: taken off the beginning of every path, as often as it stands there; "" for none.
        async_init: whether an application that is not ready after the init phase may go on starting.
        authorization_source: header that is sent as Authorization instead; "" for none.
        error_statuses: statuses of the application that make the invocation an error.
    """

    readiness_path: str
    healthy_statuses: frozenset[int]
    readiness_by_tcp: bool
    remove_base_path: str
    async_init: bool
    authorization_source: str
    error_statuses: frozenset[int]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "AdapterSettings":
        """Read the settings; what is not set has the adapter's default."""

        def setting(name: str, default: str = "") -> str:
            return environment.get(f"AWS_LWA_{name}", environment.get(name, default))

        healthy = environment.get("AWS_LWA_READINESS_CHECK_HEALTHY_STATUS")
        return cls(
            readiness_path=setting("READINESS_CHECK_PATH", "/"),
            healthy_statuses=_HEALTHY if healthy is None else _statuses(healthy),
            readiness_by_tcp=setting("READINESS_CHECK_PROTOCOL").lower() == "tcp",
            remove_base_path=setting("REMOVE_BASE_PATH"),
            async_init=setting("ASYNC_INIT") == "true",
            authorization_source=environment.get("AWS_LWA_AUTHORIZATION_SOURCE", "").lower(),
            error_statuses=_statuses(environment.get("AWS_LWA_ERROR_STATUS_CODES", "")),
        )


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """What is sent to the application."""

    method: str
    target: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes


def problem(environment: Mapping[str, str], *, layers: Sequence[str]) -> str | None:
    """Why a function with these environment variables and layer ARNs cannot stream on AWS, or None when it can."""
    if environment.get(WRAPPER_VARIABLE) != WRAPPER:
        return f"its response is not a stream: set {WRAPPER_VARIABLE}={WRAPPER} to run it behind the Lambda Web Adapter"
    named = [layer.split(":") for layer in layers if layer.count(":") >= 7]
    adapters = [parts for parts in named if parts[-2].startswith(LAYER_PREFIX)]
    if not adapters:
        return f"{WRAPPER} does not exist: add the layer {LAYER_PREFIX}Arm64 or {LAYER_PREFIX}X86"
    if not any(has_adapter_layer(parts[3]) for parts in adapters):
        return "not authorized to perform lambda:GetLayerVersion: no such layer is published in the region"
    if environment.get(MODE_VARIABLE, "").lower() != STREAMING_MODE:
        return f"its adapter answers with one buffered JSON document: set {MODE_VARIABLE}={STREAMING_MODE}"
    return None


def http_request(
    event: Mapping[str, Any], body: bytes, *, settings: AdapterSettings, lambda_context: Mapping[str, Any]
) -> HttpRequest:
    """The request that the adapter makes of a REST API's ``event`` (payload format 1.0), whose body is ``body``."""
    path: str = event["path"]
    while settings.remove_base_path and path.startswith(settings.remove_base_path):
        path = path.removeprefix(settings.remove_base_path)
    target = quote(path if path.startswith("/") else f"/{path}", safe=_PATH_SAFE)
    query = urlencode(event.get("multiValueQueryStringParameters") or {}, doseq=True)
    headers = {name.lower(): list(values) for name, values in event["multiValueHeaders"].items()}
    if settings.authorization_source in headers:
        headers["authorization"] = headers.pop(settings.authorization_source)
    headers["x-amzn-request-context"] = [_compact(event["requestContext"])]
    headers["x-amzn-lambda-context"] = [_compact(lambda_context)]
    if lambda_context.get("xray_trace_id"):
        headers["x-amzn-trace-id"] = [str(lambda_context["xray_trace_id"])]
    lines = [
        (name.encode(), value.encode()) for name, values in headers.items() if name not in _FRAMING for value in values
    ]
    if body or event["httpMethod"] not in ("GET", "HEAD", "OPTIONS"):
        lines.append((b"content-length", str(len(body)).encode()))
    return HttpRequest(
        method=event["httpMethod"],
        target=f"{target}?{query}".encode() if query else target.encode(),
        headers=lines,
        body=body,
    )


def _compact(document: Mapping[str, Any]) -> str:
    """JSON as serde writes it: no blanks, and characters beyond ASCII as they are (UTF-8 on the wire)."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _statuses(text: str) -> frozenset[int]:
    """Statuses of a list like ``500,502-504``; what is not a number is left out, as the adapter does."""
    found: set[int] = set()
    for part in text.split(","):
        ends = [end.strip() for end in part.split("-")]
        if len(ends) <= 2 and all(end.isdigit() for end in ends):
            found.update(range(int(ends[0]), int(ends[-1]) + 1))
    return frozenset(found)
