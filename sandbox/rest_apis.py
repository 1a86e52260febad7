"""The REST APIs deployed in the sandbox, and the one answer API Gateway gives that MiniStack does not."""

import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from ministack.core.responses import request_scope
from ministack.services import apigateway_v1

from sandbox.control import Response, Scope

PAYLOAD_LIMIT = 10 * 1024 * 1024
"""Bytes of request body API Gateway accepts, a quota that cannot be raised."""


@dataclass(frozen=True, kw_only=True)
class DeployedApi:
    """One stage of one REST API."""

    account: str
    region: str
    api_id: str
    name: str
    stage: str
    tags: dict[str, str] = field(default_factory=dict)

    def matches(self, selector: str) -> bool:
        """Whether ``selector`` is the API's name, id or tag ``KEY=VALUE``, alone or followed by ``/STAGE``."""
        names = {self.name, self.api_id, *(f"{key}={value}" for key, value in self.tags.items())}
        return selector in names or selector in {f"{name}/{self.stage}" for name in names}


def deployed() -> list[DeployedApi]:
    """Every stage of every REST API, in any account and region, ordered by name."""
    found = []
    for (account, region, api_id), api in list(apigateway_v1._rest_apis.all_items()):
        stages: dict[str, Any] = apigateway_v1._stages_v1.get_scoped(account, region, api_id, {})
        found += [
            DeployedApi(
                account=account,
                region=region,
                api_id=api_id,
                name=api["name"],
                stage=stage,
                tags=dict(api.get("tags") or {}),
            )
            for stage in stages
        ]
    return sorted(found, key=lambda api: (api.name, api.api_id, api.stage))


def too_large(api: DeployedApi, scope: Scope) -> Response:
    """API Gateway's 413, through the API's own REQUEST_TOO_LARGE or DEFAULT_4XX gateway response where it has one."""
    with request_scope(api.account, api.region):
        status, headers, body = apigateway_v1._gateway_error_response(
            apigateway_v1._GatewayError(
                "REQUEST_TOO_LARGE",
                f"HTTP content length exceeded {PAYLOAD_LIMIT} bytes.",
                "RequestTooLargeException",
            ),
            {
                "api_id": api.api_id,
                "stage_name": api.stage,
                "stage": apigateway_v1._stages_v1[api.api_id][api.stage],
                "headers": {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
                "query_params": parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True),
                "path_params": {},
                "resource_path": "",
                "request_id": str(uuid.uuid4()),
            },
        )
        return int(status), dict(headers), bytes(body)
