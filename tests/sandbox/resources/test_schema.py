"""Properties against the registry schema: what passes, what is coerced, and CloudFormation's words for the rest."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from sandbox.resources.catalogue import CATALOGUE
from sandbox.resources.schema import InvalidPropertiesError, schema_of
from tests.sandbox.resources.examples import guardrail

_GUARDRAIL = schema_of("AWS::Bedrock::Guardrail")
_FILTER = {"Type": "HATE", "InputStrength": "LOW", "OutputStrength": "LOW"}


def _content(**changes: Any) -> dict[str, Any]:
    return guardrail(ContentPolicyConfig={"FiltersConfig": [{**_FILTER, **changes}]})


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        (guardrail(Name="a b"), "#/Name: failed validation constraint for keyword [pattern]"),
        (guardrail(Name="a" * 51), "#/Name: expected maxLength: 50, actual: 51"),
        (guardrail(Name=["a"]), "#/Name: expected type: String, found: JSONArray"),
        (guardrail(Extra=1), "#: extraneous key [Extra] is not permitted"),
        (guardrail(GuardrailId="x"), "#: extraneous key [GuardrailId] is not permitted"),
        ({"Name": "a", "BlockedInputMessaging": "b"}, "#: required key [BlockedOutputsMessaging] not found"),
        (
            _content(Type="X"),
            "#/ContentPolicyConfig/FiltersConfig/0/Type: failed validation constraint for keyword [enum]",
        ),
        (_content(Zed=1), "#/ContentPolicyConfig/FiltersConfig/0: extraneous key [Zed] is not permitted"),
        (
            guardrail(ContentPolicyConfig={"FiltersConfig": []}),
            "#/ContentPolicyConfig/FiltersConfig: expected minimum item count: 1, found: 0",
        ),
        (
            guardrail(ContextualGroundingPolicyConfig={"FiltersConfig": [{"Type": "GROUNDING", "Threshold": -1}]}),
            "#/ContextualGroundingPolicyConfig/FiltersConfig/0/Threshold: -1 is not greater or equal to 0",
        ),
    ],
)
def test_a_violation_is_worded_as_cloudformation_words_it(properties: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidPropertiesError) as refusal:
        _GUARDRAIL.validated("Guard", properties)

    assert str(refusal.value) == f"Properties validation failed for resource Guard with message: [{problem}]"


def test_every_violation_is_named() -> None:
    with pytest.raises(InvalidPropertiesError, match=r"\[#/Name: .*\], \[#/Tags"):
        _GUARDRAIL.validated("Guard", guardrail(Name="a b", Tags="no"))


def test_unicode_patterns_of_the_registry_are_understood() -> None:
    tags = [{"Key": "équipe:x", "Value": "1"}]

    schema_of("AWS::SageMaker::ModelPackageGroup").validated("G", {"ModelPackageGroupName": "g", "Tags": tags})


@pytest.mark.parametrize(
    ("given", "type_name", "path", "expected"),
    [
        ({"Dimension": "5"}, "AWS::S3Vectors::Index", "Dimension", 5),
        ({"Description": 5}, "AWS::Bedrock::Guardrail", "Description", "5"),
        ({"Description": True}, "AWS::Bedrock::Guardrail", "Description", "true"),
        ({"Dimension": "five"}, "AWS::S3Vectors::Index", "Dimension", "five"),
        ({"Dimension": True}, "AWS::S3Vectors::Index", "Dimension", True),
    ],
)
def test_scalars_are_coerced_where_nothing_is_lost(
    given: dict[str, Any], type_name: str, path: str, expected: Any
) -> None:
    assert schema_of(type_name).coerced(given) == {path: expected}


def test_coercion_reaches_nested_booleans_and_numbers() -> None:
    values = _GUARDRAIL.validated("Guard", _content(InputEnabled="true"))
    grounding = {"FiltersConfig": [{"Type": "GROUNDING", "Threshold": "0.5"}]}

    assert values["ContentPolicyConfig"]["FiltersConfig"][0]["InputEnabled"] is True
    coerced = _GUARDRAIL.coerced({"ContextualGroundingPolicyConfig": grounding})
    assert coerced["ContextualGroundingPolicyConfig"]["FiltersConfig"][0]["Threshold"] == 0.5


def test_coercion_reaches_the_members_of_a_union() -> None:
    metadata = {"VectorKnowledgeBaseConfiguration": {"EmbeddingModelArn": 5}}

    assert schema_of("AWS::Bedrock::KnowledgeBase").coerced({"KnowledgeBaseConfiguration": metadata}) == {
        "KnowledgeBaseConfiguration": {"VectorKnowledgeBaseConfiguration": {"EmbeddingModelArn": "5"}}
    }


def test_a_coerced_scalar_is_no_replacement() -> None:
    schema = schema_of("AWS::S3Vectors::Index")

    assert schema.replacing({"Dimension": "5"}, {"Dimension": 5}) == []
    assert schema.replacing({"Dimension": "5"}, {"Dimension": 6}) == ["Dimension"]


def test_nested_create_only_properties_are_found() -> None:
    schema = schema_of("AWS::Budgets::Budget")

    assert schema.replacing({"Budget": {"BudgetName": "a"}}, {"Budget": {"BudgetName": "b"}}) == ["Budget.BudgetName"]
    assert schema.replacing({"Budget": {"TimeUnit": "a"}}, {"Budget": {"TimeUnit": "b"}}) == []


def test_identifiers_join_and_split() -> None:
    schema = schema_of("AWS::Bedrock::DataSource")
    model = {"KnowledgeBaseId": "K", "DataSourceId": "D", "Name": "n"}

    assert schema.physical_id(model) == "K|D"
    assert schema.identity("K|D") == {"KnowledgeBaseId": "K", "DataSourceId": "D"}
    with pytest.raises(ValueError, match="zip"):
        schema.identity("K")


def test_a_name_is_custom_only_when_a_template_gives_all_of_it() -> None:
    assert schema_of("AWS::SageMaker::Pipeline").custom_name == ("PipelineName",)
    assert schema_of("AWS::OpenSearchServerless::Index").custom_name == ("IndexName", "CollectionEndpoint")
    assert _GUARDRAIL.custom_name == ()


def test_tags() -> None:
    assert schema_of("AWS::Budgets::Budget").tag_property == "ResourceTags"
    assert schema_of("AWS::Bedrock::GuardrailVersion").tag_property is None
    assert schema_of("AWS::Bedrock::Prompt").tags_are_a_map
    assert not _GUARDRAIL.tags_are_a_map
    assert not schema_of("AWS::SageMaker::Domain").takes_system_tags


@pytest.mark.parametrize("type_name", [row.type_name for row in CATALOGUE])
def test_a_schema_is_the_one_that_cfn_lint_goes_by(type_name: str) -> None:
    assert schema_of(type_name).document == PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_name).schema


def test_an_unknown_type_has_none() -> None:
    with pytest.raises(LookupError):
        schema_of("AWS::Nobody::Knows")


def test_a_server_starts_without_what_takes_half_of_its_start() -> None:
    code = """\
import sys
from sandbox.resources import registration

registration.register()
print(sorted({"cfnlint", "sympy", "networkx"} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
