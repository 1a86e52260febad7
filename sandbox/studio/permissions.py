"""IAM of Studio's requests: the resource that the service authorization reference gives for each action."""

from __future__ import annotations

import functools
import json
from typing import Any

from ministack.core import iam_actions

from sandbox.quotas import service as service_quotas
from sandbox.studio import service

_PARTS = {
    "Domain": ("domain", ("DomainId",)),
    "UserProfile": ("user-profile", ("DomainId", "UserProfileName")),
    "Space": ("space", ("DomainId", "SpaceName")),
    "StudioLifecycleConfig": ("studio-lifecycle-config", ("StudioLifecycleConfigName",)),
}
_LOWER = ("UserProfile", "StudioLifecycleConfig")


@functools.cache
def install() -> None:
    """Make MiniStack's front door ask for these actions. Doing it again changes nothing."""
    iam_actions.SERVICE_TO_IAM_NAMESPACE[service.SERVICE] = "sagemaker"
    iam_actions.SERVICE_TO_IAM_NAMESPACE[service_quotas.SERVICE] = "servicequotas"
    built = iam_actions.extract_resource_arn

    def resource(
        name: str, method: str, path: str, headers: dict[str, str], body: bytes, query: Any, region: str, account: str
    ) -> Any:
        if name != service.SERVICE:
            return built(name, method, path, headers, body, query, region, account)
        operation = headers.get("x-amz-target", "").removeprefix(service.TARGET)
        return resource_arn(operation, body, f"arn:aws:sagemaker:{region}:{account}")

    iam_actions.extract_resource_arn = resource


def resource_arn(operation: str, body: bytes, prefix: str) -> str:
    """The ARN that an operation is authorized on; ``*`` for lists, and where the request names none."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return "*"
    if not isinstance(request, dict) or (operation.startswith("List") and operation != "ListTags"):
        return "*"
    if operation.endswith("Tags"):
        return str(request.get("ResourceArn", "*"))
    if operation == "CreatePresignedDomainUrl":
        return _arn(prefix, "UserProfile", request)
    if operation.endswith("App"):
        owner = request.get("SpaceName") or request.get("UserProfileName")
        parts = (request.get("DomainId"), owner, str(request.get("AppType")).lower(), request.get("AppName"))
        return f"{prefix}:app/{'/'.join(map(str, parts))}"
    kind = next((kind for kind in _PARTS if operation.endswith(kind)), None)
    return "*" if kind is None else _arn(prefix, kind, request)


def _arn(prefix: str, kind: str, request: dict[str, Any]) -> str:
    name, members = _PARTS[kind]
    # CreateDomain draws the id itself: it is authorized on any.
    parts = "/".join(str(request.get(member, "*")) for member in members)
    return f"{prefix}:{name}/{parts.lower() if kind in _LOWER else parts}"
