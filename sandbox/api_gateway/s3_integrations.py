"""AWS integrations whose target is S3: ``arn:aws:apigateway:<region>:s3:path/<bucket>/<key>``, read with a role.

MiniStack takes their URI for a function's. Source: API Gateway developer guide, "Create a REST API as an Amazon S3
proxy", "Set up integration response mappings" and "Content type conversions in API Gateway": without binary media types
what S3 gives is text in UTF-8. A header is only sent if the method's response has it too. Left out are what writes,
parameters in the URI, and what S3's own headers tell.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ministack.core.responses import request_scope
from ministack.services import apigateway_v1, s3

from sandbox import service_role
from sandbox.service_role import NotAuthorizedError

Answer = tuple[int, dict[str, str], bytes]

_SERVICE: Final = "apigateway.amazonaws.com"
_SENT: Final = "method.response.header."
_MARK: Final = "reads_s3"


def install() -> None:
    """Answer S3's integrations, and leave all others to MiniStack. Doing it again changes nothing."""
    if not hasattr(apigateway_v1._invoke_lambda_custom_v1, _MARK):
        apigateway_v1._invoke_lambda_custom_v1 = _with_s3(apigateway_v1._invoke_lambda_custom_v1)


def _with_s3(others: Callable[..., Any]) -> Callable[..., Any]:
    async def invoke(integration: dict[str, Any], *arguments: Any, **options: Any) -> Any:
        target = apigateway_v1._parse_service_integration_uri(integration.get("uri", ""))
        if not target or target[1:3] != ("s3", "path"):
            return await others(integration, *arguments, **options)
        api_id, resource, method = arguments[0], arguments[3], arguments[5]
        declared = _declared(resource, method)
        bucket, _, key = target[3].partition("/")
        with request_scope(options.get("owner_account_id"), target[0]):
            return answer(integration, bucket=bucket, key=key, api_id=api_id, declared=declared)

    setattr(invoke, _MARK, True)
    return invoke


def answer(
    integration: Mapping[str, Any], *, bucket: str, key: str, api_id: str, declared: Mapping[str, set[str]]
) -> Any:
    """Return what the integration answers, or MiniStack's object of a refusal.

    Args:
        declared: status -> headers that the method's response has, in small letters.
    """
    try:
        role = service_role.assume(
            integration.get("credentials") or "", service=_SERVICE, session="quarry-playground", source_arn=_arn(api_id)
        )
    except NotAuthorizedError:
        return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
    status, content = _read(role, bucket, key)
    chosen = apigateway_v1._select_service_integration_response(integration, status)
    if chosen is None:
        return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
    told = str(chosen["statusCode"])
    headers = {"Content-Type": "application/json"}
    for target, value in (chosen.get("responseParameters") or {}).items():
        name = target.removeprefix(_SENT)
        if target.lower().removeprefix(_SENT) not in declared.get(told, set()):
            return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
        # The outermost quotation marks make it a text; a Content-Security-Policy has its own inside.
        headers[name] = value[1:-1]
    template = (chosen.get("responseTemplates") or {}).get("application/json")
    return int(told), headers, content if template is None else template.encode()


def _read(role: service_role.ServiceRole, bucket: str, key: str) -> tuple[int, bytes]:
    try:
        role.require("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")
    except NotAuthorizedError as error:
        return 403, f"<Error><Code>AccessDenied</Code><Message>{error}</Message></Error>".encode()
    content = s3._get_object_data(bucket, key)
    if content is None:
        return 404, b"<Error><Code>NoSuchKey</Code></Error>"
    # Bytes that are no text do not come through.
    return 200, content.decode("utf-8", "replace").encode()


def _declared(resource: Mapping[str, Any], method: str) -> dict[str, set[str]]:
    responses = (resource["resourceMethods"].get(method) or {}).get("methodResponses") or {}
    return {
        status: {name.lower().removeprefix(_SENT) for name in (one.get("responseParameters") or {})}
        for status, one in responses.items()
    }


def _arn(api_id: str) -> str:
    return f"arn:aws:apigateway:{apigateway_v1.get_region()}::/restapis/{api_id}"
