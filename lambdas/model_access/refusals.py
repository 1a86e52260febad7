"""What a refused call says about access: one table from AWS's errors, by code and message, to verdicts.

Sources: API reference of Converse; Bedrock user guide, "Model access" and "Troubleshooting"; messages that users
published in issues up to 2026-10.
"""

import re
from dataclasses import dataclass
from typing import Final

from lambdas.model_access.verdicts import Verdict


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a real call ended. ``code`` is AWS's exception name (or Python's), empty when the call was answered."""

    ok: bool
    code: str = ""
    message: str = ""


# (code, what the message has, verdict); the first that fits decides. A code or message of ".*" fits all.
# Everything that is refused only after the right to call was established counts as reachable: throttled.
_TABLE: Final = tuple(
    (re.compile(code), re.compile(message, re.IGNORECASE | re.DOTALL), verdict)
    for code, message, verdict in (
        # With a quota of 0 AWS says this at the first call of an account, with another when the day's share is used up.
        ("ThrottlingException", r"tokens per day", Verdict.QUOTA_ZERO),
        ("ServiceQuotaExceededException", r".*", Verdict.QUOTA_ZERO),
        ("ThrottlingException|TooManyRequestsException", r".*", Verdict.THROTTLED),
        ("ModelNotReadyException|ServiceUnavailableException|ModelTimeoutException", r".*", Verdict.THROTTLED),
        ("InternalServerException|ModelErrorException|ReadTimeoutError", r".*", Verdict.THROTTLED),
        ("AccessDeniedException", r"INVALID_PAYMENT_INSTRUMENT", Verdict.ACCOUNT_BLOCKED),
        ("AccessDeniedException", r"aws-marketplace|AWS Marketplace", Verdict.MARKETPLACE_PERMISSION_MISSING),
        ("AccessDeniedException", r"(service|resource) control policy", Verdict.DENIED_BY_ORGANIZATION),
        ("AccessDeniedException", r"not available for this account", Verdict.ACCOUNT_BLOCKED),
        ("AccessDeniedException", r"not authorized to invoke this API", Verdict.ACCOUNT_BLOCKED),
        ("AccessDeniedException", r"access to the model with the specified model ID", Verdict.AGREEMENT_MISSING),
        ("AccessDeniedException", r".*", Verdict.DENIED_BY_IAM),
        ("UnrecognizedClientException|ExpiredTokenException|InvalidSignatureException", r".*", Verdict.DENIED_BY_IAM),
        ("NoCredentialsError|PartialCredentialsError", r".*", Verdict.DENIED_BY_IAM),
        ("ResourceNotFoundException", r"use case details", Verdict.ANTHROPIC_FORM_MISSING),
        ("ResourceNotFoundException", r"Legacy", Verdict.LEGACY),
        ("ResourceNotFoundException", r"end of (its )?life", Verdict.ENDS_ON),
        ("ResourceNotFoundException", r"model", Verdict.NOT_IN_REGION),
        ("ValidationException", r"on-demand throughput", Verdict.NEEDS_PROFILE),
        ("ValidationException", r"operation not allowed", Verdict.ACCOUNT_BLOCKED),
        ("ValidationException", r"model identifier is invalid", Verdict.NOT_IN_REGION),
    )
)
_ACTION: Final = re.compile(r"perform:? ([\w-]+:\w+)(?: on resource: (\S+))?")


def verdict_of(outcome: Outcome) -> Verdict:
    """Return what the outcome of a call says: ready, one of the table's verdicts, or unknown."""
    if outcome.ok:
        return Verdict.READY
    for code, message, verdict in _TABLE:
        if code.fullmatch(outcome.code) and message.search(outcome.message):
            return verdict
    return Verdict.UNKNOWN


def denied_action(message: str) -> tuple[str, str] | None:
    """Return (action, ARN or "") that AWS says is not allowed, or None if it does not say."""
    found = _ACTION.search(message)
    return (found[1], (found[2] or "").rstrip(".,")) if found else None


def denied_region(message: str) -> str:
    """Return the region of the resource that a denial names, or ""."""
    found = denied_action(message)
    parts = found[1].split(":") if found else []
    return parts[3] if len(parts) > 4 and parts[0] == "arn" else ""
