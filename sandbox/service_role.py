"""A role that an AWS service assumes to work for its owner: whether it may, and what the role's policies allow.

MiniStack lets its services do everything for each other. Here a role is evaluated as its front door does for a caller:
identity policies, permissions boundary, and the resource's policy where its service keeps one. KMS keys are not asked:
MiniStack's S3 encrypts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ministack.app
from ministack.core import iam_evaluator
from ministack.core.iam_actions import identity_denial_message
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam


class NotAuthorizedError(Exception):
    """A policy does not allow what a service wants to do; worded as AWS words it."""


@dataclass(frozen=True)
class ServiceRole:
    """A role that a service assumed. Without IAM (``AUTH`` unset) it may do everything."""

    arn: str
    session_arn: str
    enforced: bool = True
    policies: list[Any] = field(default_factory=list)
    limits: list[Any] = field(default_factory=list)

    def require(self, action: str, resource: str, context: Mapping[str, Any] | None = None) -> None:
        """Check that the role may do ``action`` on ``resource``; ``context`` holds condition keys in lower case.

        Raises:
            NotAuthorizedError: it may not.
        """
        if not self.enforced:
            return
        asked = _context(self.session_arn, action, resource, context or {})
        result = iam_evaluator.evaluate(asked, self.policies, *self.limits)
        found = iam_evaluator._resource_policy(action.partition(":")[0], resource)
        if found is not None:
            result = iam_evaluator.combine_resource_policy(result, asked, *found, limits=tuple(self.limits))
        if result.decision != "Allow":
            explicit = result.decision == "Deny"
            raise NotAuthorizedError(identity_denial_message(action, self.session_arn, resource, explicit))


def is_enforced() -> bool:
    """Return whether IAM counts in this MiniStack."""
    return bool(ministack.app.AUTH)


def find(arn: str) -> Mapping[str, Any]:
    """Return a role.

    Raises:
        NotAuthorizedError: there is none.
    """
    role: Mapping[str, Any] | None = iam._roles.get(arn.rpartition("/")[2])
    if role is None or role["Arn"] != arn:
        raise NotAuthorizedError(f"The role {arn} does not exist")
    return role


def assume(arn: str, *, service: str, session: str, source_arn: str) -> ServiceRole:
    """Assume the role ``arn`` as ``service``, for example ``bedrock.amazonaws.com``, on behalf of ``source_arn``.

    Raises:
        NotAuthorizedError: there is no such role, or its trust policy does not let the service in.
    """
    name = arn.rpartition("/")[2]
    session_arn = f"arn:aws:sts::{get_account_id()}:assumed-role/{name}/{session}"
    if not is_enforced():
        return ServiceRole(arn, session_arn, enforced=False)
    role = iam._roles.get(name)
    if role is None or role["Arn"] != arn or not _trusts(role, service, source_arn):
        raise NotAuthorizedError(f"{service} was unable to assume the given role {arn}")
    account = get_account_id()
    return ServiceRole(
        arn,
        session_arn,
        policies=iam_evaluator._gather_role_policies(name, account),
        limits=iam_evaluator._permissions_boundary(iam._roles, name, account),
    )


def _trusts(role: Mapping[str, Any], service: str, source_arn: str) -> bool:
    source = {"aws:sourcearn": source_arn, "aws:sourceaccount": get_account_id()}
    asked = _context("", "sts:AssumeRole", role["Arn"], source)
    trust = iam_evaluator.evaluate_resource_policy(role["AssumeRolePolicyDocument"], asked, service=service)
    return bool(trust.decision == "Allow")


def _context(principal: str, action: str, resource: str, keys: Mapping[str, Any]) -> EvalContext:
    return EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,  # between AWS's own services
        service_context=dict(keys),
    )
