"""What tuning costs, said beforehand."""

import pytest

from lambdas.catalogue.customization import NotTunableError, find
from lambdas.tuning.estimate import Dollars, estimate
from lambdas.tuning.tokens import Amount, Tokens, tokens_of

MICRO, LITE_2 = find("amazon.nova-micro-v1:0"), find("amazon.nova-2-lite-v1:0")


def amount(*texts: str) -> Amount:
    """How much the texts are."""
    found = Amount(records=len(texts))
    for text in texts:
        found.add_text(text)
    return found


def test_tokens_are_a_sixth_to_a_third_of_the_characters() -> None:
    assert tokens_of(amount("a" * 600, "b" * 300)) == Tokens(150, 300)


def test_both_ends_are_rounded_outwards() -> None:
    assert tokens_of(amount("a" * 10)) == Tokens(1, 4)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("не знаю", Tokens(2, 9)), ("你好你好", Tokens(2, 8)), ("🙂🙂🙂", Tokens(2, 8)), ("naïve", Tokens(1, 3))],
)
def test_other_scripts_have_fewer_characters_per_token(text: str, tokens: Tokens) -> None:
    assert tokens_of(amount(text)) == tokens


def test_characters_are_counted_by_their_bytes() -> None:
    assert amount("aé你🙂") == Amount(records=1, ascii_characters=1, other_characters=3, other_bytes=9)


def test_images_count_as_llamas_do() -> None:
    assert tokens_of(Amount(images=2)) == Tokens(3202, 12808)
    assert tokens_of(Amount(images=2), images=False) == Tokens(0, 0)


def test_what_a_run_costs() -> None:
    # The worked example: 230 records of about 26,000 tokens, twice, on Nova 2 Lite; 0.20 US dollars.
    found = estimate(Amount(records=230, ascii_characters=120_000), base=LITE_2)

    assert found.tokens == Tokens(20_000, 40_000)
    assert found.epochs == 2
    assert found.training_usd == Dollars(0.1512, 0.3024)
    assert found.storage_usd_per_month == 1.95
    assert found.as_of == "2026-11-29"
    assert found.unpriced == {}
    on_demand, provisioned = found.hosting["on_demand"], found.hosting["provisioned"]
    assert (on_demand.available, on_demand.usd_per_hour, on_demand.usd_per_month) == (True, 0, 0)
    assert (provisioned.usd_per_hour, provisioned.usd_per_month) == (60.5, 43_560)
    assert provisioned.commitments == {"OneMonth": 39_600}


@pytest.mark.parametrize("given", [{"epochCount": "5"}, {"epochCount": 5}])
def test_epochs_multiply_the_price(given: dict[str, str | int | float]) -> None:
    found = estimate(Amount(ascii_characters=6_000_000), base=MICRO, hyperparameters=given)

    assert (found.epochs, found.tokens) == (5, Tokens(1_000_000, 2_000_000))
    assert found.training_usd == Dollars(5, 10)


def test_the_model_s_own_epochs_are_the_default() -> None:
    assert estimate(Amount(), base=find("meta.llama3-3-70b-instruct-v1:0")).epochs == 5


def test_model_units_multiply_what_is_paid_by_the_hour() -> None:
    provisioned = estimate(Amount(), base=LITE_2, model_units=3).hosting["provisioned"]

    assert (provisioned.usd_per_hour, provisioned.usd_per_month, provisioned.model_units) == (181.5, 130_680, 3)
    assert provisioned.commitments == {"OneMonth": 118_800}


def test_a_price_that_nobody_knows_is_named_and_not_guessed() -> None:
    found = estimate(Amount(ascii_characters=600), base=find("meta.llama3-2-1b-instruct-v1:0"))

    assert found.training_usd is None
    assert found.unpriced == {
        "training": "no source gives it",
        "provisioned": "the price per hour is not known: no source gives it",
    }
    assert found.hosting["provisioned"].usd_per_hour is None
    assert found.hosting["on_demand"].available is False
    assert found.hosting["on_demand"].note == "Bedrock does not host tuned Llama 3.2 1B Instruct on demand"


@pytest.mark.parametrize(
    ("base", "method", "why"),
    [
        (LITE_2, "reinforcement_fine_tuning", "it is paid by the hour of training"),
        (MICRO, "distillation", "what is trained on is the teacher's answers"),
    ],
)
def test_methods_that_are_not_paid_by_the_data_set_s_tokens(base: object, method: str, why: str) -> None:
    found = estimate(Amount(ascii_characters=600), base=base, method=method)  # type: ignore[arg-type]

    assert found.training_usd is None
    assert found.unpriced["training"].startswith(why)


def test_videos_come_on_top() -> None:
    assert "videos" in estimate(Amount(videos=1), base=find("amazon.nova-lite-v1:0")).unpriced


def test_a_method_that_the_model_does_not_take() -> None:
    with pytest.raises(NotTunableError, match="Nova Micro takes no continued_pre_training"):
        estimate(Amount(), base=MICRO, method="continued_pre_training")
