"""FlushStageAuthorizersCache: forgetting what authorizers answered, so that a revoked key is refused at once."""

import re
from typing import Any, Final

from ministack.services import apigateway_v1

_PATH: Final = re.compile(r"/restapis/([^/]+)/stages/([^/]+)/cache/authorizers")

_handle_request = apigateway_v1.handle_request


def install() -> None:
    """Add the operation. Doing it again changes nothing."""
    apigateway_v1.handle_request = _handle


async def _handle(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
    match = _PATH.fullmatch(path)
    if match is None or method != "DELETE":
        return await _handle_request(method, path, headers, body, query_params)
    api_id, stage_name = match.groups()
    if stage_name not in apigateway_v1.stages_for_api(api_id):
        return apigateway_v1._v1_error("NotFoundException", "Invalid stage identifier specified", 404)
    for key in list(apigateway_v1._authorizer_cache):
        _account, _region, cached_api, _authorizer, cached_stage, _identity = key
        if (cached_api, cached_stage) == (api_id, stage_name):
            del apigateway_v1._authorizer_cache[key]
    return 202, {}, b""
