"""What Bedrock would refuse an hour after a job was made is refused when the file is loaded, with the way out."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.varying import Vary

MICRO = "amazon.nova-micro-v1:0"
GOOD = {"base_models": [MICRO]}


def test_what_is_left_out_is_the_cheapest_that_works(vary: Vary) -> None:
    tuning = vary(tuning=GOOD).tuning

    assert tuning
    assert tuning.hosting == "on_demand"
    assert tuning.judge_alias is None
    assert vary().tuning is None


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({}, "Field required"),
        ({"base_models": []}, "at least 1 item"),
        ({"base_models": ["anthropic.claude-haiku-4-5-20251001-v1:0"]}, "is no model that Bedrock tunes"),
        ({"base_models": [f"{MICRO}:128k"]}, f"write '{MICRO}', as aliases do"),
        ({"base_models": ["meta.llama3-3-70b-instruct-v1:0"]}, "it is tuned in us-west-2, not in us-east-1"),
        ({**GOOD, "hyperparameters": {"epochCount": 9}}, "epochCount: 9 is not accepted: expected 1 to 5"),
        ({**GOOD, "hyperparameters": {"epochs": 2}}, "epochs is not accepted: expected epochCount"),
        ({**GOOD, "hyperparameters": {"learningRate": "nan"}}, "learningRate: 'nan' is not accepted"),
        ({**GOOD, "judge_alias": "nobody"}, "judge_alias: 'nobody' is not accepted: expected an alias that can chat"),
        ({**GOOD, "judge_alias": "embed"}, "expected an alias that can chat: fast, smart"),
        ({**GOOD, "metric": "judge"}, "it needs tuning.judge_alias"),
        ({**GOOD, "provisioned": {"max_hours": 1000}}, "expected 0.5 to 168"),
        ({**GOOD, "margin": 2}, "less than or equal to 1"),
        ({**GOOD, "poll_seconds": 10}, "poll_seconds: 10 is not accepted: with these bounds a job may be looked at 9,"),
        ({**GOOD, "colour": "red"}, "Extra inputs are not permitted"),
        ({**GOOD, "email": "nobody"}, "should match pattern"),
    ],
)
def test_what_does_not_hold_is_refused(vary: Vary, section: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        vary(tuning=section)

    assert told in str(refused.value)


def test_a_region_that_tunes_nothing_names_one_that_does(vary: Vary) -> None:
    with pytest.raises(ValidationError, match=r"In eu-west-1 no model is; or make an environment in us-east-1"):
        vary(tuning=GOOD, region="eu-west-1", knowledge=None)


def test_hosting_that_a_model_has_not_is_refused(vary: Vary) -> None:
    llama = {"base_models": ["meta.llama3-3-70b-instruct-v1:0"], "hosting": "provisioned"}
    aliases = {"fast": ["meta.llama3-3-70b-instruct-v1:0"]}

    with pytest.raises(ValidationError, match=r"Bedrock hosts tuned Llama 3.3 70B\S* on_demand only|on_demand only"):
        vary(tuning=llama, region="us-west-2", knowledge=None, models={"aliases": aliases})


@pytest.mark.parametrize("name", ["team--a", "team-"])
def test_an_environments_name_has_to_do_for_a_custom_model(vary: Vary, name: str) -> None:
    with pytest.raises(ValidationError, match="no two hyphens in a row in a custom model's name"):
        vary(name=name, tuning=GOOD, knowledge=None)
