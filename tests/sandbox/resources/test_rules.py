"""Each rule of AWS's own, shown refusing through the CloudFormation engine; the examples show them all passing."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from ministack.services.cloudformation import provisioners

from sandbox.resources import rules
from sandbox.resources.rules import RefusedError
from sandbox.resources.service_api import ApiError
from tests.sandbox.resources import engine
from tests.sandbox.resources.examples import (
    ENCRYPTION_POLICY,
    ROLE,
    TEMPLATE,
    Properties,
    Template,
    data_policy,
    guardrail,
    knowledge_base,
    search_mappings,
    search_storage,
    vectors_storage,
)

_SEARCH = ("Encryption", "Network", "Access", "Collection", "SearchIndex", "KnowledgeBase", "DataSource")
_FILTER = {"Type": "HATE", "InputStrength": "LOW", "OutputStrength": "LOW"}
_OTHER = f"{ROLE}-other"


def _some(*logical_ids: str, **changes: Properties) -> Template:
    template = {name: copy.deepcopy(TEMPLATE[name]) for name in logical_ids}
    for name, properties in changes.items():
        template[name]["Properties"].update(properties)
    return template


def _refusal(template: Template) -> str:
    assert engine.deploy(template) == "ROLLBACK_COMPLETE"
    return engine.reasons()[0]


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        (guardrail(ContentPolicyConfig=None), "Guardrail must have at least one policy"),
        (
            guardrail(ContentPolicyConfig={"FiltersConfig": [{**_FILTER, "Type": "PROMPT_ATTACK"}]}),
            "PROMPT ATTACK content filter strength for response must be NONE",
        ),
        (
            guardrail(
                ContentPolicyConfig={
                    "FiltersConfig": [_FILTER],
                    "ContentFiltersTierConfig": {"TierName": "STANDARD"},
                }
            ),
            "Enable cross-Region inference",
        ),
        (
            guardrail(WordPolicyConfig={"WordsConfig": [{"Text": "Nut"}, {"Text": "nut"}]}),
            "Custom words cannot have case-insensitive duplicates",
        ),
    ],
)
def test_a_guardrail_is_refused(properties: Properties, words: str) -> None:
    given = {name: value for name, value in properties.items() if value is not None}

    assert words in _refusal({"Guardrail": {"Type": "AWS::Bedrock::Guardrail", "Properties": given}})


def test_a_guardrail_update_is_refused_too() -> None:
    engine.deploy(_some("Guardrail"))
    attack = {"FiltersConfig": [{**_FILTER, "Type": "PROMPT_ATTACK"}]}

    status = engine.deploy(_some("Guardrail", Guardrail={"ContentPolicyConfig": attack}))

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert "PROMPT ATTACK" in engine.reasons()[0]


def test_a_version_of_an_unknown_guardrail_is_refused() -> None:
    template = _some("GuardrailVersion", GuardrailVersion={"GuardrailIdentifier": "absent"})

    assert "Guardrail absent not found" in _refusal(template)


def test_a_default_variant_must_exist() -> None:
    assert "Default variant must be present" in _refusal(_some("Prompt", Prompt={"DefaultVariant": "absent"}))


def test_a_flow_has_one_definition() -> None:
    definition: Properties = {"Nodes": [], "Connections": []}

    assert "only specify one of" in _refusal(_some("Flow", Flow={"Definition": definition}))


def test_an_inference_profile_needs_a_source() -> None:
    template = _some("Profile")
    del template["Profile"]["Properties"]["ModelSource"]

    assert "ModelSource is required" in _refusal(template)


def test_a_collection_without_an_encryption_policy_is_refused() -> None:
    collection = {"Type": "AWS::OpenSearchServerless::Collection", "Properties": {"Name": "lonely"}}

    assert "No matching security policy of encryption type found" in _refusal({"Collection": collection})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"Access": {"Policy": data_policy(ROLE, resource="index/other/*")}},
            "Access denied for operation 'CreateIndex'",
        ),
        ({"SearchIndex": {"CollectionEndpoint": "https://absent"}}, "No ACTIVE collection answers at https://absent"),
        ({"SearchIndex": {"Settings": {"Index": {"Knn": False}}}}, "when index.knn setting is false"),
        ({"SearchIndex": {"IndexName": "others"}}, "no such index [documents]"),
        ({"SearchIndex": {"Mappings": search_mappings(512)}}, "has dimension 512, the embedding model gives 1024"),
        ({"SearchIndex": {"Mappings": search_mappings(engine="nmslib")}}, "must be faiss"),
        ({"KnowledgeBase": {"RoleArn": _OTHER}}, "403 Forbidden"),
        ({"SearchIndex": {"Mappings": {"Properties": {"vector": {"Type": "text"}}}}}, "vector is not a knn_vector"),
    ],
)
def test_a_search_index_or_its_knowledge_base_is_refused(changes: dict[str, Properties], words: str) -> None:
    assert words in _refusal(_some(*_SEARCH, **changes))


def test_a_data_source_name_is_unique_in_its_knowledge_base() -> None:
    template = _some(*_SEARCH)
    template["Second"] = {**template["DataSource"], "DependsOn": ["DataSource"]}

    assert "DataSource with name files already exists" in _refusal(template)


def test_a_knowledge_base_name_is_unique() -> None:
    template = _some(*_SEARCH)
    template["Second"] = {**template["KnowledgeBase"], "DependsOn": ["KnowledgeBase"]}

    assert "KnowledgeBase with name base already exists" in _refusal(template)


def test_a_collection_of_another_account_is_no_store() -> None:
    arn = "arn:aws:aoss:us-east-1:000000000000:collection/absent"
    base = {"Type": "AWS::Bedrock::KnowledgeBase", "Properties": knowledge_base(search_storage(arn))}

    assert f"the collection {arn} does not exist" in _refusal({"KnowledgeBase": base})


def test_an_s3_vector_index_must_exist_for_a_knowledge_base() -> None:
    arn = "arn:aws:s3vectors:us-east-1:000000000000:bucket/one/index/two"
    base = {"Type": "AWS::Bedrock::KnowledgeBase", "Properties": knowledge_base(vectors_storage(arn))}

    assert f"no such index [{arn}]" in _refusal({"KnowledgeBase": base})


def test_an_s3_vector_index_has_the_embedding_dimension() -> None:
    template = _some("VectorBucket", "VectorIndex", "CheapKnowledgeBase", VectorIndex={"Dimension": 256})

    assert "has dimension 256, the embedding model gives 1024" in _refusal(template)


def test_an_s3_vector_index_needs_its_bucket() -> None:
    template = _some(
        "VectorIndex", VectorIndex={"VectorBucketArn": "arn:aws:s3vectors:us-east-1:000000000000:bucket/absent"}
    )

    assert "The specified vector bucket could not be found" in _refusal(template)


@pytest.mark.parametrize("logical_id", ["UserProfile", "Space"])
def test_a_profile_or_space_needs_its_domain(logical_id: str) -> None:
    template = _some(logical_id, **{logical_id: {"DomainId": "d-absent"}})
    template[logical_id].pop("DependsOn", None)

    assert "Domain [d-absent] does not exist" in _refusal(template)


def test_a_space_needs_the_profile_that_owns_it() -> None:
    template = _some("Domain", "Space")
    del template["Space"]["DependsOn"]

    assert "UserProfile [ann] does not exist" in _refusal(template)


@pytest.mark.parametrize(
    ("logical_ids", "victim", "words"),
    [
        (("VectorBucket", "VectorIndex"), "VectorBucket", "The specified vector bucket is not empty"),
        (("Domain", "UserProfile"), "Domain", "UserProfile(s) are associated with it."),
        (("Domain", "UserProfile", "Space"), "Domain", "Space(s) are associated with it."),
        (("Domain", "UserProfile", "Space"), "UserProfile", "Space(s) are associated with it."),
        (_SEARCH, "KnowledgeBase", "still has data sources: files"),
    ],
)
def test_a_delete_out_of_order_is_refused(logical_ids: tuple[str, ...], victim: str, words: str) -> None:
    engine.deploy(_some(*logical_ids))

    with pytest.raises((RefusedError, ApiError), match=re.escape(words)):
        _delete(victim)

    assert engine.destroy() == "DELETE_COMPLETE", engine.reasons()


@pytest.mark.parametrize("missing", ["SearchIndex", "Access", "Collection"])
def test_a_data_source_that_deletes_needs_its_vector_store(missing: str) -> None:
    engine.deploy(_some(*_SEARCH))
    _delete(missing)

    with pytest.raises(RefusedError, match="Unable to delete data from vector store"):
        _delete("DataSource")


def test_a_data_source_that_retains_needs_no_vector_store() -> None:
    engine.deploy(_some(*_SEARCH, DataSource={"DataDeletionPolicy": "RETAIN"}))
    _delete("SearchIndex")

    _delete("DataSource")

    assert engine.destroy() == "DELETE_COMPLETE", engine.reasons()


def test_an_index_needs_access_to_be_updated_and_deleted() -> None:
    engine.deploy(_some(*_SEARCH))
    _delete("Access")

    with pytest.raises(RefusedError, match="Access denied for operation 'DeleteIndex'"):
        _delete("SearchIndex")
    changed = _some(*_SEARCH, SearchIndex={"Settings": {"Index": {"Knn": True, "RefreshInterval": "9s"}}})
    assert engine.deploy(changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert "Access denied for operation 'UpdateIndex'" in engine.reasons()[0]


def test_encryption_policies_may_not_claim_one_pattern_twice() -> None:
    template = _some("Encryption")
    second = {"Name": "second", "Type": "encryption", "Policy": json.dumps(ENCRYPTION_POLICY)}
    template["Second"] = {**template["Encryption"], "Properties": second, "DependsOn": ["Encryption"]}

    assert "is already used in" in _refusal(template)


def _delete(logical_id: str) -> Any:
    properties = TEMPLATE[logical_id]["Properties"]
    return provisioners._delete_resource(TEMPLATE[logical_id]["Type"], engine.physical_id(logical_id), properties)


def test_a_region_without_prompt_management_knows_no_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "get_region", lambda: "us-west-1")

    assert "Unrecognized resource types: [AWS::Bedrock::Prompt]" in _refusal(_some("Prompt"))
