"""An account as Bedrock, Service Quotas, SSM and the serving function show it, in memory."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.refusals import Outcome

MICRO = CheckedCandidate(
    alias="fast",
    model_id="amazon.nova-micro-v1:0",
    callable_id="amazon.nova-micro-v1:0",
    name="Nova Micro",
    regions=("eu-west-2", "us-east-1"),
)
HAIKU = CheckedCandidate(
    alias="smart",
    model_id="anthropic.claude-haiku-4-5-20251001-v1:0",
    callable_id="us.anthropic.claude-haiku-4-5-20251001-v1:0",
    name="Claude Haiku 4.5",
    regions=("us-east-1", "us-west-2"),
    anthropic_form=True,
    marketplace=True,
)
OK = Outcome(ok=True)


def denied(code: str, message: str = "AWS says no") -> ClientError:
    """Return botocore's error for AWS's ``code``."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@dataclass
class FakeBedrock:
    """The control plane.

    Attributes:
        ends: model id -> end of life, for all that are listed.
        legacy: ids with that lifecycle.
        availability: model id -> members that differ from "all is well".
        refuses: operations -> error that they raise.
        calls: operations in the order in which they were called.
    """

    models: list[CheckedCandidate] = field(default_factory=lambda: [MICRO, HAIKU])
    ends: dict[str, datetime] = field(default_factory=dict)
    legacy: set[str] = field(default_factory=set)
    availability: dict[str, dict[str, str]] = field(default_factory=dict)
    form_sent: bool = True
    refuses: dict[str, Exception] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.refuses:
            raise self.refuses[operation]

    def list_foundation_models(self, **kwargs: Any) -> dict[str, Any]:
        self._called("list_foundation_models")
        return {
            "modelSummaries": [
                {
                    "modelId": one.model_id,
                    "modelLifecycle": {
                        "status": "LEGACY" if one.model_id in self.legacy else "ACTIVE",
                        **({"endOfLifeTime": self.ends[one.model_id]} if one.model_id in self.ends else {}),
                    },
                }
                for one in self.models
            ]
        }

    def list_inference_profiles(self, **kwargs: Any) -> dict[str, Any]:
        """Answer a profile per page."""
        self._called("list_inference_profiles")
        page = int(kwargs.get("nextToken", 0))
        one = self.models[page]
        more = {"nextToken": str(page + 1)} if page + 1 < len(self.models) else {}
        arns = [f"arn:aws:bedrock:{region}::foundation-model/{one.model_id}" for region in ("us-east-1", "us-west-2")]
        summary = {"inferenceProfileId": f"us.{one.model_id}", "models": [{"modelArn": arn} for arn in arns]}
        return {"inferenceProfileSummaries": [summary], **more}

    def get_foundation_model_availability(self, **kwargs: Any) -> dict[str, Any]:
        self._called("get_foundation_model_availability")
        differs = self.availability.get(kwargs["modelId"], {})
        return {
            "agreementAvailability": {"status": differs.get("agreement", "AVAILABLE")},
            "authorizationStatus": differs.get("authorization", "AUTHORIZED"),
            "entitlementAvailability": differs.get("entitlement", "AVAILABLE"),
            "regionAvailability": differs.get("region", "AVAILABLE"),
        }

    def get_use_case_for_model_access(self, **kwargs: Any) -> dict[str, Any]:
        self._called("get_use_case_for_model_access")
        if not self.form_sent:
            raise denied("ResourceNotFoundException")
        return {"formData": b"{}"}


@dataclass
class FakeProber:
    """Answers what is set for a callable id, and else that it works."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    probed: list[str] = field(default_factory=list)

    def probe(self, model_ids: Sequence[str], *, answered: Callable[[str], None]) -> Mapping[str, Outcome]:
        self.probed.extend(model_ids)
        for model_id in model_ids:
            answered(model_id)
        return {model_id: self.outcomes.get(model_id, OK) for model_id in model_ids}


@dataclass
class FakeQuotas:
    """Service Quotas: name -> value, a page each."""

    values: dict[str, float]

    def list_service_quotas(self, **kwargs: Any) -> dict[str, Any]:
        page = int(kwargs.get("NextToken", 0))
        entries = list(self.values.items())
        more = {"NextToken": str(page + 1)} if page + 1 < len(entries) else {}
        name, value = entries[page]
        return {"Quotas": [{"QuotaName": name, "QuotaCode": f"L-{page}", "Value": value}], **more}


@dataclass
class FakeParameters:
    """SSM with one parameter."""

    value: str = '{"aliases":{}}'

    def get_parameter(self, **kwargs: Any) -> dict[str, Any]:
        return {"Parameter": {"Name": kwargs["Name"], "Value": self.value}}

    def put_parameter(self, **kwargs: Any) -> dict[str, Any]:
        assert kwargs["Overwrite"] is True
        self.value = kwargs["Value"]
        return {"Version": 2}


@dataclass
class FakeLambda:
    """A function that answers ``reply`` (JSON), or the error that invoking it raises."""

    reply: Any = None
    error: Exception | None = None
    function_error: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **kwargs: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        self.events.append(json.loads(kwargs["Payload"]))
        failed = {"FunctionError": self.function_error} if self.function_error else {}
        return {"Payload": io.BytesIO(json.dumps(self.reply).encode()), **failed}


def day(year: int, month: int, number: int) -> datetime:
    """Return that day as botocore gives times."""
    return datetime(year, month, number, tzinfo=UTC)
