"""What the functions may call and read where the environment tunes models; nothing of it is there elsewhere."""

import json
from typing import Any

import pytest

from configuration.environment_file import load, names
from tests import templates
from tests.stacks.inference.test_stack import flat, resources, statements

TAG = {"StringEquals": {"aws:ResourceTag/quarry:environment": "dev"}}


@pytest.fixture(scope="module")
def tuning() -> dict[str, Any]:
    """The inference template of an environment that tunes."""
    assert load("dev").tuning is not None
    return templates.of_environment("dev")["Inference"]


def tuned(template: dict[str, Any], role: str, action: str) -> list[dict[str, Any]]:
    return [one for one in statements(template, action, role) if "custom-model-deployment" in json.dumps(one)]


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        ("InferenceRole", "bedrock:InvokeModel"),
        ("ChatRole", ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]),
    ],
)
def test_only_what_has_the_environments_tag_may_be_called(
    tuning: dict[str, Any], role: str, actions: str | list[str]
) -> None:
    (statement,) = tuned(tuning, role, "bedrock:InvokeModel")

    assert statement["Action"] == actions
    assert statement["Condition"] == TAG
    assert sorted(map(flat, statement["Resource"])) == [
        "arn:aws:bedrock:us-east-1:<AWS::AccountId>:custom-model-deployment/*",
        "arn:aws:bedrock:us-east-1:<AWS::AccountId>:provisioned-model/*",
    ]


@pytest.mark.parametrize("role", ["InferenceRole", "ChatRole"])
def test_of_the_parameters_only_the_aliases_may_be_read(tuning: dict[str, Any], role: str) -> None:
    (statement,) = statements(tuning, "ssm:GetParametersByPath", role)

    assert flat(statement["Resource"]).partition(":parameter")[2] == "/quarry/dev/aliases"


def test_nobody_else_may_and_nobody_may_write(tuning: dict[str, Any]) -> None:
    assert len(statements(tuning, "ssm:GetParametersByPath", "")) == 2
    assert all("aliases" not in json.dumps(one) for one in statements(tuning, "ssm:PutParameter", ""))


def test_the_functions_are_told_where_promotions_stand(tuning: dict[str, Any]) -> None:
    told = [
        function["Properties"]["Environment"]["Variables"].get("PROMOTIONS_PATH")
        for function in tuning["Resources"].values()
        if function["Type"] == "AWS::Lambda::Function"
    ]

    assert [one for one in told if one] == ['"/quarry/dev/aliases"'] * 2


def test_an_environment_that_tunes_nothing_has_none_of_it() -> None:
    environment = next(name for name in names() if load(name).tuning is None)
    template = templates.of_environment(environment)["Inference"]

    assert statements(template, "ssm:GetParametersByPath", "") == []
    assert "custom-model" not in json.dumps(template)
    assert all(
        "PROMOTIONS_PATH" not in function["Properties"]["Environment"]["Variables"]
        for function in resources(environment, "AWS::Lambda::Function").values()
    )
