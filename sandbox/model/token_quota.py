"""The account's quotas of tokens per minute, taken off as Bedrock does: input and ``maxTokens`` when a call begins.

At its end the call counts as its input, what it wrote to the prompt cache, and its output times the model's burn-down
rate; what else it had taken is there again (Bedrock user guide, "quotas-token-burndown"). Without ``maxTokens`` a call
takes what its model can write at most. Quotas are those of :mod:`sandbox.quotas`, found by name; a model that none is
named after has none here, nor has a tuned one.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field

from sandbox.model import tokens
from sandbox.model.errors import FAULTS, Json
from sandbox.model.scripted import Call
from sandbox.model.targets import Target
from sandbox.quotas import applied, catalogue
from sandbox.quotas.catalogue import Quota

_MINUTE = 60.0
_NAME = re.compile(r"(On-demand|Cross-region|Global cross-region) model inference tokens per minute for (.+)")


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


_lock = threading.Lock()
_minutes: dict[str, _Minute] = {}


def take(target: Target, request: Json, call: Call, *, now: float) -> None:
    """Take a call of Converse off the quota that it counts against.

    Args:
        now: seconds of any clock that only goes forward.

    Raises:
        AwsError: ThrottlingException, the minute has not so many tokens left.
    """
    quota = None if target.tuned is not None else _of(target)
    if quota is None:
        return
    most = (request.get("inferenceConfig") or {}).get("maxTokens", target.model.max_output_tokens or 0)
    begun = tokens.count_request(request) + most
    with _lock:
        minute = _minutes.setdefault(quota.code, _Minute())
        minute.taken = [one for one in minute.taken if one.at > now - _MINUTE]
        if sum(one.tokens() for one in minute.taken) + begun > applied.value(quota):
            raise FAULTS["tokens"].error(call.model)
        minute.taken.append(_Taken(call, now, begun, target.model.output_burndown))


def forget() -> None:
    """Begin a new minute."""
    with _lock:
        _minutes.clear()


def _of(target: Target) -> Quota | None:
    name = target.arn.rpartition("/")[2]
    way = "Cross-region" if target.is_profile else "On-demand"
    if name.startswith("global."):
        way = "Global cross-region"
    for quota in catalogue.ALL:
        named = _NAME.fullmatch(quota.name)
        if named and named[1] == way and named[2].endswith(target.model.model_name):
            return quota
    return None
