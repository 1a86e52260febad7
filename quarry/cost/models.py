"""What the models behind an environment's aliases cost for a mix of use: the first that answers, at its list price."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from configuration.config import Config
from configuration.cost.usage import Usage
from configuration.targets import Target
from lambdas.catalogue import compiled, customization, prices, tuned_prices
from lambdas.catalogue.facts import Price
from lambdas.catalogue.models import find
from lambdas.catalogue.services import HOURS_PER_MONTH, UnpricedError
from lambdas.common.figures import counted
from quarry.command_error import CommandError

_MILLION: Final = 1_000_000
# A question is looked for by its own words, which are few.
_QUESTION_TOKENS: Final = 50


@dataclass(frozen=True, kw_only=True)
class ModelUse:
    """What one alias or one of the knowledge base's models costs.

    Attributes:
        called: what it is, as ``alias fast``.
        usd_per_request: of an average request of the mix, all aliases together; None if a price is not known.
        usd_per_month: besides requests.
        reason: which price, or why there is none.
        unpriced: what of it has no price; None if all has.
    """

    called: str
    model_id: str
    usd_per_request: float | None
    usd_per_month: float = 0
    reason: str
    checked: date | None = None
    unpriced: str | None = None


def models_of(config: Config, usage: Usage) -> list[ModelUse]:
    """Return what models cost, the aliases first.

    Raises:
        CommandError: the mix of use asks an alias that the environment does not have, or one that cannot chat.
    """
    return [*_aliases(config, usage), *_knowledge(config, usage), *_tuning(config, usage)]


def _aliases(config: Config, usage: Usage) -> Iterator[ModelUse]:
    chatting = config.alias_targets.chatting()
    passages = usage.documents.questions * usage.documents.passage_tokens if config.knowledge else 0
    for alias, asked in usage.aliases.items():
        if alias not in chatting:
            raise CommandError(
                f"The mix of use asks the alias {alias!r}, which {config.name} does not have or cannot chat with; it "
                f"has {', '.join(chatting)}. Name another mix with --usage.",
                exit_code=2,
            )
        target = config.targets(alias)[0]
        price, reason = _price(target, config.region)
        usd = None
        if price is not None and price.input is not None and price.output is not None:
            usd = (asked.input_tokens + passages) * price.input + asked.output_tokens * price.output
        yield ModelUse(
            called=f"alias {alias}",
            model_id=target.own_id,
            usd_per_request=None if usd is None else asked.share * usd / _MILLION,
            reason=reason,
            checked=_checked(target.model.model_id),
        )


def _knowledge(config: Config, usage: Usage) -> Iterator[ModelUse]:
    knowledge, documents = config.knowledge, usage.documents
    if knowledge is None:
        return
    embedding = config.alias_targets.of_kind(knowledge.embedding, "embedding")[0]
    price, reason = _price(embedding, config.region)
    per_token = None if price is None or price.input is None else price.input / _MILLION
    yield ModelUse(
        called=f"alias {knowledge.embedding}",
        model_id=embedding.model.model_id,
        usd_per_request=None if per_token is None else documents.questions * _QUESTION_TOKENS * per_token,
        usd_per_month=0 if per_token is None else documents.tokens_per_month * per_token,
        reason=reason,
        checked=_checked(embedding.model.model_id),
    )
    if knowledge.reranking is not None:
        reranker = Target(model=find(knowledge.reranking.model))
        price, reason = _price(reranker, config.region)
        per_thousand = None if price is None else price.thousand_queries
        yield ModelUse(
            called="reranking",
            model_id=reranker.model.model_id,
            usd_per_request=None if per_thousand is None else documents.questions * per_thousand / 1000,
            reason=reason,
            checked=_checked(reranker.model.model_id),
        )


def _tuning(config: Config, usage: Usage) -> Iterator[ModelUse]:
    tuning, runs = config.tuning, usage.tuning.runs_per_month
    if tuning is None or not runs:
        return
    base = tuning.base_models[0]
    facts = customization.find(base).method("fine_tuning")
    parts: list[float] = []
    unpriced = [] if facts.training is not None else [f"training of {base}: {facts.unpriced}"]
    if facts.training is not None:
        parts.append(usage.tuning.tokens * facts.training / _MILLION)
    try:
        parts.append(tuned_prices.storage_usd_per_hour(region=config.region) * HOURS_PER_MONTH)
        if tuning.hosting == "provisioned":
            unit = tuned_prices.throughput_usd_per_hour(base, "none", region=config.region)
            parts.append(unit * tuning.provisioned.model_units * tuning.provisioned.max_hours)
    except UnpricedError as error:
        unpriced.append(str(error))
    yield ModelUse(
        called="tuning",
        model_id=base,
        usd_per_request=0.0,
        usd_per_month=runs * sum(parts),
        reason=f"{counted(runs, 'run')} a month, hosted {tuning.hosting}",
        checked=facts.checked,
        unpriced="; ".join(unpriced) or None,
    )


def _price(target: Target, region: str) -> tuple[Price | None, str]:
    """Return the list price and which it is, or None and why there is none."""
    if target.custom_arn is not None and ":provisioned-model/" in target.custom_arn:
        return None, "provisioned throughput is paid by the hour and model unit, which only the account knows"
    known_in = compiled.load().price_region
    if region != known_in:
        return None, f"{target.model.model_id} has no price in {region}; it has in {known_in}"
    price = prices.price(target.model.model_id, scope=target.price_scope)
    if price is None:
        return None, f"the catalogue has no price of {target.model.model_id} ({target.price_scope})"
    if price.thousand_queries is not None:
        return price, f"{price.thousand_queries:g} USD per 1,000 queries"
    output = "" if price.output is None else f" in, {price.output:g} out"
    return price, f"{price.input or 0:g}{output} USD per million tokens"


def _checked(model_id: str) -> date | None:
    known = compiled.load().prices.get(model_id)
    return known.checked if known else None
