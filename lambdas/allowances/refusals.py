"""Why a call is not made: what is left, and what to do about it."""

from lambdas.allowances.remaining import Remaining, headers
from lambdas.allowances.usage import Usage, dollars
from lambdas.common.caller import Caller
from lambdas.common.errors import PermissionDeniedError, RateLimitError


class AllowanceSpentError(RateLimitError):
    """The key's allowance is not enough for the call; ``remaining`` is for the answer's headers."""

    def __init__(self, message: str, *, code: str, remaining: Remaining, retry_after: int | None = None) -> None:
        super().__init__(message, code=code, retry_after=retry_after)
        self.remaining = remaining

    def headers(self) -> dict[str, str]:
        """Return what is left, and where waiting brings nothing back, that a retry is useless: OpenAI's SDK obeys."""
        useless = {"x-should-retry": "false"} if self.code == "insufficient_quota" else {}
        return {**super().headers(), **headers(self.remaining), **useless}


def check_alias(caller: Caller, alias: str, estimate: Usage) -> None:
    """Refuse an alias that the key may not call, or whose price is not known where money is limited.

    Raises:
        PermissionDeniedError: with code "model_not_allowed"; the message names the aliases that are allowed.
    """
    allowed = caller.limits.aliases
    if allowed is not None and alias not in allowed:
        names = ", ".join(f"`{one}`" for one in allowed) or "none"
        raise PermissionDeniedError(
            f"This API key may not call `{alias}`. It may call: {names}.", param="model", code="model_not_allowed"
        )
    if caller.limits.usd_total is not None and not estimate.priced:
        raise PermissionDeniedError(
            f"This API key has an allowance in dollars, and what `{alias}` costs is not known here. Call another "
            "alias, or ask the platform's owner for a key that is limited by tokens.",
            param="model",
            code="model_not_allowed",
        )


def refusal(caller: Caller, remaining: Remaining, estimate: Usage) -> AllowanceSpentError | None:
    """Return why ``estimate`` does not fit into what is left, or None if it does. The longest wait is told first."""
    limits = caller.limits
    ask = f"ask the platform's owner to raise the allowance of {caller.key_id}"
    if remaining.micro_dollars is not None and estimate.micro_dollars > remaining.micro_dollars:
        left = dollars(max(0, remaining.micro_dollars))
        return AllowanceSpentError(
            f"This API key has {left} of its {dollars(limits.usd_total or 0)} left, and this request may cost "
            f"up to {dollars(estimate.micro_dollars)}. Lower `max_tokens`, shorten the messages, or {ask}.",
            code="insufficient_quota",
            remaining=remaining,
        )
    if remaining.tokens is not None and estimate.tokens > remaining.tokens:
        return AllowanceSpentError(
            f"This API key has {max(0, remaining.tokens):,} of its {limits.tokens_per_day:,} tokens of today left, and "
            f"this request may take up to {estimate.tokens:,}. Lower `max_tokens`, wait until midnight UTC, or {ask}.",
            code="insufficient_quota",
            remaining=remaining,
            retry_after=remaining.day_ends_in,
        )
    if remaining.requests is not None and remaining.requests <= 0:
        return AllowanceSpentError(
            f"This API key may make {limits.requests_per_minute:,} requests per minute and has 0 left. Try again in "
            f"{remaining.minute_ends_in} s.",
            code="rate_limit_exceeded",
            remaining=remaining,
            retry_after=remaining.minute_ends_in,
        )
    return None
