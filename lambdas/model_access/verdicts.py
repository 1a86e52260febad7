"""What a check can find: a closed set of verdicts, each with the exact fix."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final


class Verdict(StrEnum):
    """All that can be said of a model. ``unknown`` carries an AWS error that nobody foresaw."""

    READY = "ready"
    NOT_IN_REGION = "not_in_region"
    NEEDS_PROFILE = "needs_profile"
    LEGACY = "legacy"
    ENDS_ON = "ends_on"
    AGREEMENT_MISSING = "agreement_missing"
    ANTHROPIC_FORM_MISSING = "anthropic_form_missing"
    MARKETPLACE_PERMISSION_MISSING = "marketplace_permission_missing"
    DENIED_BY_IAM = "denied_by_iam"
    DENIED_BY_ORGANIZATION = "denied_by_organization"
    ACCOUNT_BLOCKED = "account_blocked"
    QUOTA_ZERO = "quota_zero"
    QUOTA_TOO_SMALL = "quota_too_small"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"


# What `quarry check --enable` can do something about.
ENABLEABLE: Final = frozenset(
    {Verdict.AGREEMENT_MISSING, Verdict.ANTHROPIC_FORM_MISSING, Verdict.MARKETPLACE_PERMISSION_MISSING}
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found of one candidate.

    Attributes:
        alias: the name that applications call.
        model_id: base id of the foundation model.
        callable_id: what was called; empty if nothing can be.
        verdict: the outcome.
        usable: whether requests are answered now and for as long as they are needed.
        fix: the command, console place or policy statement that mends it; empty if nothing is to be done.
        detail: what AWS said, what could not be seen.
    """

    alias: str
    model_id: str
    callable_id: str
    verdict: Verdict
    usable: bool
    fix: str = ""
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the attributes by name, the verdict as its word."""
        return {**asdict(self), "verdict": self.verdict.value}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Finding":
        """Return the finding of what ``to_json`` made.

        Raises:
            ValueError: it is not that.
        """
        try:
            return cls(**{**document, "verdict": Verdict(document["verdict"])})
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a finding: {error}") from error


class Standing(StrEnum):
    """How an alias stands: its first choice answers, only a later candidate does, or none."""

    FIRST = "first"
    FALLBACK = "fallback"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class AliasStanding:
    """An alias's standing, and the verdict on its first choice, which is the one that is to be mended."""

    alias: str
    standing: Standing
    verdict: Verdict


def standings(findings: Iterable[Finding]) -> list[AliasStanding]:
    """Return how each alias stands; findings of one alias are in the order in which its models are tried."""
    by_alias: dict[str, list[Finding]] = {}
    for finding in findings:
        by_alias.setdefault(finding.alias, []).append(finding)
    return [
        AliasStanding(alias=alias, standing=_standing(candidates), verdict=candidates[0].verdict)
        for alias, candidates in by_alias.items()
    ]


def _standing(candidates: list[Finding]) -> Standing:
    if candidates[0].usable:
        return Standing.FIRST
    return Standing.FALLBACK if any(candidate.usable for candidate in candidates) else Standing.NONE
