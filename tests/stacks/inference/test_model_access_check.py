"""The access check in a stack: when it runs, what it waits for, and all that its role may do."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any, cast

from configuration.config import Config
from lambdas.authorizer.settings import AuthorizerSettings
from lambdas.model_access import candidates
from lambdas.model_access.settings import ModelAccessSettings
from stacks.components.checks import add_checks
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.python_function import PythonFunction
from stacks.inference.model_access_check import ModelAccessCheck
from stacks.inference.served_models import ServedModels
from tests.kept import kept
from tests.templates import new_app
from tests.varying import Vary

Template = dict[str, Any]


@kept
def synthesise(config: Config) -> Template:
    app = new_app()
    stack = EnvironmentStack(app, "Inference", config=config, account=None, description="A test")
    inference = PythonFunction(
        stack,
        "Inference",
        description="Serves",
        handler="lambdas.api.handler.lambda_handler",
        service="inference",
        settings=AuthorizerSettings(keys_table="t"),
        memory_megabytes=128,
        timeout_seconds=5,
    )
    ModelAccessCheck(stack, "Access", inference=inference, models=ServedModels(stack, "Models"))
    add_checks(app)
    (synthesised,) = app.synth().stacks
    return cast(Template, synthesised.template)


def of_type(template: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((id_, one) for id_, one in template["Resources"].items() if one["Type"] == kind)


def the_check(template: Template) -> dict[str, Any]:
    ((_, resource),) = of_type(template, "Custom::ModelAccess")
    return resource


def function(template: Template) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (
        one["Properties"]
        for _, one in of_type(template, "AWS::Lambda::Function")
        if "model_access" in one["Properties"]["Handler"]
    )
    return found


def test_the_check_runs_after_the_function_that_serves_and_its_policies(vary: Vary) -> None:
    template = synthesise(vary())

    waits_for = set(the_check(template)["DependsOn"])

    for kind, part in (
        ("AWS::Lambda::Function", "Inference"),
        ("AWS::IAM::Policy", "Inference"),
        ("AWS::IAM::Policy", "Access"),
        ("AWS::SSM::Parameter", "Access"),
    ):
        assert any(id_ in waits_for for id_, _ in of_type(template, kind) if id_.startswith(part)), (kind, part)


def test_it_runs_again_when_anything_relevant_changes_and_only_then(vary: Vary) -> None:
    def properties(**changes: Any) -> str:
        return json.dumps(the_check(synthesise(vary(**changes)))["Properties"], sort_keys=True)

    before = properties()

    assert properties() == before
    assert properties(log_days=7) == before
    assert properties(models={"access_check": "warn"}) != before
    assert properties(models={"participants": 40}) != before
    assert properties(models={"aliases": {"fast": ["amazon.nova-lite-v1:0"]}}, knowledge=None) != before
    assert properties(models={"cost_allocation": True}) != before


def test_it_is_told_the_models_of_the_environment(vary: Vary) -> None:
    properties = the_check(synthesise(vary()))["Properties"]

    told = candidates.from_json(properties["Candidates"])

    assert [(one.alias, one.callable_id) for one in told] == [
        ("fast", "amazon.nova-micro-v1:0"),
        ("fast", "amazon.nova-lite-v1:0"),
        ("smart", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("smart", "us.anthropic.claude-haiku-5-5"),
        ("embed", "amazon.titan-embed-text-v2:0"),
    ]
    assert told[2].anthropic_form
    assert told[2].marketplace
    assert properties["ServiceTimeout"] == "180"


def test_what_only_the_knowledge_base_calls_is_checked_like_an_alias(vary: Vary) -> None:
    knowledge = {
        "reranking": {"model": "cohere.rerank-v3-5:0", "results": 3},
        "parsing": {"strategy": "foundation_model", "model": "smart"},
    }

    told = candidates.from_json(the_check(synthesise(vary(knowledge=knowledge)))["Properties"]["Candidates"])

    assert [(one.alias, one.callable_id, one.marketplace, one.converses) for one in told[-2:]] == [
        ("knowledge.parsing.model", "us.anthropic.claude-haiku-4-5-20251001-v1:0", True, False),
        ("knowledge.reranking.model", "cohere.rerank-v3-5:0", True, False),
    ]


def test_a_model_that_is_passed_over_is_still_told_of(vary: Vary) -> None:
    config = vary(
        models={"residency": "in_region", "aliases": {"fast": ["amazon.nova-2-lite-v1:0", "amazon.nova-micro-v1:0"]}},
        knowledge=None,
    )

    first, second = candidates.from_json(the_check(synthesise(config))["Properties"]["Candidates"])

    assert (first.callable_id, second.callable_id) == ("", "amazon.nova-micro-v1:0")
    assert "amazon.nova-2-lite-v1:0" in first.obstacle


def test_switched_off_nothing_runs_but_the_function_stays(vary: Vary) -> None:
    template = synthesise(vary(models={"access_check": "off"}))

    assert not list(of_type(template, "Custom::ModelAccess"))
    assert set(template["Outputs"]) == {"ModelAccessFunction"}
    assert function(template)


def test_outputs_tell_what_was_found_and_whom_to_ask(vary: Vary) -> None:
    assert set(synthesise(vary())["Outputs"]) == {"ModelAccess", "ModelAccessFunction"}


def test_its_role_may_look_and_ask_and_accept_nothing(vary: Vary) -> None:
    template = synthesise(vary())
    (policy,) = (one["Properties"] for id_, one in of_type(template, "AWS::IAM::Policy") if id_.startswith("Access"))

    allowed = {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }

    assert {action for action, resource in allowed.items() if resource == "*"} == {
        "bedrock:GetFoundationModelAvailability",
        "bedrock:GetUseCaseForModelAccess",
        "bedrock:ListFoundationModels",
        "bedrock:ListInferenceProfiles",
        "lambda:GetAccountSettings",
        "servicequotas:GetServiceQuota",
        "servicequotas:ListServiceQuotas",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }
    assert {action for action, resource in allowed.items() if resource != "*"} == {
        "lambda:InvokeFunction",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "ssm:GetParameter",
        "ssm:PutParameter",
    }
    assert allowed["lambda:InvokeFunction"]["Fn::GetAtt"][0].startswith("InferenceFunction")
    for action in ("ssm:GetParameter", "ssm:PutParameter"):
        assert str(allowed[action]).endswith(":parameter/quarry/dev/model-access']]}")


def test_the_stack_owns_the_parameter_that_the_function_writes(vary: Vary) -> None:
    template = synthesise(vary())
    ((_, parameter),) = of_type(template, "AWS::SSM::Parameter")

    assert parameter["Properties"]["Name"] == "/quarry/dev/model-access"
    assert function(template)["Environment"]["Variables"]["PARAMETER_NAME"] == "/quarry/dev/model-access"


def test_the_function_gets_what_its_settings_class_reads(vary: Vary) -> None:
    config = vary(models={"participants": 40, "cost_allocation": True, "needed_until": date(2026, 12, 31)})
    template = synthesise(config)
    variables = function(template)["Environment"]["Variables"]
    # Names that are not known yet: a token is a whole value or stands inside the JSON.
    environ = {name: value if isinstance(value, str) else _joined(value) for name, value in variables.items()}

    settings = ModelAccessSettings.from_env(environ)

    assert (settings.environment, settings.participants, settings.needed_until) == ("dev", 40, date(2026, 12, 31))
    assert set(settings.called_as["fast"]) == {"amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0"}


def _joined(value: dict[str, Any]) -> str:
    parts = value["Fn::Join"][1] if "Fn::Join" in value else ["token"]
    return "".join(part if isinstance(part, str) else "token" for part in parts)
