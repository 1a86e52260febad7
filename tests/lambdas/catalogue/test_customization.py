"""Which models can be tuned."""

import subprocess
import sys

import pytest

from lambdas.catalogue import customization
from lambdas.catalogue.customization import NotTunableError, find, tunable
from lambdas.catalogue.models import catalogue

MICRO = "amazon.nova-micro-v1:0"


@pytest.mark.parametrize(
    "base",
    [
        MICRO,
        f"{MICRO}:128k",
        f"arn:aws:bedrock:us-east-1::foundation-model/{MICRO}:128k",
        f"arn:aws:bedrock:us-east-1::foundation-model/{MICRO}",
    ],
)
def test_a_model_is_found_by_either_of_its_ids(base: str) -> None:
    assert find(base).customization_id == f"{MICRO}:128k"


@pytest.mark.parametrize("base", ["", "amazon.nova-micro", f"us.{MICRO}", "anthropic.claude-haiku-4-5-20251001-v1:0"])
def test_what_cannot_be_tuned_is_told_with_what_can(base: str) -> None:
    with pytest.raises(NotTunableError, match=f"'{base}' is no model that Bedrock tunes; it tunes {MICRO}:128k, "):
        find(base)


def test_a_method_is_asked_for_by_name() -> None:
    assert find(MICRO).method("fine_tuning").format == "conversation"
    with pytest.raises(NotTunableError, match=r"Nova Micro takes no training; it takes fine_tuning, distillation$"):
        find(MICRO).method("training")


def test_hosting_that_costs_nothing_while_idle_comes_first() -> None:
    assert find(MICRO).hosting.kinds == ("on_demand", "provisioned")
    assert find("meta.llama3-1-8b-instruct-v1:0").hosting.kinds == ("provisioned",)
    assert find("meta.llama3-3-70b-instruct-v1:0").hosting.kinds == ("on_demand",)


def test_the_catalogue_and_this_agree_on_what_can_be_tuned() -> None:
    named = {model.customization_id for model in catalogue().values() if model.customization_id}

    assert named <= tunable().keys()


def test_epochs_are_whole_numbers_from_one() -> None:
    for model in customization.load().models:
        for method in model.methods.values():
            epochs = method.hyperparameters.get("epochCount")
            assert epochs is None or (epochs.kind == "integer" and epochs.minimum == 1)


def test_requests_are_answered_without_it() -> None:
    code = "import sys, lambdas.catalogue.models as m; m.catalogue(); sys.exit('customization' in str(sys.modules))"

    assert subprocess.run([sys.executable, "-W", "error", "-c", code]).returncode == 0
