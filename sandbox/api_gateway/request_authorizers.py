"""Identity sources of REQUEST authorizers, as strict as API Gateway is about them.

An authorizer whose answers are remembered has to name what they are remembered by. Of one that names sources, every
request has to have all of them, whether its answers are remembered or not: another one is 401, and the function is not
asked. MiniStack makes any authorizer, takes the Authorization header where a template names no source, and looks at the
sources only where answers are remembered. Source: API Gateway's
API reference, CreateAuthorizer, ``identitySource`` and ``authorizerResultTtlInSeconds``.
"""

import functools
from collections.abc import Callable
from typing import Any, Final

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

_TYPE: Final = "AWS::ApiGateway::Authorizer"
_MOST_SECONDS: Final = 3600
_DEFAULT_SECONDS: Final = 300
_MARK: Final = "checks_identity_sources"


def install() -> None:
    """Be as strict. Doing it again changes nothing."""
    registered = provisioners._RESOURCE_HANDLERS[_TYPE]
    for names, name, wrap in (
        (apigateway_v1.__dict__, "_create_authorizer", _checked),
        (apigateway_v1.__dict__, "_authorize_request_v1", _demanding),
        (registered, "create", _with_own_sources),
        (registered, "update", _with_own_sources),
    ):
        if not hasattr(names[name], _MARK):
            names[name] = wrap(names[name])
            setattr(names[name], _MARK, True)


def _with_own_sources(handler: Callable[..., Any]) -> Callable[..., Any]:
    """An authorizer's handler for which a REQUEST authorizer has the sources that its template names, and no other."""

    @functools.wraps(handler)
    def handle(*arguments: Any, **options: Any) -> Any:
        return handler(*map(_own_sources, arguments), **options)

    return handle


def _own_sources(argument: Any) -> Any:
    if isinstance(argument, dict) and argument.get("Type") == "REQUEST":
        return {"IdentitySource": "", **argument}
    return argument


def _checked(create: Callable[..., Any]) -> Callable[..., Any]:
    """CreateAuthorizer that makes no authorizer that AWS does not."""

    def checked(api_id: str, data: dict[str, Any]) -> Any:
        problem = _problem(data)
        if problem is not None:
            return apigateway_v1._v1_error("BadRequestException", problem, 400)
        return create(api_id, data)

    return checked


def _problem(data: dict[str, Any]) -> str | None:
    given = data.get("authorizerResultTtlInSeconds")
    seconds = _DEFAULT_SECONDS if given in (None, "") else int(str(given))
    if not 0 <= seconds <= _MOST_SECONDS:
        return f"Authorizer result TTL must be from 0 to {_MOST_SECONDS} seconds"
    if data.get("type") == "REQUEST" and seconds and not data.get("identitySource"):
        return "An authorizer of the type REQUEST whose results are cached needs an identity source"
    return None


def _demanding(authorize: Callable[..., Any]) -> Callable[..., Any]:
    """Authorization that first demands all identity sources."""

    async def demanding(api_id: str, stage_name: str, method: dict[str, Any], *arguments: Any) -> Any:
        _method, _path, _resource, headers, _body, query, _path_parameters, stage, *_owner = arguments
        authorizer = apigateway_v1._authorizers_v1.get(api_id, {}).get(method.get("authorizerId")) or {}
        if authorizer.get("type") == "REQUEST":
            present, _values = apigateway_v1._request_identity_sources(
                authorizer.get("identitySource") or "", headers, query, stage
            )
            if not present:
                return apigateway_v1._gw_error("UNAUTHORIZED", "Unauthorized"), None
        return await authorize(api_id, stage_name, method, *arguments)

    return demanding
