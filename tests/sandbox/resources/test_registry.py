"""Every covered type, through MiniStack's own CloudFormation engine: create, GetAtt, update in place, delete."""

from __future__ import annotations

import copy

import pytest
from ministack.services import bedrock, bedrock_agent, budgets, cloudformation, opensearchserverless
from ministack.services.cloudformation import provisioners

from sandbox.resources import records, register
from sandbox.resources.catalogue import CATALOGUE
from sandbox.resources.schema import schema_of
from tests.sandbox.resources import engine
from tests.sandbox.resources.examples import EXAMPLES, TEMPLATE, Example, Template, get, guardrail

_STORES = (
    bedrock._guardrails,
    bedrock._guardrail_versions,
    bedrock._inference_profiles_apps,
    bedrock._tags,
    bedrock_agent._knowledge_bases,
    bedrock_agent._data_sources,
    bedrock_agent._prompts,
    bedrock_agent._prompt_versions,
    bedrock_agent._flows,
    bedrock_agent._flow_versions,
    bedrock_agent._flow_aliases,
    budgets._budgets,
    opensearchserverless._collections,
    opensearchserverless._security_policies,
    opensearchserverless._access_policies,
)


def _with(logical_id: str, changes: dict[str, object]) -> Template:
    template = copy.deepcopy(TEMPLATE)
    template[logical_id]["Properties"].update(changes)
    return template


def test_every_type_has_an_example_and_every_example_a_type() -> None:
    exercised = {TEMPLATE[example.logical_id]["Type"] for example in EXAMPLES}

    assert exercised == {row.type_name for row in CATALOGUE}


def test_every_type_is_created_and_destroyed_with_nothing_left() -> None:
    assert engine.deploy(TEMPLATE) == "CREATE_COMPLETE", engine.reasons()
    kept = {row.type_name for row in CATALOGUE} & records().keys()

    assert engine.destroy() == "DELETE_COMPLETE", engine.reasons()

    assert kept, "no type was recorded"
    assert records() == {}
    assert [list(store.keys()) for store in _STORES if list(store.keys())] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.logical_id)
def test_get_att_answers_and_an_update_keeps_the_resource(example: Example) -> None:
    outputs = {name: get(example.logical_id, name) for name in example.attributes if name != "FailureReasons"}
    assert engine.deploy(TEMPLATE, outputs) == "CREATE_COMPLETE", engine.reasons()
    before, answered = engine.physical_id(example.logical_id), engine.attributes(example.logical_id)
    assert set(example.attributes) <= answered.keys()
    assert all(engine.outputs().values())

    if example.changes:
        assert engine.deploy(_with(example.logical_id, example.changes)) == "UPDATE_COMPLETE", engine.reasons()
        assert engine.physical_id(example.logical_id) == before

    assert engine.destroy() == "DELETE_COMPLETE", engine.reasons()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.logical_id)
def test_deleting_what_is_gone_succeeds(example: Example) -> None:
    resource = TEMPLATE[example.logical_id]
    engine.deploy(TEMPLATE)
    identifier = engine.physical_id(example.logical_id)
    engine.destroy()

    provisioners._delete_resource(resource["Type"], identifier, resource["Properties"])


def test_ref_is_the_primary_identifier() -> None:
    engine.deploy(TEMPLATE)

    assert engine.physical_id("Guardrail") == engine.attributes("Guardrail")["GuardrailArn"]
    version = engine.attributes("GuardrailVersion")
    assert engine.physical_id("GuardrailVersion") == f"{version['GuardrailId']}|1"
    assert engine.physical_id("UserProfile") == f"ann|{engine.physical_id('Domain')}"


def test_an_unknown_attribute_fails_the_stack() -> None:
    status = engine.deploy({"Guardrail": TEMPLATE["Guardrail"]}, {"Bad": get("Guardrail", "Nope")})

    assert status == "ROLLBACK_COMPLETE"
    assert list(bedrock._guardrails.keys()) == []


def test_a_create_only_change_replaces_and_deletes_the_predecessor() -> None:
    engine.deploy(TEMPLATE)
    template = _with("GuardrailVersion", {"Description": "two"})

    assert engine.deploy(template) == "UPDATE_COMPLETE", engine.reasons()

    assert engine.attributes("GuardrailVersion")["Version"] == "2"
    assert [key.split("/")[1] for key in bedrock._guardrail_versions.keys()] == ["2"]  # noqa: SIM118 - not a dict


def test_a_nested_create_only_change_replaces() -> None:
    engine.deploy({"Budget": TEMPLATE["Budget"]})
    renamed = copy.deepcopy(TEMPLATE["Budget"])
    renamed["Properties"]["Budget"]["BudgetName"] = "other"

    assert engine.deploy({"Budget": renamed}) == "UPDATE_COMPLETE", engine.reasons()

    assert list(budgets._budgets.keys()) == ["other"]


def test_a_custom_named_resource_is_not_replaced() -> None:
    engine.deploy({"LifecycleConfig": TEMPLATE["LifecycleConfig"]})
    changed = copy.deepcopy(TEMPLATE["LifecycleConfig"])
    changed["Properties"]["StudioLifecycleConfigContent"] = "ZWNobyAy"

    assert engine.deploy({"LifecycleConfig": changed}) == "UPDATE_ROLLBACK_COMPLETE"

    assert "CloudFormation cannot update a stack when a custom-named resource requires replacing" in engine.reasons()[0]


def test_a_failed_update_rolls_back_to_what_was() -> None:
    engine.deploy({"Guardrail": TEMPLATE["Guardrail"]})
    changed = {"Type": "AWS::Bedrock::Guardrail", "Properties": guardrail(Description="new")}
    broken = {"Type": "AWS::Bedrock::Prompt", "Properties": {"Name": "x"}, "DependsOn": ["Guardrail"]}
    broken["Properties"] = {"Name": "x", "DefaultVariant": "absent"}

    assert engine.deploy({"Guardrail": changed, "Prompt": broken}) == "UPDATE_ROLLBACK_COMPLETE"

    assert [record["Description"] for record in bedrock._guardrails.values()] == [""]


def test_stack_tags_reach_the_resource_and_follow_an_update() -> None:
    only = {"Guardrail": TEMPLATE["Guardrail"]}
    engine.deploy(only, team="a")
    arn = engine.physical_id("Guardrail")
    assert bedrock._tags[arn]["team"] == "a"
    assert bedrock._tags[arn]["aws:cloudformation:logical-id"] == "Guardrail"

    assert engine.deploy(only, team="b", cost="c") == "UPDATE_COMPLETE", engine.reasons()

    assert {"team": "b", "cost": "c"}.items() <= bedrock._tags[arn].items()


def test_registering_twice_changes_nothing() -> None:
    before = dict(provisioners._RESOURCE_HANDLERS)

    register()

    assert before == provisioners._RESOURCE_HANDLERS


def test_records_survive_being_saved_and_go_with_a_reset() -> None:
    engine.deploy({"ModelPackageGroup": TEMPLATE["ModelPackageGroup"]})
    state = cloudformation.get_state()
    before = records()

    cloudformation.reset()
    assert records() == {}
    cloudformation.load_persisted_state(state)

    assert records() == before != {}


def test_physical_ids_can_be_imported() -> None:
    engine.deploy({"Guardrail": TEMPLATE["Guardrail"]})
    arn = engine.physical_id("Guardrail")

    imported, attributes = provisioners._import_resource("AWS::Bedrock::Guardrail", {"GuardrailArn": arn})

    assert imported == arn
    assert attributes["GuardrailId"] in arn


def test_engine_tables_follow_the_schema() -> None:
    schema = schema_of("AWS::Bedrock::KnowledgeBase")

    assert provisioners._REPLACING_PROPERTIES[schema.type_name] == ("StorageConfiguration",)
    assert provisioners._CONDITIONALLY_REPLACING_PROPERTIES[schema.type_name] == ("KnowledgeBaseConfiguration",)
    assert provisioners._STACK_TAG_PROPERTY[schema.type_name] == ("Tags", "map")
