"""Making room for a guardrail's next version, before it is published: a guardrail has at most twenty.

Versions outlive their resource, since a function may still name one: of a deployment that is not through, of one that
was rolled back, of a stack that has not followed yet. Who names one says so in an SSM parameter below the environment's
path of pins, which changes, and is rolled back, with what names it. The newest versions stay besides, for what nobody
could say in time; the rest goes.

Source: Bedrock quotas, "Versions per guardrail" (L-D471AEAB, not adjustable).

prune_guardrail_versions    {GuardrailId, Pins, Policy}: at an update. At creation nothing is old, nobody has pinned
                            anything, and the function's role is so new that AWS may not know it everywhere
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.common import aws
from lambdas.common.aws_errors import code_of
from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.common.observability import logger
from lambdas.lifecycle.actions import GENERIC, READ_SECONDS, Action
from lambdas.lifecycle.handler import handler

MOST: Final = 20
# Of the newest. Half of what there may be: as many roll-backs or unfinished deployments in a row may name what no pin
# tells of, and as much room is left for versions that pins hold and for the one that is about to be published.
KEPT: Final = 10
_DRAFT: Final = "DRAFT"
# Somebody else deleted it, or this very moment publishes another: it goes the next time.
_LATER: Final = frozenset({"ConflictException", "ResourceNotFoundException"})


def prune(guardrail_id: str, *, pinned: Collection[str], bedrock: Any) -> list[str]:
    """Delete all versions but the newest and those that are pinned; return the numbers of those deleted.

    Args:
        pinned: numbers that somebody names. If nobody says anything nothing is deleted: that nobody names a version
            is known only of an environment that tells.

    Raises:
        CustomResourceError: there is no room for another version.
        ClientError: Bedrock refuses.
    """
    versions = _versions(guardrail_id, bedrock)
    old = versions[:-KEPT] if pinned else []
    gone = [one for one in old if one not in pinned and _delete(guardrail_id, one, bedrock)]
    left = len(versions) - len(gone)
    logger.info("guardrail versions pruned", extra={"deleted": gone, "left": left, "pinned": sorted(pinned)})
    if left >= MOST:
        why = (
            f"pinned are {', '.join(sorted(pinned))}"
            if pinned
            else "no pin says which are in use: deploy the inference stack, which does, before the policy is changed"
        )
        raise CustomResourceError(
            f"The guardrail {guardrail_id} has {left} versions, as many as there may be, and none can go; {why}."
        )
    return gone


def _versions(guardrail_id: str, bedrock: Any) -> list[str]:
    """Return the numbers of a guardrail's versions, oldest first."""
    listed = bedrock.get_paginator("list_guardrails").paginate(guardrailIdentifier=guardrail_id)
    found = [one["version"] for page in listed for one in page["guardrails"]]
    return sorted((one for one in found if one != _DRAFT), key=int)


def _delete(guardrail_id: str, version: str, bedrock: Any) -> bool:
    try:
        # Without a version it would be the guardrail.
        bedrock.delete_guardrail(guardrailIdentifier=guardrail_id, guardrailVersion=version)
    except ClientError as error:
        if code_of(error) not in _LATER:
            raise
        logger.warning("guardrail version not deleted", extra={"version": version, "reason": code_of(error)})
        return False
    return True


def pins(path: str, *, ssm: Any) -> frozenset[str]:
    """Return the version numbers that the parameters below a path name."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path)
    return frozenset(one["Value"] for page in pages for one in page["Parameters"])


def _needed(properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    if not isinstance(value, str) or not value:
        raise CustomResourceError(f"The pruning's properties lack {name}.")
    return value


def _prune(request: Request) -> None:
    if request.kind != "Update":
        return
    guardrail_id, path = _needed(request.properties, "GuardrailId"), _needed(request.properties, "Pins")
    pinned = pins(path, ssm=aws.client("ssm", read_timeout=READ_SECONDS))
    prune(guardrail_id, pinned=pinned, bedrock=aws.client("bedrock", read_timeout=READ_SECONDS))


ACTIONS: Final = {**GENERIC, "prune_guardrail_versions": Action(do=_prune)}

lambda_handler: Final = handler(ACTIONS)
