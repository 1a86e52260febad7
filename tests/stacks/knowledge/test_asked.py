"""The knowledge base as the endpoint and the command line find it."""

from typing import Any

import pytest
from aws_cdk.assertions import Template

from configuration.config import Config
from configuration.environment_file import load
from lambdas.api.settings import InferenceSettings
from lambdas.knowledge.settings import LONGEST_PASSAGE, KnowledgeSettings
from stacks.components.environment_stack import EnvironmentStack
from stacks.knowledge.asked import asked_knowledge
from stacks.platform import Platform
from tests import templates as environments
from tests.policy import rules
from tests.stacks.knowledge.variants import allowed, config, flat, properties, references, the
from tests.templates import new_app
from tests.varying import Vary

BASE = "AWS::Bedrock::KnowledgeBase"


def test_outputs_are_what_the_command_line_looks_for() -> None:
    assert set(environments.of_environment("dev")["Knowledge"]["Outputs"]) == {
        "DataBucket",
        "DataSourceId",
        "DocumentsPrefix",
        "IngestionQueueUrl",
        "IngestionStateMachineArn",
        "IngestionTopicArn",
        "KnowledgeBaseId",
    }


def inference(template: dict[str, Any]) -> list[KnowledgeSettings | None]:
    """Return what the functions that are told of knowledge are told, as they read it."""
    told = [function["Environment"]["Variables"] for _, function in rules.of_type(template, "AWS::Lambda::Function")]
    return [
        InferenceSettings.from_env({name: flat(value) for name, value in variables.items()}).knowledge
        for variables in told
        if "KNOWLEDGE" in variables
    ]


def test_the_inference_functions_read_the_id_and_may_search_that_base_and_what_takes_its_place_only() -> None:
    stacks = environments.of_environment("dev")
    asked = inference(stacks["Inference"])
    parameter = next(iter(references(properties(stacks["Knowledge"], "AWS::SSM::Parameter")["Value"])))

    assert parameter == the(stacks["Knowledge"], BASE)
    assert len(asked) == 2
    for settings in asked:
        assert settings
        assert (settings.alias, settings.results, settings.search, settings.score_threshold) == (
            "fast",
            5,
            "semantic",
            0.4,
        )
        assert settings.metadata == {"department": "string", "year": "number", "public": "boolean"}
        assert settings.passage_tokens == 300
        # What takes its place is heard of without a deployment.
        assert settings.parameter == "/quarry/dev/knowledge/id"
    for role in ("InferenceRole", "ChatRole"):
        known, later = (
            statement
            for id_, policy in rules.of_type(stacks["Inference"], "AWS::IAM::Policy")
            if id_.startswith(role)
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Action"] == "bedrock:Retrieve"
        )
        assert "SsmParameterValuequarrydevknowledgeid" in str(known["Resource"])
        assert "Condition" not in known
        assert flat(later["Resource"]).endswith(":knowledge-base/*")
        assert later["Condition"] == {"StringEquals": {"aws:ResourceTag/quarry:environment": "dev"}}
        assert ":parameter/quarry/dev/knowledge/id" in allowed(stacks["Inference"], role)["ssm:GetParameter"]
    assert "Export" not in str(stacks["Knowledge"]["Outputs"])


def a_stack(config: Config) -> EnvironmentStack:
    return EnvironmentStack(new_app(), "Inference", config=config, account=None, description="A test")


def test_what_reranks_and_how_long_passages_are_is_told_too() -> None:
    settings = asked_knowledge(a_stack(config("S3-extras")))

    assert settings
    assert settings.reranking
    assert settings.reranking.model_arn == "arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0"
    assert (settings.reranking.results, settings.passage_tokens) == (3, 250)


@pytest.mark.parametrize(
    ("name", "tokens"), [("OpenSearch", 300), ("S3-hierarchical", 1200), ("S3-none", LONGEST_PASSAGE)]
)
def test_passages_are_as_long_as_documents_are_cut(name: str, tokens: int) -> None:
    settings = asked_knowledge(a_stack(config(name)))

    assert settings
    assert settings.passage_tokens == tokens


def test_without_the_section_there_is_no_stack_no_right_and_no_setting(vary: Vary) -> None:
    without = vary(knowledge=None)
    app = new_app()

    platform = Platform(app, config=without, account=None, prompts=[])
    template = dict(Template.from_stack(platform.inference).to_json())

    assert platform.knowledge is None
    assert inference(template) == [None, None]
    assert "bedrock:Retrieve" not in allowed(template, "")
    paths = {r["PathPart"] for _, r in rules.of_type(template, "AWS::ApiGateway::Resource")}
    assert {"knowledge", "query", "retrieve"} <= paths


def test_the_sandbox_waits_for_nothing_that_does_not_spread() -> None:
    knowledge = load("sandbox").knowledge

    assert knowledge
    assert knowledge.propagation_seconds == 1
    assert knowledge.ingestion.quiet_seconds <= 2
