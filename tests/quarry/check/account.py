"""An account for ``quarry check``: CloudFormation, the check's function and Bedrock, in memory."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

from lambdas.model_access.verdicts import Finding, Verdict

MICRO, LITE = "amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
HEIR = "anthropic.claude-haiku-5-5"
TITAN = "amazon.titan-embed-text-v2:0"
OFFER = {
    "offerToken": "token",
    "termDetails": {
        "legalTerm": {"url": "https://terms.test/haiku"},
        "supportTerm": {"refundPolicyDescription": "No refunds."},
        "usageBasedPricingTerm": {
            "rateCard": [{"dimension": "In", "price": "1.1", "description": "Million input tokens", "unit": "Units"}]
        },
    },
}
FORM = {
    "companyName": "Example Ltd",
    "companyWebsite": "https://example.com",
    "intendedUsers": "both",
    "industryOption": "Education",
    "useCases": "A workshop.",
}
OUTPUTS = [{"OutputKey": "ModelAccessFunction", "OutputValue": "check-function"}]


def finding(alias: str, model_id: str, verdict: Verdict = Verdict.READY, fix: str = "") -> Finding:
    return Finding(
        alias=alias,
        model_id=model_id,
        callable_id=model_id if model_id != HAIKU else f"us.{HAIKU}",
        verdict=verdict,
        usable=verdict in (Verdict.READY, Verdict.THROTTLED),
        fix=fix,
        detail="AWS said so.",
    )


ALL_READY = (finding("fast", MICRO), finding("fast", LITE), finding("smart", HAIKU))


def missing(verdict: Verdict) -> tuple[Finding, ...]:
    """What --enable is for: the second alias wants something."""
    return (*ALL_READY[:2], finding("smart", HAIKU, verdict, "fix"))


@dataclass
class FakeAccount:
    """The account: CloudFormation, the check's function, Bedrock.

    Attributes:
        findings: what the function answers.
        deployed: whether there is one.
        pending: answers of PENDING before an agreement is AVAILABLE.
        accepted: what was submitted and accepted.
        refuses: operation -> what AWS raises instead.
    """

    findings: tuple[Finding, ...] = ALL_READY
    deployed: bool = True
    offers: list[dict[str, Any]] = field(default_factory=lambda: [OFFER])
    pending: int = 0
    fails: dict[str, Any] | None = None
    notices: list[str] = field(default_factory=list)
    concurrency: int = 1_000
    text_units: int = 1_000
    accepted: list[Any] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    converse_error: Exception | None = None
    refuses: dict[str, Exception] = field(default_factory=dict)

    def _refuse(self, operation: str) -> None:
        if operation in self.refuses:
            raise self.refuses[operation]

    # CloudFormation
    def get_paginator(self, _operation: str) -> "FakeAccount":
        return self

    def paginate(self) -> list[dict[str, Any]]:
        stack = {"StackName": "quarry-dev-inference", "Outputs": OUTPUTS}
        return [{"Stacks": [stack] if self.deployed else []}]

    # Lambda
    def invoke(self, **kwargs: Any) -> dict[str, Any]:
        self._refuse("Invoke")
        assert kwargs["FunctionName"] == "check-function"
        self.events.append(json.loads(kwargs["Payload"]))
        answer = self.fails or {"findings": [one.to_json() for one in self.findings], "notices": self.notices}
        failed = {"FunctionError": "Unhandled"} if self.fails else {}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **failed}

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"UnreservedConcurrentExecutions": self.concurrency}}

    # Bedrock, as it is enabled
    def put_use_case_for_model_access(self, **kwargs: Any) -> None:
        self._refuse("PutUseCaseForModelAccess")
        self.accepted.append(json.loads(kwargs["formData"]))
        self.findings = ALL_READY

    def list_foundation_model_agreement_offers(self, **kwargs: Any) -> dict[str, Any]:
        return {"offers": self.offers}

    def create_foundation_model_agreement(self, **kwargs: Any) -> None:
        self.accepted.append(kwargs)
        self.findings = ALL_READY

    def get_foundation_model_availability(self, **kwargs: Any) -> dict[str, Any]:
        self.pending -= 1
        return {
            "agreementAvailability": {"status": "PENDING" if self.pending >= 0 else "AVAILABLE"},
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "AVAILABLE",
            "regionAvailability": "AVAILABLE",
        }

    # Bedrock, as it is asked with the operator's credentials
    def list_foundation_models(self, **kwargs: Any) -> dict[str, Any]:
        return {"modelSummaries": [{"modelId": id_, "modelLifecycle": {}} for id_ in (MICRO, LITE, HAIKU, TITAN)]}

    def list_inference_profiles(self, **kwargs: Any) -> dict[str, Any]:
        return {"inferenceProfileSummaries": []}

    def get_use_case_for_model_access(self, **kwargs: Any) -> dict[str, Any]:
        return {"formData": b"{}"}

    def get_service_quota(self, **_: Any) -> dict[str, Any]:
        return {"Quota": {"Value": float(self.text_units)}}

    def list_service_quotas(self, **kwargs: Any) -> dict[str, Any]:
        return {"Quotas": []}

    def converse(self, **kwargs: Any) -> dict[str, Any]:
        if self.converse_error and kwargs["modelId"] == MICRO:
            raise self.converse_error
        return {}
