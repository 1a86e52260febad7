"""IAM of tuning's requests: every action and resource that one is authorized on.

Sources: service authorization reference of Bedrock (resource types of each action), "Create a service role for model
customization" (iam:PassRole). What a create makes has no id yet: it is asked for as ``…/*``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ministack.core.iam_actions import identity_denial_message
from ministack.core.iam_evaluator import AuthError, enforce
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id

from sandbox import service_role
from sandbox.model import catalogue, customization
from sandbox.model.errors import AwsError, Json
from sandbox.tuning import store

_TAGS = {
    "CreateModelCustomizationJob": (("jobTags", "model-customization-job"), ("customModelTags", "custom-model")),
    "CreateCustomModelDeployment": (("tags", "custom-model-deployment"),),
    "CreateProvisionedModelThroughput": (("tags", "provisioned-model"),),
}
# Whom an operation names: the member, and the kind of what has a name instead of an ARN.
_NAMED = {
    "GetModelCustomizationJob": ("jobIdentifier", store.JOB),
    "StopModelCustomizationJob": ("jobIdentifier", store.JOB),
    "GetCustomModel": ("modelIdentifier", store.MODEL),
    "DeleteCustomModel": ("modelIdentifier", store.MODEL),
    "GetCustomModelDeployment": ("customModelDeploymentIdentifier", store.DEPLOYMENT),
    "UpdateCustomModelDeployment": ("customModelDeploymentIdentifier", store.DEPLOYMENT),
    "DeleteCustomModelDeployment": ("customModelDeploymentIdentifier", store.DEPLOYMENT),
    "GetProvisionedModelThroughput": ("provisionedModelId", store.THROUGHPUT),
    "UpdateProvisionedModelThroughput": ("provisionedModelId", store.THROUGHPUT),
    "DeleteProvisionedModelThroughput": ("provisionedModelId", store.THROUGHPUT),
}
_RESOURCES = {
    store.JOB: "model-customization-job",
    store.MODEL: "custom-model",
    store.DEPLOYMENT: "custom-model-deployment",
    store.THROUGHPUT: "provisioned-model",
}


@dataclass(frozen=True)
class Need:
    """One action on one resource, with the condition keys of the request."""

    action: str
    arn: str
    context: dict[str, Any] = field(default_factory=dict)


def needed(operation: str, request: Json) -> list[Need]:
    """Return everything that a request is authorized on, in the order in which it is asked."""
    action = f"bedrock:{operation}"
    if operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        return [Need(action, request["resourceARN"], _with_resource(request["resourceARN"], _tag_keys(request)))]
    if operation.startswith("List"):
        return [Need(action, "*")]
    sets = _TAGS.get(operation, ())
    context = _requested([tag for member, _ in sets for tag in request.get(member, ())])
    found = [Need(action, arn, _with_resource(arn, context)) for arn in _resources(operation, request)]
    for member, kind in sets:
        if request.get(member):
            found.append(Need("bedrock:TagResource", _arn(f"{kind}/*"), _requested(request[member])))
    if operation == "CreateModelCustomizationJob":
        found.append(Need("iam:PassRole", request["roleArn"], {"iam:passedtoservice": "bedrock.amazonaws.com"}))
    return found


def check(operation: str, request: Json, headers: dict[str, str], query: dict[str, Any]) -> None:
    """Check that the caller of a signed request may do everything that it needs.

    Raises:
        AwsError: AccessDeniedException, with the first action and resource that no policy allows.
    """
    key = extract_access_key_id(headers, query)
    if not service_role.is_enforced() or not key:
        return  # a call within this process: whoever makes it has checked
    for need in needed(operation, request):
        denied = enforce(key, need.action, "bedrock", get_region(), resource_arn=need.arn, service_context=need.context)
        if isinstance(denied, AuthError):
            raise AwsError("AccessDeniedException", denied.message)
        if denied is not None:
            explicit = denied.decision == "Deny"
            message = identity_denial_message(need.action, denied.principal_arn, need.arn, explicit)
            raise AwsError("AccessDeniedException", message)


def _resources(operation: str, request: Json) -> list[str]:
    if operation in _NAMED:
        member, kind = _NAMED[operation]
        arns = [_identified(kind, request[member])]
    else:
        arns = []
    if operation == "CreateModelCustomizationJob":
        base = request["baseModelIdentifier"].rpartition("foundation-model/")[2]
        arns += [catalogue.model_arn(base, get_region()), _arn(f"custom-model/{base}/*")]
        arns.append(_arn(f"model-customization-job/{base}/*"))
    if operation in ("CreateCustomModelDeployment", "UpdateCustomModelDeployment"):
        arns.append(request["modelArn"])
    model = request.get("modelId") or request.get("desiredModelId")
    if model is not None:
        arns.append(_served(model))
    return arns


def _served(model: str) -> str:
    if model.startswith("arn:"):
        return model
    if model in customization.base_models():
        return catalogue.model_arn(model, get_region())
    return _identified(store.MODEL, model)


def _identified(kind: str, identifier: str) -> str:
    """The ARN of what a name or an ARN names; of what is not there, one that no narrower policy allows."""
    if identifier.startswith("arn:"):
        return identifier
    entry = store.find(kind, identifier)
    return entry.arn if entry is not None else _arn(f"{_RESOURCES[kind]}/{identifier}")


def _arn(resource: str) -> str:
    return f"arn:aws:bedrock:{get_region()}:{get_account_id()}:{resource}"


def _requested(tags: list[Json]) -> dict[str, Any]:
    if not tags:
        return {}
    keys = {f"aws:requesttag/{tag['key']}".lower(): tag["value"] for tag in tags}
    return {**keys, "aws:tagkeys": list(dict.fromkeys(tag["key"] for tag in tags))}


def _tag_keys(request: Json) -> dict[str, Any]:
    if "tagKeys" in request:
        return {"aws:tagkeys": request["tagKeys"]}
    return _requested(request.get("tags", []))


def _with_resource(arn: str, context: dict[str, Any]) -> dict[str, Any]:
    entry = store.by_arn(arn)
    tags = entry.tags if entry is not None else {}
    return {**context, **{f"aws:resourcetag/{name}".lower(): value for name, value in tags.items()}}
