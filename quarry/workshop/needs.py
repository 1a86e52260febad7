"""How much of each quota a workshop takes. Arithmetic only: nothing here asks AWS.

A participant is one user profile, one space and one running app. Everybody is taken to ask at the same moment, and to
have asked once before in the same minute: Bedrock takes a call's input and its ``max_tokens`` off the quota when it
begins, and at its end counts the input and the output times the model's burn-down rate (Bedrock user guide,
"quotas-token-burndown"). Without ``max_tokens`` in a request Quarry sends the model's own maximum.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from configuration.config import Config
from configuration.studio import quotas
from configuration.studio.quotas import Measure, Quota, Scope
from configuration.studio.section import Studio
from configuration.targets import Target

REQUESTS_PER_MINUTE: Final = 2
# Of a call with some history or a few passages, and of its answer.
INPUT_TOKENS: Final = 2_000
OUTPUT_TOKENS: Final = 500
# Of models for which AWS names no maximum.
MAX_TOKENS: Final = 4_096
_SCOPES: Final = {"in_region": "on_demand", "geography": "geography", "global": "global"}
_WAYS: Final = {"on_demand": "On-demand", "geography": "Cross-region", "global": "Global cross-region"}


@dataclass(frozen=True, kw_only=True)
class Need:
    """A quota, and how much of it is needed."""

    quota: Quota
    needed: int


def needs(config: Config, studio: Studio, *, people: int) -> list[Need]:
    """Return what that many people need: of Studio, of the endpoint, of the models that aliases call first."""
    known = quotas.load().quotas
    rate = -(-people * studio.allowance.requests_per_minute // 60)
    found = [
        Need(quota=known["user_profiles"], needed=people),
        Need(quota=known["spaces"], needed=people),
        Need(quota=known[f"apps_{studio.instance_type}"], needed=people),
        Need(quota=known["running_apps"], needed=people),
        Need(quota=known["domains"], needed=1),
        Need(quota=known["lambda_concurrency"], needed=people),
        Need(quota=known["api_rate"], needed=rate),
        Need(quota=known["api_burst"], needed=people),
    ]
    return found + list(_of_models(config, people=people))


def tokens_per_minute(model_id: str, *, people: int, max_tokens: int) -> int:
    """Return what of a model's quota of tokens that many people take in their busiest minute."""
    started = INPUT_TOKENS + max_tokens
    settled = INPUT_TOKENS + OUTPUT_TOKENS * quotas.load().burn_rate(model_id)
    return people * (max(started, settled) + (REQUESTS_PER_MINUTE - 1) * settled)


def _of_models(config: Config, *, people: int) -> Iterator[Need]:
    """Yield the needs of each alias's first model, a model that two aliases share once."""
    first: dict[str, Target] = {}
    for alias in config.alias_targets.chatting():
        target = config.targets(alias)[0]
        if target.custom_arn is None:
            first.setdefault(target.own_id, target)
    for target in first.values():
        model = target.model
        scope = cast(Scope, _SCOPES[target.price_scope])
        most = model.capabilities.max_output_tokens or MAX_TOKENS
        needed: dict[Measure, int] = {
            "tokens": tokens_per_minute(model.model_id, people=people, max_tokens=most),
            "requests": people * REQUESTS_PER_MINUTE,
        }
        for measure, limit in quotas.load().models.get(model.model_id, {}).get(scope, {}).items():
            name = f"{_WAYS[scope]} model inference {measure} per minute for {model.name}"
            yield Need(
                quota=Quota(**limit.model_dump(), service="bedrock", name=name),
                needed=needed[measure],
            )
