"""Why a call is not made: what is left, and what to do about it."""

from typing import Final

from lambdas.allowances.account import Account, day_of
from lambdas.allowances.remaining import Remaining, headers
from lambdas.allowances.usage import Usage, dollars
from lambdas.common.caller import Caller
from lambdas.common.errors import PermissionDeniedError, RateLimitError

# When what other calls hold may have come back: about the time that a short answer takes.
HELD_SECONDS: Final = 5
_LESS: Final = "Lower `max_tokens` (`max_output_tokens` of a response)"


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


def refusal(caller: Caller, account: Account, likely: Usage, *, now: float) -> AllowanceSpentError | None:
    """Return why a call that likely takes so much is not let through, or None if it is. The longest wait comes first.

    What other calls hold comes back when they end: where only that is in the way, it is no matter of the quota.
    """
    limits, remaining = caller.limits, Remaining.of(account, caller.limits, now=now)
    # What takes nothing of a limit is not refused for it.
    money = remaining.micro_dollars if likely.micro_dollars else None
    tokens = remaining.tokens if likely.tokens else None
    held_tokens, dollars_in_all = account.held_tokens(day_of(now)), dollars(limits.usd_total or 0)
    ask = f"ask the platform's owner to raise the allowance of {caller.key_id}"
    if money is not None and likely.micro_dollars > money + account.held:
        return AllowanceSpentError(
            f"This API key has {dollars(max(0, money + account.held))} of its {dollars_in_all} left, and this request "
            f"may cost {dollars(likely.micro_dollars)}. {_LESS}, "
            f"shorten what is sent, or {ask}.",
            code="insufficient_quota",
            remaining=remaining,
        )
    if tokens is not None and likely.tokens > tokens + held_tokens:
        return AllowanceSpentError(
            f"This API key has {max(0, tokens + held_tokens):,} of its {limits.tokens_per_day:,} tokens of today left, "
            f"and this request may take {likely.tokens:,}. {_LESS}, "
            f"wait until midnight UTC, or {ask}.",
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
    held = ""
    if money is not None and likely.micro_dollars > money:
        held = f"{dollars(account.held)} of its {dollars_in_all}"
    elif tokens is not None and likely.tokens > tokens:
        held = f"{held_tokens:,} of its {limits.tokens_per_day:,} tokens of today"
    if not held:
        return None
    return AllowanceSpentError(
        f"Requests of this API key that are under way hold {held} until they end: too little is left for this one now. "
        f"Try again in {HELD_SECONDS} s, send fewer at once, or {_LESS.lower()}.",
        code="rate_limit_exceeded",
        remaining=remaining,
        retry_after=HELD_SECONDS,
    )
