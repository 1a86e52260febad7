"""Bedrock's quotas per model: requests and tokens per minute, found by their names.

Service Quotas names a model's quotas "On-demand model inference requests per minute for Amazon Nova Micro", with
"Cross-region" or "Global cross-region" for inference profiles and older "InvokeModel" for "model inference"; their
codes follow no rule, so the list is read (Bedrock user guide, "Quotas for the bedrock-runtime endpoint").
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from lambdas.model_access import demand
from lambdas.model_access.candidates import CheckedCandidate

_NAME: Final = re.compile(
    r"(?P<scope>on-demand|global cross-region|cross-region) (?:model inference|invokemodel) "
    r"(?P<kind>requests|tokens) per minute for (?P<model>.+)"
)


class QuotaClient(Protocol):
    """The one call that is made of Service Quotas, with its own shapes."""

    def list_service_quotas(self, **kwargs: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A quota per minute. ``scope``: on-demand, cross-region or global cross-region. ``kind``: requests or tokens."""

    code: str
    name: str
    scope: str
    kind: str
    model: str
    value: float


@dataclass(frozen=True, kw_only=True)
class Shortage:
    """A quota below what ``needed`` per minute asks for."""

    quota: Quota
    needed: int


def list_quotas(client: QuotaClient) -> tuple[Quota, ...]:
    """Return Bedrock's quotas of requests and tokens per minute that apply to the account."""
    found: list[Quota] = []
    page: dict[str, Any] = {"ServiceCode": "bedrock", "MaxResults": 100}
    while True:
        reply = client.list_service_quotas(**page)
        for entry in reply.get("Quotas", []):
            named = _NAME.fullmatch(entry["QuotaName"].lower())
            if named:
                value = float(entry["Value"])
                found.append(Quota(code=entry["QuotaCode"], name=entry["QuotaName"], value=value, **named.groupdict()))
        if not reply.get("NextToken"):
            return tuple(found)
        page["NextToken"] = reply["NextToken"]


def shortages(candidate: CheckedCandidate, quotas: Iterable[Quota], *, participants: int) -> list[Shortage]:
    """Return the candidate's quotas that are too small for that many people, the smallest first.

    An empty list says that none is too small, or that none could be told by its name. Custom models have none of these.
    """
    if candidate.custom:
        return []
    tokens = demand.tokens_per_minute(
        people=participants, max_tokens=candidate.max_tokens, output_burndown=candidate.output_burndown
    )
    needed = {"requests": demand.REQUESTS_PER_MINUTE * participants, "tokens": tokens}
    scope = _scope(candidate)
    short = [
        Shortage(quota=quota, needed=needed[quota.kind])
        for quota in quotas
        if quota.scope == scope and _is_of(candidate.name, quota.model) and quota.value < needed[quota.kind]
    ]
    return sorted(short, key=lambda shortage: shortage.quota.value / shortage.needed)


def _scope(candidate: CheckedCandidate) -> str:
    if candidate.target == candidate.model_id:
        return "on-demand"
    return "global cross-region" if candidate.target.startswith("global.") else "cross-region"


def _is_of(name: str, quota_model: str) -> bool:
    """Whether a quota's model, "amazon nova micro" or "anthropic claude haiku 4.5 v1", is the one of that name."""
    words = name.lower().removeprefix("amazon ").removeprefix("anthropic ")
    return re.fullmatch(rf"(?:[a-z]+ )?{re.escape(words)}(?: v\d+)?(?: \(.*\))?", quota_model) is not None
