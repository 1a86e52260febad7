"""How much of each quota a workshop takes. Arithmetic only: nothing here asks AWS.

A participant is one user profile, one space and one running app. What they take of models and functions is reckoned in
``lambdas.model_access.demand``, as the access check does; without ``max_tokens`` in a request Quarry sends
``inference.default_max_tokens``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from configuration.config import Config
from configuration.model_access import longest_answer
from configuration.studio import quotas
from configuration.studio.quotas import Measure, Quota, Scope
from configuration.studio.section import Studio
from configuration.targets import Target
from lambdas.model_access import demand

_SCOPES: Final = {"in_region": "on_demand", "geography": "geography", "global": "global"}
_WAYS: Final = {"on_demand": "On-demand", "geography": "Cross-region", "global": "Global cross-region"}


@dataclass(frozen=True, kw_only=True)
class Need:
    """A quota, and how much of it is needed."""

    quota: Quota
    needed: int


@dataclass(frozen=True, kw_only=True)
class Throttled:
    """What the environment file allows of requests, against what is needed; ``knob`` as "inference.throttle.rate"."""

    knob: str
    name: str
    value: int
    needed: int

    @property
    def ok(self) -> bool:
        """Whether nobody is refused by it."""
        return self.value >= self.needed


def throttled(config: Config, studio: Studio, *, people: int) -> list[Throttled]:
    """Return what that many people need of the endpoint's own throttle, which is no quota of AWS's."""
    allowed = config.inference.throttle
    return [
        Throttled(
            knob="inference.throttle.rate",
            name="requests per second, of all keys",
            value=allowed.rate,
            needed=_requests_per_second(studio, people=people),
        ),
        Throttled(
            knob="inference.throttle.burst", name="requests at once, of all keys", value=allowed.burst, needed=people
        ),
    ]


def needs(config: Config, studio: Studio, *, people: int) -> list[Need]:
    """Return what that many people need: of Studio, of the endpoint, of the models that aliases call first."""
    known = quotas.load().quotas
    found = [
        Need(quota=known["user_profiles"], needed=people),
        Need(quota=known["spaces"], needed=people),
        Need(quota=known[f"apps_{studio.instance_type}"], needed=people),
        Need(quota=known["running_apps"], needed=people),
        Need(quota=known["domains"], needed=1),
        Need(quota=known["lambda_concurrency"], needed=demand.concurrent_executions(people=people)),
        Need(quota=known["api_rate"], needed=_requests_per_second(studio, people=people)),
        Need(quota=known["api_burst"], needed=people),
    ]
    return found + list(_of_models(config, people=people))


def _requests_per_second(studio: Studio, *, people: int) -> int:
    return -(-people * studio.allowance.requests_per_minute // 60)


def _of_models(config: Config, *, people: int) -> Iterator[Need]:
    """Yield the needs of each alias's first model, a model that two aliases share once."""
    first: dict[str, Target] = {}
    longest: dict[str, int] = {}
    for alias in config.alias_targets.chatting():
        target = config.targets(alias)[0]
        if target.custom_arn is None:
            first.setdefault(target.own_id, target)
            longest[target.own_id] = max(longest.get(target.own_id, 0), longest_answer(config, alias, target.model))
    for own_id, target in first.items():
        model = target.model
        scope = cast(Scope, _SCOPES[target.price_scope])
        needed: dict[Measure, int] = {
            "tokens": demand.tokens_per_minute(
                people=people, max_tokens=longest[own_id], output_burndown=model.output_burndown
            ),
            "requests": people * demand.REQUESTS_PER_MINUTE,
        }
        for measure, limit in quotas.load().models.get(model.model_id, {}).get(scope, {}).items():
            name = f"{_WAYS[scope]} model inference {measure} per minute for {model.name}"
            yield Need(
                quota=Quota(**limit.model_dump(), service="bedrock", name=name),
                needed=needed[measure],
            )
