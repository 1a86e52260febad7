"""What holds for every function, whatever it does."""

from itertools import combinations, cycle, islice
from typing import Any

import pytest

from lambdas.catalogue.models import catalogue
from stacks.components.python_function import EnvironmentTooLargeError
from tests import templates
from tests.policy import rules
from tests.varying import Vary


def test_more_variables_than_lambda_takes_are_refused_at_synth(vary: Vary) -> None:
    crowd = {f"alias-number-{number}-with-a-long-name": ["amazon.nova-micro-v1:0"] * 5 for number in range(24)}

    with pytest.raises(EnvironmentTooLargeError, match=r"api.handler.lambda_handler have .* Lambda takes 4,096"):
        templates.synthesise(vary(models={"aliases": crowd}, knowledge=None))


# Of what is known only once it is deployed: about as long as the longest name that CloudFormation makes for a table of
# ours, and the ARN of an application inference profile.
NAME = "quarry-production-inference-AllowancesTableF5ABE270-1A2B3C4D5E6F7"
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl"


def aliases_of_two(number: int) -> dict[str, list[str]]:
    """Return so many aliases with two candidates each, all different pairs of the catalogue's chat models."""
    pairs = cycle(combinations([model.model_id for model in catalogue().values() if model.kind == "chat"], 2))
    return {f"team-{position:02d}-assistant": list(pair) for position, pair in enumerate(islice(pairs, number))}


def deployed(value: Any) -> str:
    """Return a variable's text with what it will hold in the place of references."""
    if not isinstance(value, dict):
        return str(value)
    if "Fn::Join" in value:
        return "".join(deployed(part) for part in value["Fn::Join"][1])
    return ARN if "Fn::GetAtt" in value else NAME


def size(template: dict[str, Any], alias: str) -> int:
    """Return the bytes of the environment of the function with the most, among those that are told of the aliases."""
    told = [function["Environment"]["Variables"] for _, function in rules.of_type(template, "AWS::Lambda::Function")]
    assert sum(alias in deployed(variables.get("ALIASES", "")) for variables in told) == 2
    return max(sum(len(name) + len(deployed(value).encode()) for name, value in one.items()) for one in told)


@pytest.mark.parametrize(("number", "cost_allocation", "kilobytes"), [(30, False, 3.6), (10, True, 3.9)])
def test_what_aliases_with_two_candidates_take_of_the_environment(
    vary: Vary, number: int, cost_allocation: bool, kilobytes: float
) -> None:
    """docs/models.md has these figures; a variable more of the function's may add a little."""
    aliases = {"fast": ["amazon.nova-micro-v1:0"], "embed": ["amazon.titan-embed-text-v2:0"], **aliases_of_two(number)}

    stacks = templates.of(vary(models={"aliases": aliases, "cost_allocation": cost_allocation}))

    taken = size(stacks["Inference"], f"team-{number - 1:02d}-assistant") / 1000
    assert kilobytes - 0.2 < taken <= kilobytes
