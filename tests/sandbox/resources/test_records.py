"""Types without an API: what is kept, what Fn::GetAtt answers, and who sees it."""

from __future__ import annotations

import copy

from ministack.core.responses import request_scope

from sandbox.resources import record_store, records
from sandbox.resources.record_store import of_type
from sandbox.resources.service_api import call
from tests.sandbox.resources import engine
from tests.sandbox.resources.examples import ROLE, TEMPLATE, Template

_ACCOUNT = "000000000000"


def _some(*logical_ids: str) -> Template:
    return {name: copy.deepcopy(TEMPLATE[name]) for name in logical_ids}


def test_attributes_have_the_forms_of_aws() -> None:
    engine.deploy(_some("Domain", "UserProfile", "Space", "ModelPackageGroup", "VectorBucket", "VectorIndex"))
    domain = engine.attributes("Domain")

    assert domain["DomainId"].startswith("d-")
    assert domain["DomainArn"] == f"arn:aws:sagemaker:us-east-1:{_ACCOUNT}:domain/{domain['DomainId']}"
    assert domain["HomeEfsFileSystemId"].startswith("fs-")
    space = engine.attributes("Space")["SpaceArn"]
    assert space == f"arn:aws:sagemaker:us-east-1:{_ACCOUNT}:space/{domain['DomainId']}/lab"
    bucket = engine.attributes("VectorBucket")["VectorBucketArn"]
    assert engine.attributes("VectorIndex")["IndexArn"] == f"{bucket}/index/documents"


def test_a_domain_without_home_directories_has_no_file_system() -> None:
    template = _some("Domain")
    template["Domain"]["Properties"]["HomeEfsFileSystemCreation"] = "Disabled"
    engine.deploy(template)

    assert "HomeEfsFileSystemId" not in engine.attributes("Domain")


def test_an_update_keeps_the_attributes_and_the_generated_name() -> None:
    engine.deploy(_some("Domain", "VectorBucket"))
    before = {name: engine.attributes(name) for name in ("Domain", "VectorBucket")}
    template = _some("Domain", "VectorBucket")
    template["Domain"]["Properties"]["DefaultUserSettings"] = {"ExecutionRole": f"{ROLE}2"}
    template["VectorBucket"]["Properties"]["Tags"] = [{"Key": "a", "Value": "b"}]

    assert engine.deploy(template) == "UPDATE_COMPLETE", engine.reasons()

    assert {name: engine.attributes(name) for name in before} == before
    domain = call("sagemaker", "DescribeDomain", {"DomainId": before["Domain"]["DomainId"]})
    assert domain["DefaultUserSettings"] == {"ExecutionRole": f"{ROLE}2"}


def test_a_name_that_is_taken_is_refused() -> None:
    engine.deploy(_some("Pipeline"), stack="first")

    assert engine.deploy(_some("Pipeline"), stack="second") == "ROLLBACK_COMPLETE"

    words = "Resource of type 'AWS::SageMaker::Pipeline' with identifier 'train' already exists."
    assert engine.reasons("second") == [words]
    assert records() == {"AWS::SageMaker::Pipeline": ["train"]}


def test_updating_a_record_that_is_gone_is_refused() -> None:
    engine.deploy(_some("Pipeline"))
    record_store.reset()
    template = _some("Pipeline")
    template["Pipeline"]["Properties"]["PipelineDescription"] = "new"

    assert engine.deploy(template) in ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED")
    assert "was not found" in engine.reasons()[0]


def test_the_inventory_spans_accounts_and_a_stack_sees_its_own() -> None:
    engine.deploy(_some("Pipeline"))
    with request_scope("111122223333", "eu-west-1"):
        assert list(of_type("AWS::SageMaker::Pipeline")) == []
        engine.deploy(_some("Pipeline"))

    assert records() == {"AWS::SageMaker::Pipeline": ["train", "train"]}


def test_system_tags_go_only_to_types_that_take_them() -> None:
    engine.deploy(_some("Domain", "ModelPackageGroup"), team="a")

    domain = call("sagemaker", "ListTags", {"ResourceArn": engine.attributes("Domain")["DomainArn"]})
    (group,) = of_type("AWS::SageMaker::ModelPackageGroup")
    assert domain["Tags"] == [{"Key": "team", "Value": "a"}]
    assert {"Key": "aws:cloudformation:logical-id", "Value": "ModelPackageGroup"} in group["Tags"]
