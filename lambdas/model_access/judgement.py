"""From what was seen and how the real call ended to one finding. The call decides; the control plane explains."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.fixes import Fixes
from lambdas.model_access.quotas import Shortage, shortages
from lambdas.model_access.refusals import Outcome, verdict_of
from lambdas.model_access.survey import Availability, Survey
from lambdas.model_access.verdicts import Finding, Verdict

# A model that works but ends within this time is told of.
ENDS_SOON: Final = timedelta(days=120)

# Verdicts under which requests are answered, unless the model ends too early.
_ANSWERS: Final = (Verdict.READY, Verdict.THROTTLED)


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Judges candidates of one environment.

    Attributes:
        participants: how many people call at the same time.
        needed_until: last day on which the models are needed; None if nobody said.
        today: the day of the check.
    """

    fixes: Fixes
    participants: int
    needed_until: date | None
    today: date

    def judge(self, candidate: CheckedCandidate, survey: Survey, outcome: Outcome | None) -> Finding:
        """Return the finding of one candidate.

        Args:
            outcome: how the real call ended; None if none was made.
        """
        if not candidate.callable_id:
            return self._finding(candidate, survey, None, Verdict.NOT_IN_REGION, usable=False)
        called = verdict_of(outcome) if outcome else _of_account(candidate, survey) or Verdict.READY
        if called in _ANSWERS:
            verdict, usable = self._of_answer(candidate, survey, called)
        else:
            verdict, usable = _of_refusal(candidate, survey, called), False
        return self._finding(candidate, survey, outcome, verdict, usable=usable)

    def _of_answer(self, candidate: CheckedCandidate, survey: Survey, called: Verdict) -> tuple[Verdict, bool]:
        ends = _end(candidate, survey)
        if ends and self.needed_until and ends < self.needed_until:
            return Verdict.ENDS_ON, False
        short = self._shortage(candidate, survey)
        if short:
            zero = short.quota.value == 0 and called is Verdict.THROTTLED
            return (Verdict.QUOTA_ZERO if zero else Verdict.QUOTA_TOO_SMALL), False
        if called is Verdict.THROTTLED:
            return called, True
        if ends and ends < self.today + ENDS_SOON:
            return Verdict.ENDS_ON, True
        return (Verdict.LEGACY if _is_legacy(candidate, survey) else called), True

    def _shortage(self, candidate: CheckedCandidate, survey: Survey) -> Shortage | None:
        found = shortages(candidate, survey.quotas or (), participants=self.participants)
        return found[0] if found else None

    def _finding(
        self, candidate: CheckedCandidate, survey: Survey, outcome: Outcome | None, verdict: Verdict, *, usable: bool
    ) -> Finding:
        return Finding(
            alias=candidate.alias,
            model_id=candidate.model_id,
            callable_id=candidate.callable_id,
            verdict=verdict,
            usable=usable,
            fix=self._fix(candidate, survey, outcome, verdict),
            detail=self._detail(candidate, survey, outcome),
        )

    def _fix(self, candidate: CheckedCandidate, survey: Survey, outcome: Outcome | None, verdict: Verdict) -> str:
        fixes, message = self.fixes, outcome.message if outcome else ""
        profiles = (survey.profiles or {}).get(candidate.model_id, ())
        ends = _end(candidate, survey)
        written: dict[Verdict, Callable[[], str]] = {
            Verdict.NOT_IN_REGION: lambda: fixes.not_in_region(candidate),
            Verdict.NEEDS_PROFILE: lambda: fixes.needs_profile(candidate, profiles),
            Verdict.LEGACY: lambda: fixes.another_model(candidate, why="its provider calls this one legacy"),
            Verdict.ENDS_ON: lambda: fixes.another_model(candidate, why=_when(ends, self.today)),
            Verdict.AGREEMENT_MISSING: lambda: fixes.agreement(candidate),
            Verdict.ANTHROPIC_FORM_MISSING: fixes.form,
            Verdict.MARKETPLACE_PERMISSION_MISSING: lambda: fixes.marketplace(candidate),
            Verdict.DENIED_BY_IAM: lambda: fixes.iam(candidate, message),
            Verdict.DENIED_BY_ORGANIZATION: lambda: fixes.organization(candidate, message),
            Verdict.ACCOUNT_BLOCKED: fixes.support,
            Verdict.QUOTA_ZERO: lambda: fixes.quota(candidate, self._shortage(candidate, survey)),
            Verdict.QUOTA_TOO_SMALL: lambda: fixes.quota(candidate, self._shortage(candidate, survey)),
            Verdict.UNKNOWN: lambda: fixes.unknown(outcome.code if outcome else ""),
        }
        return written[verdict]() if verdict in written else ""

    def _detail(self, candidate: CheckedCandidate, survey: Survey, outcome: Outcome | None) -> str:
        parts = [candidate.obstacle] if candidate.obstacle else []
        if outcome and not outcome.ok:
            parts.append(f"AWS answered {outcome.code}: {outcome.message}")
        if outcome is None and candidate.callable_id:
            parts.append("Not called, because it does not answer Converse or only Bedrock may call it.")
        ends = _end(candidate, survey)
        if ends:
            parts.append(_when(ends, self.today))
        if candidate.anthropic_form and survey.form_sent is False and outcome and outcome.ok:
            parts.append("No use case form was sent from this account; the organisation's may count.")
        availability = survey.availability.get(candidate.model_id)
        if availability and availability.agreement == "PENDING":
            parts.append("Its agreement is being made, which takes up to 15 minutes.")
        if survey.unseen:
            parts.append(f"Could not be seen: {', '.join(survey.unseen)}.")
        return " ".join(part if part.endswith(".") else f"{part}." for part in parts)


def _of_refusal(candidate: CheckedCandidate, survey: Survey, called: Verdict) -> Verdict:
    """Return what the control plane makes of a refusal whose words alone do not tell enough."""
    if called not in (Verdict.UNKNOWN, Verdict.AGREEMENT_MISSING) or candidate.custom:
        return called
    return _of_account(candidate, survey) or called


def _of_account(candidate: CheckedCandidate, survey: Survey) -> Verdict | None:
    availability = survey.availability.get(candidate.model_id)
    if (survey.models is not None and candidate.model_id not in survey.models) or (
        availability and availability.region == "NOT_AVAILABLE"
    ):
        return Verdict.NOT_IN_REGION
    if _is_legacy(candidate, survey):
        return Verdict.LEGACY
    if availability and availability.authorization == "NOT_AUTHORIZED":
        return Verdict.ACCOUNT_BLOCKED
    if availability and _without_agreement(availability):
        return (
            Verdict.ANTHROPIC_FORM_MISSING
            if candidate.anthropic_form and survey.form_sent is False
            else Verdict.AGREEMENT_MISSING
        )
    return None


def _without_agreement(availability: Availability) -> bool:
    return availability.agreement in ("NOT_AVAILABLE", "ERROR") or availability.entitlement == "NOT_AVAILABLE"


def _is_legacy(candidate: CheckedCandidate, survey: Survey) -> bool:
    if candidate.custom:
        return False
    summary = (survey.models or {}).get(candidate.model_id, {})
    return bool(summary.get("modelLifecycle", {}).get("status") == "LEGACY")


def _end(candidate: CheckedCandidate, survey: Survey) -> date | None:
    """Return the day on which the model ends, if Bedrock says; a custom model ends with its base."""
    summary = (survey.models or {}).get(candidate.model_id, {})
    ends = summary.get("modelLifecycle", {}).get("endOfLifeTime")
    if isinstance(ends, str):
        ends = datetime.fromisoformat(ends)
    return ends.date() if isinstance(ends, datetime) else None


def _when(ends: date | None, today: date) -> str:
    if ends is None:
        return "this one has reached its end of life"
    return f"this one {'ends' if ends >= today else 'ended'} on {ends.isoformat()}"
