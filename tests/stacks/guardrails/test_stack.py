"""The guardrail stack: an immutable version per policy, and its address for other stacks."""

from collections.abc import Mapping
from typing import Any

import yaml
from aws_cdk.assertions import Match, Template

from configuration.config import Config
from configuration.environment_file import PROJECT, load
from configuration.guardrail import GuardrailPolicy
from stacks.guardrails.stack import GuardrailsStack
from tests import templates
from tests.varying import Vary


def versions(template: Mapping[str, Any]) -> list[str]:
    return [id_ for id_, resource in template["Resources"].items() if resource["Type"].endswith("GuardrailVersion")]


def test_the_policy_reaches_the_guardrail() -> None:
    templates.template("dev", "Guardrails").has_resource_properties(
        "AWS::Bedrock::Guardrail",
        {
            "Name": "quarry-dev-guardrail",
            "ContentPolicyConfig": {
                "FiltersConfig": Match.array_with(
                    [{"Type": "PROMPT_ATTACK", "InputStrength": "HIGH", "OutputStrength": "NONE"}]
                )
            },
            "WordPolicyConfig": {"ManagedWordListsConfig": [{"Type": "PROFANITY"}]},
            "SensitiveInformationPolicyConfig": {
                "PiiEntitiesConfig": Match.array_with([{"Type": "EMAIL", "Action": "ANONYMIZE"}])
            },
        },
    )


def alone(config: Config) -> Template:
    """Return the template of this stack, for which the others need not be synthesised."""
    return Template.from_stack(GuardrailsStack(templates.new_app(), "Guardrails", config=config, account=None))


def test_a_changed_policy_makes_a_new_version_and_keeps_the_old_one(vary: Vary) -> None:
    document = yaml.safe_load((PROJECT / "guardrails" / "default.yaml").read_text(encoding="utf-8"))
    changed = GuardrailPolicy.model_validate({**document, "prompt_attack": "low"})

    before = templates.of_environment("dev")["Guardrails"]
    after = alone(vary(guardrail=changed.model_dump())).to_json()

    assert versions(before) != versions(after)
    assert before["Resources"][versions(before)[0]]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert before["Resources"][versions(before)[0]]["UpdateReplacePolicy"] == "Retain"


def test_room_is_made_before_a_version_is_published_whenever_the_policy_changes() -> None:
    template = templates.of_environment("dev")["Guardrails"]["Resources"]
    (version,) = [one for one in template.values() if one["Type"] == "AWS::Bedrock::GuardrailVersion"]
    (pruning,) = [one for one in template.values() if one["Type"] == "Custom::QuarryGuardrailPruning"]

    assert "Pruning" in version["DependsOn"]
    assert pruning["Properties"]["Pins"] == "/quarry/dev/guardrail/pins"
    assert version["Properties"]["Description"] == f"Policy {pruning['Properties']['Policy']}"


def test_empty_parts_are_left_out(vary: Vary) -> None:
    policy = load("dev").guardrail.model_dump() | {"words": {"profanity": False}, "pii": {}, "patterns": []}

    guardrail = alone(vary(guardrail=policy)).to_json()["Resources"]["Guardrail"]

    assert "WordPolicyConfig" not in guardrail["Properties"]
    assert "SensitiveInformationPolicyConfig" not in guardrail["Properties"]


def test_grounding_is_asked_for_where_the_policy_says_how_well(vary: Vary) -> None:
    policy = {**load("dev").guardrail.model_dump(), "grounding": {"grounding": 0.7, "relevance": 0}}

    alone(vary(guardrail=policy)).has_resource_properties(
        "AWS::Bedrock::Guardrail",
        {
            "ContextualGroundingPolicyConfig": {
                "FiltersConfig": [{"Type": "GROUNDING", "Threshold": 0.7}, {"Type": "RELEVANCE", "Threshold": 0}]
            }
        },
    )
    assert "ContextualGroundingPolicyConfig" not in str(templates.of_environment("dev")["Guardrails"])


def test_other_stacks_find_it_by_parameter_and_nothing_is_exported() -> None:
    stacks = templates.of_environment("dev")

    assert "Export" not in str(stacks["Guardrails"].get("Outputs", {}))
    names = {
        resource["Properties"]["Name"]
        for resource in stacks["Guardrails"]["Resources"].values()
        if resource["Type"] == "AWS::SSM::Parameter"
    }
    read = {
        parameter["Default"]
        for parameter in stacks["Inference"]["Parameters"].values()
        if parameter["Default"].startswith("/quarry/dev/guardrail")
    }
    assert names == read == {"/quarry/dev/guardrail/id", "/quarry/dev/guardrail/version"}
