"""Making way for CloudFormation, which knows nothing of what people made in Studio.

SageMaker deletes no space with an app in it, no user profile that owns a space, and no domain with anything in it.

A participant's user profile and space, both of the participant's name, are the stack's own and stay for CloudFormation.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from lambdas.common.custom_resource import CustomResourceError, Request
from lambdas.common.observability import logger
from lambdas.lifecycle.removal import remove
from lambdas.studio.domain import App, Domain, SageMaker, Space, UserProfile


def clean_up(
    request: Request,
    *,
    sagemaker: SageMaker,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Do what the properties {DomainId, Participants} ask for: nothing at creation.

    At deletion every app goes, then every space and every user profile that is not a participant's own. At an update
    the same of those who take part no longer: their apps, and the spaces that they made.

    Args:
        sleep: sleeps that many seconds; for tests.

    Raises:
        CustomResourceError: the properties are not what they should be, or as ``lambdas.lifecycle.removal.remove``.
        ClientError: AWS refuses to list what there is.
    """
    domain_id, participants = request.properties.get("DomainId"), _participants(request.properties)
    if not isinstance(domain_id, str) or not domain_id:
        if request.deletes:
            return
        raise CustomResourceError("The clean-up's properties lack DomainId.")
    domain = Domain(domain_id, sagemaker=sagemaker)
    if request.deletes:
        removed = _all(domain, participants, request, sleep)
    else:
        former = request.former or {}
        left_out = _participants(former) - participants if former.get("DomainId") == domain_id else frozenset()
        removed = _of(domain, left_out, request, sleep) if left_out else 0
    logger.info("cleaned up", extra={"domain": domain_id, "removed": removed, "run": request.run})


def _all(domain: Domain, participants: frozenset[str], request: Request, sleep: Callable[[float], None]) -> int:
    def spaces() -> list[Space]:
        return [one for one in domain.spaces() if not _is_own(one, participants)]

    def user_profiles() -> list[UserProfile]:
        return [one for one in domain.user_profiles() if one.profile not in participants]

    return remove((domain.apps, spaces, user_profiles), left=request.left, sleep=sleep)


def _of(domain: Domain, people: frozenset[str], request: Request, sleep: Callable[[float], None]) -> int:
    """Remove what keeps these people's own spaces and user profiles from going."""

    def apps() -> list[App]:
        theirs = {one.space for one in domain.spaces() if one.owner in people} | people
        return [one for one in domain.apps() if one.profile in people or one.space in theirs]

    def spaces() -> list[Space]:
        return [one for one in domain.spaces() if one.owner in people and not _is_own(one, people)]

    return remove((apps, spaces), left=request.left, sleep=sleep)


def _is_own(space: Space, people: frozenset[str]) -> bool:
    """Whether it is the one that the stack made for somebody: of their name, and nobody else's."""
    return space.space in people and space.owner in (space.space, None)


def _participants(properties: Mapping[str, Any]) -> frozenset[str]:
    value = properties.get("Participants")
    return frozenset(one for one in value if isinstance(one, str)) if isinstance(value, list) else frozenset()
