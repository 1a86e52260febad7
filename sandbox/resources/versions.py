"""Versions of guardrails and prompts: how many there may be, what they are called, and how they are listed.

MiniStack takes any number of them, gives a deleted one's number to the next, forgets a guardrail version's description,
and answers the list of a guardrail's versions with all guardrails. Source: Bedrock API reference,
CreateGuardrailVersion, CreatePromptVersion and ListGuardrails; the quotas are not adjustable
(``sandbox.quotas.catalogue``).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import bedrock, bedrock_agent

from sandbox.quotas import applied
from sandbox.quotas.catalogue import GUARDRAIL_VERSIONS, PROMPT_VERSIONS, Quota

Reply = tuple[int, dict[str, str], bytes]

# The id of a guardrail or prompt -> the last number that one of its versions had.
_numbers = AccountRegionScopedDict()


@functools.cache
def install() -> None:
    """Put it in place; doing it again changes nothing."""
    bedrock._create_guardrail_version = _counted(
        bedrock._create_guardrail_version, bedrock._guardrail_versions, GUARDRAIL_VERSIONS
    )
    bedrock_agent._create_prompt_version = _counted(
        bedrock_agent._create_prompt_version, bedrock_agent._prompt_versions, PROMPT_VERSIONS
    )
    bedrock._list_guardrails = _listing_versions(bedrock._list_guardrails)


def _counted(create: Callable[..., Reply], versions: Any, quota: Quota) -> Callable[..., Reply]:
    @functools.wraps(create)
    def corrected(identifier: str, body: Any) -> Reply:
        owner = identifier.rpartition("/")[2]
        there = [int(key.partition("/")[2]) for key in versions.keys() if key.startswith(f"{owner}/")]  # noqa: SIM118
        most = int(applied.value(quota))
        if len(there) >= most:
            message = f"The number of versions of {owner} has reached the limit of {most} ({quota.code})."
            return _refused(message)
        used = max([int(_numbers.get(owner) or 0), *there], default=0)
        # Where MiniStack looks for the last number: a deleted version's is not given again.
        placeholder = None if used in there or not used else f"{owner}/{used}"
        if placeholder:
            versions[placeholder] = {}
        try:
            status, headers, reply = create(owner, body)
        finally:
            if placeholder:
                del versions[placeholder]
        if status < 300:
            _numbers[owner] = used + 1
            _describe(versions[f"{owner}/{used + 1}"], body)
        return status, headers, reply

    return corrected


def _describe(version: dict[str, Any], body: Any) -> None:
    description = json.loads(body or b"{}").get("description")
    if description is not None:
        version["Description"] = description


def _refused(message: str) -> Reply:
    headers = {"Content-Type": "application/json", "x-amzn-errortype": "ServiceQuotaExceededException"}
    return 400, headers, json.dumps({"message": message}).encode()


def _listing_versions(list_all: Callable[..., Reply]) -> Callable[..., Reply]:
    """With an identifier: the draft and the versions of that guardrail, newest first; without, the drafts of all."""

    @functools.wraps(list_all)
    def corrected(query: Any) -> Reply:
        identifier = (query.get("guardrailIdentifier") or [""])[0].rpartition("/")[2]
        if not identifier:
            return list_all(query)
        draft = bedrock._guardrails.get(identifier)
        if draft is None:
            missing: Reply = bedrock._not_found(f"Guardrail {identifier} not found.")
            return missing
        versions = [one for key, one in bedrock._guardrail_versions.items() if key.startswith(f"{identifier}/")]
        versions.sort(key=lambda one: -int(one["Version"]))
        listed: Reply = bedrock._json({"Guardrails": [_summary(one) for one in (draft, *versions)]})
        return listed

    return corrected


def _summary(one: dict[str, Any]) -> dict[str, Any]:
    names = ("Status", "Name", "Description", "Version", "CreatedAt", "UpdatedAt")
    return {"Id": one["GuardrailId"], "Arn": one["GuardrailArn"], **{name: one[name] for name in names}}
