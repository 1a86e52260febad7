"""IAM of model calls as AWS checks it: action and every resource.

MiniStack takes the operation's own name as the action (``bedrock:Converse``, which no AWS policy knows) and one
foundation-model ARN built from the path as the resource, also for a profile. Here: Converse and InvokeModel need
``bedrock:InvokeModel``, their streaming forms ``bedrock:InvokeModelWithResponseStream``, on the ARN that is called and
on each foundation model behind a profile; a guardrail needs ``bedrock:ApplyGuardrail`` on its ARN (Bedrock user guide,
"Prerequisites for inference profiles", "Set up permissions to use guardrails").
"""

from __future__ import annotations

import re
from typing import Any

import ministack.app
from ministack.core import iam_actions
from ministack.core.iam_evaluator import AuthError, enforce
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id

from sandbox.model.errors import AwsError
from sandbox.model.targets import Target

_NAMED_BY_ARN = re.compile(r"^/(?:inference-profiles|guardrails|custom-models|foundation-models)/(arn:[^?]+)$")

ACTIONS = {
    "Converse": "bedrock:InvokeModel",
    "ConverseStream": "bedrock:InvokeModelWithResponseStream",
    "CountTokens": "bedrock:CountTokens",
    "InvokeModel": "bedrock:InvokeModel",
    "InvokeModelWithResponseStream": "bedrock:InvokeModelWithResponseStream",
    "ApplyGuardrail": "bedrock:ApplyGuardrail",
}

ROUTES = {
    re.compile(r"^/model/(.+)/converse$"): "Converse",
    re.compile(r"^/model/(.+)/converse-stream$"): "ConverseStream",
    re.compile(r"^/model/(.+)/count-tokens$"): "CountTokens",
    re.compile(r"^/model/(.+)/invoke$"): "InvokeModel",
    re.compile(r"^/model/(.+)/invoke-with-response-stream$"): "InvokeModelWithResponseStream",
    re.compile(r"^/guardrail/(.+)/version/([^/]+)/apply$"): "ApplyGuardrail",
}


def route(method: str, path: str) -> tuple[str, re.Match[str]] | None:
    """Return (operation, match of its path) where this package answers the request itself."""
    if method != "POST":
        return None
    for pattern, operation in ROUTES.items():
        if match := pattern.match(path):
            return operation, match
    return None


def install() -> None:
    """Make MiniStack's front door only authenticate the calls that ``check`` authorises with all their resources.

    It also gets right the resource of control-plane calls that name a profile, guardrail or model by ARN.
    """
    original = iam_actions.extract_iam_action
    if getattr(original, "model_calls_left_out", False):
        return

    def extract(service: str, method: str, path: str, *rest: Any) -> Any:
        if service == "bedrock-runtime" and route(method, path):
            return None
        return original(service, method, path, *rest)

    extract.model_calls_left_out = True  # type: ignore[attr-defined]  # the mark that makes a second install harmless
    iam_actions.extract_iam_action = extract
    built = iam_actions.extract_resource_arn

    def resource(service: str, method: str, path: str, *rest: Any) -> Any:
        # MiniStack takes the first part of an ARN in a path for the resource's id.
        named = _NAMED_BY_ARN.match(path) if service == "bedrock" else None
        return named[1] if named else built(service, method, path, *rest)

    iam_actions.extract_resource_arn = resource


def check(operation: str, target: Target, headers: dict[str, str], query: dict[str, Any], guardrail: str = "") -> None:
    """Check that the caller may run ``operation`` on ``target``, and use the guardrail (id or ARN) it names.

    Raises:
        AwsError: AccessDeniedException, with the first action and resource that no policy allows.
    """
    context: dict[str, Any] = {}
    if target.is_profile:
        context["bedrock:InferenceProfileArn"] = target.arn
    if guardrail:
        context["bedrock:GuardrailIdentifier"] = guardrail_arn(guardrail)
    action = ACTIONS[operation]
    _enforce(
        action, target.arn, {k: v for k, v in context.items() if k != "bedrock:InferenceProfileArn"}, headers, query
    )
    for arn in target.destinations:
        _enforce(action, arn, context, headers, query)
    if guardrail:
        _enforce("bedrock:ApplyGuardrail", guardrail_arn(guardrail), {}, headers, query)


def check_guardrail(identifier: str, headers: dict[str, str], query: dict[str, Any]) -> None:
    """Check that the caller may apply a guardrail (id or ARN).

    Raises:
        AwsError: AccessDeniedException.
    """
    _enforce("bedrock:ApplyGuardrail", guardrail_arn(identifier), {}, headers, query)


def guardrail_arn(identifier: str) -> str:
    """Return the ARN of a guardrail named by id or ARN."""
    if identifier.startswith("arn:"):
        return identifier
    return f"arn:aws:bedrock:{get_region()}:{get_account_id()}:guardrail/{identifier}"


def _enforce(action: str, arn: str, context: dict[str, Any], headers: dict[str, str], query: dict[str, Any]) -> None:
    if not ministack.app.AUTH:
        return
    # AWS evaluates the region-less model ARN of global profiles with the region "unspecified".
    region = get_region() if arn.split(":")[3] else "unspecified"
    key = extract_access_key_id(headers, query)
    denied = enforce(key, action, "bedrock-runtime", region, resource_arn=arn, service_context=context)
    if denied is None:
        return
    if isinstance(denied, AuthError):
        raise AwsError("AccessDeniedException", denied.message)
    explicit = denied.decision == "Deny"
    message = iam_actions.identity_denial_message(action, denied.principal_arn, arn, explicit)
    raise AwsError("AccessDeniedException", message)
