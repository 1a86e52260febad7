"""The account's quotas that a run would meet: looked at before it starts, not by Bedrock an hour later.

Source: AWS General Reference, Amazon Bedrock endpoints and quotas (defaults for new accounts), 2026-11-29.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from lambdas.catalogue.models import find
from lambdas.tuning import bedrock as calls
from lambdas.tuning.bedrock import Bedrock
from lambdas.tuning.run import RunRequest

SERVICE: Final = "bedrock"


class QuotaClient(Protocol):
    """The call of Service Quotas that is made."""

    def list_service_quotas(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A quota of the account: its code is "" where AWS prints none."""

    code: str
    name: str
    value: float


# By what they bound: code, name and default. Those without a code are found by their name.
CUSTOM_MODELS: Final = Quota(code="L-CB5B847D", name="Custom models per account", value=100)
CREATING: Final = Quota(code="L-C02E1E99", name="Custom models being created at once", value=2)
SCHEDULED: Final = Quota(code="", name="Scheduled customization jobs", value=10)
DEPLOYMENTS: Final = Quota(code="L-1EF80F3E", name="Custom model deployments per account", value=10)
UNITS: Final = Quota(
    code="L-BE77399C",
    name="Model units no-commitment Provisioned Throughputs across custom models",
    value=0,
)
_UNITS_OF_MODEL: Final = "model units per provisioned model for "


def shortages(request: RunRequest, *, bedrock: Bedrock, service_quotas: QuotaClient) -> Iterator[str]:
    """Yield what the account lacks for a run, in words, with the quota's code and how it is raised."""
    account = list(_all(service_quotas))
    jobs = sum(1 for _ in calls.jobs(bedrock, statusEquals="InProgress"))
    yield from _lacking(_of(account, CREATING), used=jobs, what="customization jobs in progress")
    yield from _lacking(_of(account, SCHEDULED), used=jobs, what="customization jobs in progress")
    models = sum(1 for _ in calls.models(bedrock))
    yield from _lacking(_of(account, CUSTOM_MODELS), used=models + jobs, what="custom models, with those being made")
    if request.hosting == "provisioned":
        yield from _units(request, bedrock, account)
        return
    deployments = list(calls.deployments(bedrock))
    yield from _lacking(_of(account, DEPLOYMENTS), used=len(deployments), what="custom model deployments")


def _units(request: RunRequest, bedrock: Bedrock, account: list[Quota]) -> Iterator[str]:
    wanted = request.model_units or 1
    used = sum(int(one["modelUnits"]) for one in calls.throughputs(bedrock) if not one.get("commitmentDuration"))
    if not request.commitment:
        yield from _lacking(_of(account, UNITS), used=used, what="model units of provisioned throughput", more=wanted)
    model = find(request.base_model).name.lower()
    for quota in account:
        name = quota.name.lower()
        # With the provider's name before the model's.
        if name.startswith(_UNITS_OF_MODEL) and name.endswith(f" {model}"):
            yield from _lacking(quota, used=0, what="model units of this throughput", more=wanted)


def _lacking(quota: Quota, *, used: int, what: str, more: int = 1) -> Iterator[str]:
    if used + more <= quota.value:
        return
    named = f"{quota.name} ({quota.code})" if quota.code else quota.name
    raised = (
        f"aws service-quotas request-service-quota-increase --service-code {SERVICE} --quota-code {quota.code} "
        f"--desired-value {used + more}"
        if quota.code
        else "wait until some are over, or ask AWS's support"
    )
    yield (
        f"Bedrock's quota {named} is {quota.value:g}; there are {used} {what}, and this run needs {more} more. Raise "
        f"it: {raised}"
    )


def _of(account: list[Quota], known: Quota) -> Quota:
    """Return the account's quota; the default where the account has none of its own."""
    for quota in account:
        if (known.code and quota.code == known.code) or (not known.code and quota.name.lower() == known.name.lower()):
            return quota
    return known


def _all(client: QuotaClient) -> Iterator[Quota]:
    page: dict[str, Any] = {"ServiceCode": SERVICE, "MaxResults": 100}
    while True:
        reply: Mapping[str, Any] = client.list_service_quotas(**page)
        for one in reply.get("Quotas", []):
            yield Quota(code=one["QuotaCode"], name=one["QuotaName"], value=float(one["Value"]))
        if not reply.get("NextToken"):
            return
        page["NextToken"] = reply["NextToken"]
