"""What models cost for a mix of use, worked out by hand from the catalogue's prices."""

import pytest

from configuration.config import Config
from configuration.cost.usage import Usage
from quarry.command_error import CommandError
from quarry.cost.models import ModelUse, models_of
from tests.varying import Vary

RERANKER = {"model": "cohere.rerank-v3-5:0"}
THROUGHPUT = "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl"
DEPLOYMENT = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"


def test_aliases_cost_what_their_first_model_does(usage: Usage, dev: Config) -> None:
    fast, smart, embed, *_ = models_of(dev, usage)

    # Half of the requests; of those a quarter with 2,000 tokens of passages. Nova Micro: 0.035 and 0.14.
    assert fast.usd_per_request == pytest.approx(0.5 * ((1000 + 500) * 0.035 + 500 * 0.14) / 1e6)
    # Claude Haiku 4.5 through the geography's profile: 1.10 and 5.50.
    assert smart.usd_per_request == pytest.approx(0.5 * ((2000 + 500) * 1.1 + 1000 * 5.5) / 1e6)
    assert (smart.called, smart.reason) == ("alias smart", "1.1 in, 5.5 out USD per million tokens")
    # Titan embeds five million tokens a month at 0.02, and fifty per question.
    assert embed.usd_per_month == pytest.approx(5 * 0.02)
    assert embed.usd_per_request == pytest.approx(0.25 * 50 * 0.02 / 1e6)


def test_without_documents_there_are_no_passages_and_no_vectors(usage: Usage, vary: Vary) -> None:
    fast, _smart = models_of(vary(knowledge=None), usage)

    assert fast.usd_per_request == pytest.approx(0.5 * (1000 * 0.035 + 500 * 0.14) / 1e6)


def test_reranking_is_paid_by_the_question(usage: Usage, vary: Vary) -> None:
    found = models_of(vary(knowledge={"reranking": RERANKER}), usage)[-1]

    assert found.called == "reranking"
    assert found.usd_per_request == pytest.approx(0.25 * 2 / 1000)
    assert found.reason == "2 USD per 1,000 queries"


def test_another_region_has_no_price_rather_than_the_catalogues(usage: Usage, vary: Vary) -> None:
    for one in models_of(vary(region="us-west-2"), usage):
        assert one.usd_per_request is None
        assert one.reason.endswith("has no price in us-west-2; it has in us-east-1")


def test_provisioned_throughput_is_not_taken_for_tokens(usage: Usage, vary: Vary) -> None:
    tuned = [{"arn": THROUGHPUT, "base": "amazon.nova-micro-v1:0"}]
    smart = ["anthropic.claude-haiku-4-5-20251001-v1:0"]
    embed = ["amazon.titan-embed-text-v2:0"]
    config = vary(models={"aliases": {"fast": tuned, "smart": smart, "embed": embed}})

    fast = models_of(config, usage)[0]

    assert (fast.model_id, fast.usd_per_request) == (THROUGHPUT, None)
    assert "paid by the hour and model unit" in fast.reason


def test_a_tuned_model_on_demand_costs_what_its_base_does(usage: Usage, vary: Vary) -> None:
    aliases = {
        name: [candidate if isinstance(candidate, str) else candidate.model_dump() for candidate in listed]
        for name, listed in vary().models.aliases.items()
    }
    config = vary(models={"aliases": {**aliases, "fast": [{"arn": DEPLOYMENT, "base": "amazon.nova-micro-v1:0"}]}})

    assert models_of(config, usage)[0].usd_per_request == models_of(vary(), usage)[0].usd_per_request


def tuning(usage: Usage, config: Config) -> ModelUse:
    (found,) = [one for one in models_of(config, usage) if one.called == "tuning"]
    return found


def test_a_run_of_tuning_is_trained_and_its_model_kept(usage: Usage, vary: Vary) -> None:
    found = tuning(usage, vary(tuning={"base_models": ["amazon.nova-micro-v1:0"]}))

    # Twice three million tokens at 1.00, and two models at 1.95.
    assert found.usd_per_month == pytest.approx(2 * (3 * 1 + 1.95))
    assert (found.usd_per_request, found.unpriced) == (0, None)


def test_throughput_of_a_run_is_paid_until_its_end(usage: Usage, vary: Vary) -> None:
    hosting = {"hosting": "provisioned", "provisioned": {"max_hours": 3.0, "model_units": 2}}
    found = tuning(usage, vary(tuning={"base_models": ["amazon.nova-2-lite-v1:0"], **hosting}))

    assert found.usd_per_month == pytest.approx(2 * (3 * 3.78 + 1.95 + 3 * 2 * 60.5))


def test_what_of_tuning_has_no_price_is_told(usage: Usage, vary: Vary) -> None:
    found = tuning(usage, vary(tuning={"base_models": ["amazon.nova-micro-v1:0"], "hosting": "provisioned"}))

    assert found.unpriced == "no price of throughput of Nova Micro (commitment: none)"


def test_where_nothing_is_tuned_nothing_is_paid_for_it(usage: Usage, vary: Vary) -> None:
    none = usage.model_copy(update={"tuning": usage.tuning.model_copy(update={"runs_per_month": 0})})
    config = vary(tuning={"base_models": ["amazon.nova-micro-v1:0"]})

    assert "tuning" not in {one.called for one in models_of(config, none)}
    assert "tuning" not in {one.called for one in models_of(vary(tuning=None), usage)}


@pytest.mark.parametrize("alias", ["clever", "embed"])
def test_an_alias_that_cannot_be_asked_is_told(alias: str, usage: Usage, dev: Config) -> None:
    mix = usage.model_copy(update={"aliases": {alias: usage.aliases["fast"]}})

    with pytest.raises(CommandError) as refused:
        models_of(dev, mix)

    assert str(refused.value) == (
        f"The mix of use asks the alias '{alias}', which dev does not have or cannot chat with; it has fast, smart. "
        "Name another mix with --usage."
    )
    assert refused.value.exit_code == 2
