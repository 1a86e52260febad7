"""Types whose service MiniStack has: what reaches the service, what comes back, and what a refusal looks like."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from ministack.core.responses import request_scope
from ministack.services import bedrock, bedrock_agent, budgets

from sandbox.resources.service_api import ApiError, call, operation_model
from sandbox.resources.translation import UntranslatableError, to_parameters
from tests.sandbox.resources import engine
from tests.sandbox.resources.examples import TEMPLATE, Template, get, guardrail

_CREATE_GUARDRAIL = operation_model("bedrock", "CreateGuardrail").input_shape


def _guardrail(**changes: Any) -> Template:
    return {"Guardrail": {"Type": "AWS::Bedrock::Guardrail", "Properties": guardrail(**changes)}}


def test_names_are_translated_by_the_shape_and_renamed_by_the_row() -> None:
    assert _CREATE_GUARDRAIL is not None
    arn = "arn:aws:bedrock:us-east-1:000000000000:guardrail-profile/us.guardrail.v1:0"
    properties = {"KmsKeyArn": "k", "CrossRegionConfig": {"GuardrailProfileArn": arn}}
    renames = {"KmsKeyArn": "kmsKeyId", "CrossRegionConfig.GuardrailProfileArn": "guardrailProfileIdentifier"}

    assert to_parameters(properties, _CREATE_GUARDRAIL, renames) == {
        "kmsKeyId": "k",
        "crossRegionConfig": {"guardrailProfileIdentifier": arn},
    }


def test_a_property_without_a_counterpart_is_refused_by_name() -> None:
    assert _CREATE_GUARDRAIL is not None
    with pytest.raises(
        UntranslatableError, match=r"TopicPolicyConfig\.Zed has no counterpart in GuardrailTopicPolicyConfig"
    ):
        to_parameters({"TopicPolicyConfig": {"Zed": 1}}, _CREATE_GUARDRAIL, {})


def test_documents_keep_their_keys_and_numbers_become_text_where_the_api_wants_text() -> None:
    prompt, budget = (operation_model(*each).input_shape for each in _SHAPES)
    assert prompt is not None
    assert budget is not None
    variant = {"Name": "a", "AdditionalModelRequestFields": {"TopK": {"Deep": 1}}}

    variants = to_parameters({"Variants": [variant]}, prompt, {})["variants"]
    amount = to_parameters({"Budget": {"BudgetLimit": {"Amount": 12.5, "Unit": "USD"}}}, budget, {})

    assert variants == [{"name": "a", "additionalModelRequestFields": {"TopK": {"Deep": 1}}}]
    assert amount["Budget"]["BudgetLimit"] == {"Amount": "12.5", "Unit": "USD"}


_SHAPES = (("bedrock-agent", "CreatePrompt"), ("budgets", "CreateBudget"))


def test_botocore_validates_the_parameters() -> None:
    with pytest.raises(ParamValidationError):
        call("bedrock", "CreateGuardrail", {"name": 5})


def test_an_error_reply_carries_its_code_and_message() -> None:
    with pytest.raises(ApiError, match=r"Guardrail absent not found.*HandlerErrorCode: ResourceNotFound") as refusal:
        call("bedrock", "GetGuardrail", {"guardrailIdentifier": "absent"})

    assert refusal.value.is_not_found


def test_a_refusal_of_the_service_fails_the_resource() -> None:
    engine.deploy(_guardrail(), stack="first")

    assert engine.deploy(_guardrail(), stack="second") == "ROLLBACK_COMPLETE"

    assert "already exists" in engine.reasons("second")[0]
    assert "HandlerErrorCode: ConflictException" in engine.reasons("second")[0]


def test_a_call_acts_in_the_account_and_region_of_its_request() -> None:
    with request_scope("111122223333", "eu-west-1"):
        engine.deploy(_guardrail())
        arn = engine.physical_id("Guardrail")

        assert arn.startswith("arn:aws:bedrock:eu-west-1:111122223333:guardrail/")
    assert list(bedrock._guardrails.keys()) == []


def test_a_guardrail_update_is_in_place_and_replaces_every_policy() -> None:
    engine.deploy(_guardrail(WordPolicyConfig={"WordsConfig": [{"Text": "nut"}]}, Description="old"))
    identifier = engine.attributes("Guardrail")["GuardrailId"]
    stronger = {"FiltersConfig": [{"Type": "HATE", "InputStrength": "HIGH", "OutputStrength": "LOW"}]}

    assert engine.deploy(_guardrail(ContentPolicyConfig=stronger)) == "UPDATE_COMPLETE", engine.reasons()

    found = call("bedrock", "GetGuardrail", {"guardrailIdentifier": identifier})
    assert found["contentPolicy"]["filters"][0]["inputStrength"] == "HIGH"
    assert "wordPolicy" not in found
    assert found["description"] == ""


def test_deleting_a_guardrail_deletes_its_versions_and_a_version_only_itself() -> None:
    both = {name: TEMPLATE[name] for name in ("Guardrail", "GuardrailVersion")}
    engine.deploy(both)

    assert engine.deploy({"Guardrail": TEMPLATE["Guardrail"]}) == "UPDATE_COMPLETE", engine.reasons()
    assert (len(bedrock._guardrails), len(bedrock._guardrail_versions)) == (1, 0)

    call("bedrock", "CreateGuardrailVersion", {"guardrailIdentifier": engine.physical_id("Guardrail")})
    engine.destroy()
    assert (len(bedrock._guardrails), len(bedrock._guardrail_versions)) == (0, 0)


def test_a_version_keeps_what_it_was_made_of() -> None:
    names = ("Prompt", "PromptVersion", "Flow", "FlowVersion", "Guardrail", "GuardrailVersion")
    template = copy.deepcopy({name: TEMPLATE[name] for name in names})
    engine.deploy(template)
    for name in ("Prompt", "Flow", "Guardrail"):
        template[name]["Properties"]["Description"] = "later"
    assert engine.deploy(template) == "UPDATE_COMPLETE", engine.reasons()

    versions = (bedrock_agent._prompt_versions, bedrock_agent._flow_versions, bedrock._guardrail_versions)
    drafts = (bedrock_agent._prompts, bedrock_agent._flows, bedrock._guardrails)
    assert [[record["Description"] for record in store.values()] for store in versions] == [[""], [""], ["one"]]
    assert [[record["Description"] for record in store.values()] for store in drafts] == [["later"]] * 3


def test_a_flow_definition_is_substituted_and_prepared() -> None:
    engine.deploy({"Flow": TEMPLATE["Flow"]})

    (flow,) = bedrock_agent._flows.values()
    assert flow["Definition"]["nodes"][1]["inputs"][0]["type"] == "String"
    assert engine.attributes("Flow")["Status"] == "Prepared"


def test_a_flow_definition_that_is_no_json_is_refused() -> None:
    flow = copy.deepcopy(TEMPLATE["Flow"])
    flow["Properties"]["DefinitionString"] = "{"

    assert engine.deploy({"Flow": flow}) == "ROLLBACK_COMPLETE"

    assert "Could not parse DefinitionString" in engine.reasons()[0]


def test_a_data_source_deletes_its_data_by_default() -> None:
    engine.deploy(TEMPLATE)

    assert [record["DataDeletionPolicy"] for record in bedrock_agent._data_sources.values()] == ["DELETE"]


def test_a_budget_update_changes_the_budget_it_names() -> None:
    template = {"Budget": copy.deepcopy(TEMPLATE["Budget"])}
    engine.deploy(template)
    template["Budget"]["Properties"]["Budget"]["BudgetLimit"]["Amount"] = 200

    assert engine.deploy(template) == "UPDATE_COMPLETE", engine.reasons()

    assert [record["BudgetLimit"]["Amount"] for record in budgets._budgets.values()] == ["200"]
    assert list(budgets._budgets.keys()) == [engine.physical_id("Budget")]


def test_tags_of_an_update_are_added_and_removed() -> None:
    template = {"Profile": copy.deepcopy(TEMPLATE["Profile"])}
    engine.deploy(template)
    arn = engine.physical_id("Profile")
    template["Profile"]["Properties"]["Tags"] = [{"Key": "b", "Value": "2"}]

    assert engine.deploy(template) == "UPDATE_COMPLETE", engine.reasons()

    own = {key: value for key, value in bedrock._tags[arn].items() if not key.startswith("aws:")}
    assert own == {"b": "2"}


def test_an_arn_is_taken_where_an_identifier_is() -> None:
    engine.deploy({name: TEMPLATE[name] for name in ("Prompt", "Guardrail")}, {"Arn": get("Prompt", "Arn")})

    prompt = call("bedrock-agent", "GetPrompt", {"promptIdentifier": engine.outputs()["Arn"]})
    tags = call("bedrock-agent", "ListTagsForResource", {"resourceArn": engine.outputs()["Arn"]})

    assert prompt["name"] == "greet"
    assert tags["tags"]["aws:cloudformation:stack-name"] == engine.STACK


def test_a_resource_that_cannot_be_read_after_its_creation_is_not_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bedrock, "_get_guardrail", lambda *_: bedrock._validation("out of order"))

    assert engine.deploy(_guardrail()) == "ROLLBACK_COMPLETE"

    assert "out of order" in engine.reasons()[0]
    assert list(bedrock._guardrails.keys()) == []
