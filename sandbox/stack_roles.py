"""CloudFormation deletes as the role that a stack was deployed with, or else as whoever asks.

MiniStack knows no RoleARN and deletes as the account's root. Source: API reference, DeleteStack: without RoleARN
"CloudFormation uses the role that was previously associated with the stack. If no role is available, CloudFormation
uses a temporary session that is generated from your user credentials."

Here a resource's deletion needs the right to an action named after its type (``lambda:DeleteFunction``), on any
resource; AWS asks for those that the type's handler needs. Creations and updates run unchecked: whoever deploys here is
the administrator.
"""

from __future__ import annotations

import contextvars
import functools
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.core.router import extract_access_key_id
from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

from sandbox import control, service_role
from sandbox.service_role import NotAuthorizedError, ServiceRole

# Operations that give a stack its role.
_DEPLOYS = ("CreateStack", "UpdateStack", "CreateChangeSet")
# CloudFormation's word for a service -> IAM's, where it is not the same in lower case.
_NAMESPACES = {"Logs": "logs", "StepFunctions": "states", "OpenSearchServerless": "aoss", "EFS": "elasticfilesystem"}

_roles: dict[str, str] = {}
_deleter: contextvars.ContextVar[ServiceRole | None] = contextvars.ContextVar("deleter", default=None)


@functools.cache
def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing."""
    control.on_reset(forget)
    cloudformation.handle_request = _knowing_roles(cloudformation.handle_request)
    stacks._delete_resource = _checked(stacks._delete_resource)


def forget() -> None:
    """Forget which stack was deployed with which role."""
    _roles.clear()


def _knowing_roles(handle: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(handle)
    async def handling(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Any:
        asked = _asked(headers, body)
        action, stack = asked.get("Action"), _name(asked.get("StackName", ""))
        if action in _DEPLOYS and "RoleARN" in asked:
            _roles[stack] = asked["RoleARN"]
        token = None
        if action == "DeleteStack":
            token = _deleter.set(_actor(asked.get("RoleARN") or _roles.get(stack), headers, stack))
        try:
            return await handle(method, path, headers, body, query)
        finally:
            if token is not None:
                _deleter.reset(token)

    return handling


def _asked(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """Return what a request asks for, in either of the protocols that clients speak."""
    target = headers.get("x-amz-target", "")
    if target:
        try:
            document = json.loads(body or b"{}")
        except ValueError:
            document = {}
        return {**(document if isinstance(document, dict) else {}), "Action": target.rpartition(".")[2]}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", errors="replace")).items()}


def _name(stack: str) -> str:
    """Return a stack's name, from that or its ARN."""
    return stack.split("/")[1] if stack.startswith("arn:") else stack


def _actor(role: str | None, headers: dict[str, str], stack: str) -> ServiceRole | None:
    """Return who deletes; None for who may everything."""
    if not service_role.is_enforced():
        return None
    if role is not None:
        if _administers(role):
            return None
        try:
            return service_role.assume(
                role, service="cloudformation.amazonaws.com", session="AWSCloudFormation", source_arn=stack
            )
        except NotAuthorizedError:
            return ServiceRole(role, role)
    caller = iam_evaluator.resolve_caller_identity(extract_access_key_id(headers)) or {}
    arn = str(caller.get("userArn", ""))
    if ":assumed-role/" not in arn:
        # A user, of which there is the administrator.
        return None
    name = arn.split("/")[1]
    return ServiceRole(arn, arn, policies=iam_evaluator._gather_role_policies(name, get_account_id()))


def _administers(role: str) -> bool:
    """Whether a role is CDK's execution role, an administrator's, whose policy MiniStack loses at the bootstrap."""
    return "-cfn-exec-role-" in role


def _checked(delete: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(delete)
    def deleting(resource_type: str, *arguments: Any) -> Any:
        actor = _deleter.get()
        if actor is not None and resource_type.startswith("AWS::"):
            actor.require(_action(resource_type), "*")
        return delete(resource_type, *arguments)

    return deleting


def _action(resource_type: str) -> str:
    """Return the action that a deletion needs, as ``lambda:DeleteFunction``."""
    _, service, kind = resource_type.split("::")[:3]
    return f"{_NAMESPACES.get(service, service.lower())}:Delete{kind}"
