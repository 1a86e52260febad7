"""The exact fix of each verdict: a command, a console place or a policy statement, for one candidate."""

import json
from dataclasses import dataclass
from typing import Final

from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.quotas import Shortage
from lambdas.model_access.refusals import denied_action, denied_region

MARKETPLACE_ACTIONS: Final = ("aws-marketplace:Subscribe", "aws-marketplace:ViewSubscriptions")


@dataclass(frozen=True, kw_only=True)
class Fixes:
    """Writes fixes for one environment: its name, its region."""

    environment: str
    region: str

    def another_model(self, candidate: CheckedCandidate, *, why: str = "") -> str:
        """Name something else in the environment file."""
        file = f"environments/{self.environment}.yaml"
        # An alias has a list of models, of which the first is taken; the knowledge base has one of each.
        named = candidate.path
        put = f"Put another model first in {named}" if named != candidate.alias else f"Name another one under {named}"
        return (
            f"{put} of {file} and deploy again{f' ({why})' if why else ''}; `quarry models list` shows what there is."
        )

    def not_in_region(self, candidate: CheckedCandidate) -> str:
        """Another model or another region."""
        elsewhere = [region for region in candidate.regions if region != self.region]
        if not elsewhere:
            return self.another_model(candidate)
        return (
            f"{self.another_model(candidate)} Or set region to one that has {candidate.model_id}: "
            f"{', '.join(elsewhere)}."
        )

    def needs_profile(self, candidate: CheckedCandidate, profiles: tuple[str, ...]) -> str:
        """The inference profile to call; the catalogue's entry is what decides."""
        named = ", ".join(profiles) or "none that can be called from here"
        return (
            f"Inference profiles of {candidate.model_id}: {named}. Let the catalogue name them: `quarry models refresh "
            f"--environment {self.environment} --write`, then deploy again."
        )

    def form(self) -> str:
        """Send Anthropic's form."""
        return (
            f"quarry check --enable --form use-case-form.yaml --environment {self.environment}   (or the Bedrock "
            f"console, {self._catalogue()}: open any Anthropic model, Submit use case details)"
        )

    def agreement(self, candidate: CheckedCandidate) -> str:
        """Accept the model's agreement."""
        return (
            f"quarry check --enable --environment {self.environment}   (or the Bedrock console, "
            f"{self._catalogue()}: open {candidate.model_id} and accept its agreement)"
        )

    def marketplace(self, candidate: CheckedCandidate) -> str:
        """Let an operator accept the agreement, or let the caller subscribe."""
        statement = {"Effect": "Allow", "Action": list(MARKETPLACE_ACTIONS), "Resource": "*"}
        return f"{self.agreement(candidate)}. Or allow whoever calls first: {json.dumps(statement)}"

    def iam(self, candidate: CheckedCandidate, message: str) -> str:
        """The statement that is missing."""
        found = denied_action(message)
        action, resource = found or ("bedrock:InvokeModel", "")
        resource = resource if resource.startswith("arn:") else self._arn(candidate)
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        return (
            f"Allow it to the function's role: {json.dumps(statement)}   (`cdk deploy --all -c "
            f"environment={self.environment}` does so for every model of the environment file)"
        )

    def organization(self, candidate: CheckedCandidate, message: str) -> str:
        """Where the organisation's policy stands in the way."""
        region = denied_region(message)
        where = f" in {region}, where this call was routed to" if region and region != self.region else ""
        found = denied_action(message)
        statement = {"Action": found[0] if found else "bedrock:InvokeModel", "Resource": self._arn(candidate)}
        return (
            f"Ask whoever keeps the organisation's service control policies to exempt {json.dumps(statement)}{where}. "
            "Or choose models.residency so that calls stay in regions that it allows."
        )

    def support(self) -> str:
        """Only AWS can lift it."""
        return (
            "Check the payment method (console.aws.amazon.com/billing), then ask AWS Support to lift the block on "
            f"Bedrock calls in {self.region} (console.aws.amazon.com/support, Account and billing; free of charge)."
        )

    def quota(self, candidate: CheckedCandidate, shortage: Shortage | None) -> str:
        """Ask for more."""
        place = f"https://{self.region}.console.aws.amazon.com/servicequotas/home/services/bedrock/quotas"
        if shortage is None:
            return (
                f"Raise the quotas of {candidate.name} in {place}; for a model whose quotas are 0, ask AWS Support. "
                "If the day's tokens are used up, wait until midnight UTC."
            )
        return (
            f"aws service-quotas request-service-quota-increase --region {self.region} --service-code bedrock "
            f"--quota-code {shortage.quota.code} --desired-value {shortage.needed}   "
            f"({shortage.quota.name}; takes days{_reckoned(candidate, shortage)})"
        )

    def unknown(self, code: str) -> str:
        """Nothing exact can be said."""
        return (
            f"AWS answered {code or 'nothing that is known here'}: see the detail; "
            f"`quarry check --json --environment {self.environment}` has it in full."
        )

    def _catalogue(self) -> str:
        return f"https://{self.region}.console.aws.amazon.com/bedrock/home?region={self.region}#/model-catalog"

    def _arn(self, candidate: CheckedCandidate) -> str:
        called = candidate.callable_id or candidate.model_id
        if called.startswith("arn:"):
            return called
        if called == candidate.model_id:
            return f"arn:aws:bedrock:{self.region}::foundation-model/{called}"
        return f"arn:aws:bedrock:{self.region}:*:inference-profile/{called}"


def _reckoned(candidate: CheckedCandidate, shortage: Shortage) -> str:
    """Say what makes the need, where something of ours does."""
    if shortage.quota.kind != "tokens" or not candidate.max_tokens:
        return ""
    return (
        f". A call takes its input and {candidate.max_tokens:,} tokens when it begins, and {candidate.output_burndown} "
        "for each token of its answer when it ends; a smaller inference.default_max_tokens needs less"
    )
