"""The account's quotas of tokens per minute, taken off as Bedrock does: input and ``maxTokens`` when a call begins.

At its end the call counts as its input, what it wrote to the prompt cache, and its output times the model's burn-down
rate; what else it had taken is there again (Bedrock user guide, "quotas-token-burndown"). Without ``maxTokens`` a call
takes what its model can write at most. A model that no quota is named after has none here, nor has a tuned one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.model import tokens
from sandbox.model.errors import FAULTS, Json
from sandbox.model.scripted import Call
from sandbox.model.targets import Target

_MINUTE = 60.0


@dataclass
class _Taken:
    """What one call has taken: ``begun`` tokens until it has ended."""

    call: Call
    at: float
    begun: int
    burndown: int

    def tokens(self) -> int:
        if self.call.finished is None:
            return self.begun
        call = self.call
        return call.input_tokens + call.cache_write_tokens + call.output_tokens * self.burndown


@dataclass
class _Minute:
    taken: list[_Taken] = field(default_factory=list)


Limit = Callable[[str, str], tuple[str, float] | None]
"""From how a model is called and its name to its quota's code and tokens per minute."""

_lock = threading.Lock()
_minutes: dict[str, _Minute] = {}
_limit: Limit | None = None


def limit_by(limit: Limit) -> None:
    """Let these quotas hold."""
    global _limit
    _limit = limit


def take(target: Target, request: Json, call: Call, *, now: float) -> None:
    """Take a call of Converse off the quota that it counts against.

    Args:
        now: seconds of any clock that only goes forward.

    Raises:
        AwsError: ThrottlingException, the minute has not so many tokens left.
    """
    quota = _limit(_way(target), target.model.model_name) if _limit and target.tuned is None else None
    if quota is None:
        return
    code, per_minute = quota
    most = (request.get("inferenceConfig") or {}).get("maxTokens", target.model.max_output_tokens or 0)
    begun = tokens.count_request(request) + most
    with _lock:
        minute = _minutes.setdefault(code, _Minute())
        minute.taken = [one for one in minute.taken if one.at > now - _MINUTE]
        if sum(one.tokens() for one in minute.taken) + begun > per_minute:
            raise FAULTS["tokens"].error(call.model)
        minute.taken.append(_Taken(call, now, begun, target.model.output_burndown))


def forget() -> None:
    """Begin a new minute."""
    with _lock:
        _minutes.clear()


def _way(target: Target) -> str:
    """How the model is called, as Service Quotas words it."""
    if target.arn.rpartition("/")[2].startswith("global."):
        return "Global cross-region"
    return "Cross-region" if target.is_profile else "On-demand"
