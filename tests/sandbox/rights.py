"""What roles are granted against what they asked for: nothing is granted that nobody uses, nothing is asked in vain."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final


@dataclass(frozen=True, order=True)
class Right:
    """An action on a resource. ``role`` is the construct's, as ``inference-ChatRole``; the resource may be a glob."""

    role: str
    action: str
    resource: str


@dataclass(frozen=True)
class Unseen:
    """Rights that a run does not show, by patterns, and why."""

    role: str
    action: str
    resource: str
    because: str

    def fits(self, right: Right) -> bool:
        """Tell whether it is about this right."""
        return all(
            fnmatchcase(value, pattern)
            for value, pattern in (
                (right.role, self.role),
                (right.action, self.action),
                (right.resource, self.resource),
            )
        )


def granted(iam: Any, *, prefix: str) -> dict[str, list[Right]]:
    """Return role name -> what its policies allow, of the roles whose names begin so: its own, and those attached.

    AWS's own managed policies are left out: what they allow is not ours to choose.
    """
    found: dict[str, list[Right]] = {}
    for page in iam.get_paginator("list_roles").paginate():
        for name in (role["RoleName"] for role in page["Roles"] if role["RoleName"].startswith(prefix)):
            found[name] = [
                right for document in _documents(iam, name) for right in _allowed(label(name, prefix), document)
            ]
    return found


def _documents(iam: Any, role: str) -> Iterable[Mapping[str, Any]]:
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        yield iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        if ":aws:policy/" not in arn:
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            yield iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def label(name: str, prefix: str) -> str:
    """Return a role's name without environment and hashes: inference-ChatRole of quarry-dev-inference-ChatRole73."""
    ours = name.removeprefix(prefix)
    found = re.match(r".*Role", ours)
    return found.group() if found else ours


def _allowed(role: str, document: Mapping[str, Any]) -> Iterable[Right]:
    for statement in _listed(document["Statement"]):
        if statement["Effect"] == "Allow":
            for action in _listed(statement["Action"]):
                yield from (Right(role, action, resource) for resource in _listed(statement["Resource"]))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def unused(
    grants: Mapping[str, Sequence[Right]], decided: Sequence[Mapping[str, Any]], exceptions: Sequence[Unseen]
) -> list[Right]:
    """Return what is granted, was never used, and is no exception."""
    return sorted(
        right
        for name, rights in grants.items()
        for right in rights
        if not any(one["role"] == name and one["allowed"] and _covers(right, one) for one in decided)
        and not any(one.fits(right) for one in exceptions)
    )


def not_granted(
    grants: Mapping[str, Sequence[Right]], decided: Sequence[Mapping[str, Any]], *, prefix: str
) -> list[Right]:
    """Return what roles asked for and were refused, though no test took it away: their templates never granted it."""
    refused = [one for one in decided if one["role"] in grants and not one["allowed"]]
    return sorted(
        Right(label(one["role"], prefix), one["action"], one["resource"])
        for one in refused
        if not any(_covers(right, one) for right in grants[one["role"]])
    )


def needless(grants: Mapping[str, Sequence[Right]], exceptions: Sequence[Unseen]) -> list[Unseen]:
    """Return the exceptions about which nothing is granted any more."""
    every = [right for rights in grants.values() for right in rights]
    return [one for one in exceptions if not any(one.fits(right) for right in every)]


def _covers(right: Right, asked: Mapping[str, Any]) -> bool:
    return fnmatchcase(asked["action"], right.action) and fnmatchcase(asked["resource"], right.resource)


FROM_AWS: Final = "what AWS itself does with it is not played by the local AWS"
UNSEEN: Final = (
    Unseen("*", "logs:*", "*", f"writing logs: {FROM_AWS}"),
    Unseen("*", "xray:*", "*", f"tracing: {FROM_AWS}"),
    Unseen("*", "kms:*", "*", f"encrypting a topic and a queue: {FROM_AWS}"),
    Unseen("*", "sqs:*Message", "*", f"taking from a queue for a function: {FROM_AWS}"),
    Unseen("*", "sqs:GetQueueAttributes", "*", f"taking from a queue for a function: {FROM_AWS}"),
    Unseen("inference-*", "bedrock:InvokeModel*", "*nova*", "an alias's second model answers when its first fails"),
    Unseen("inference-*", "bedrock:InvokeModel*", "*anthropic*", "as above, and in each region of a profile"),
    Unseen("inference-Chat*", "dynamodb:BatchGetItem", "*", "reads long chains of responses, which few requests have"),
    Unseen("inference-*", "bedrock:CountTokens", "*", "of Claude only, and a fallback of every alias counts too"),
    Unseen("inference-PlaygroundRole", "s3:GetObject", "*", "its pages are fetched by tests/sandbox/playground"),
    Unseen("inference-ModelAccessFunctionRole", "lambda:GetAccountSettings", "*", "MiniStack asks IAM nothing for it"),
    Unseen("*-LifecycleFunctionRole", "*", "*", "used when the stack is deleted, which comes after this"),
    Unseen("knowledge-WatchWatcherRole", "bedrock:StopIngestionJob", "*", "stops a job that takes over an hour"),
    Unseen("inference-AllowancesSweeperRole", "dynamodb:*Item", "*", "ends calls that died hours ago, and past days"),
)
