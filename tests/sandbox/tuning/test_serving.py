"""Deployments and provisioned throughput: states, quotas, updates, and the order in which things go."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from ministack.core.responses import request_scope

from sandbox import clock
from sandbox.quotas import applied
from sandbox.tuning import control, script, store
from tests.sandbox.tuning.conftest import BASE, deployed, do, refusal, settle, trained, tweets, upload

UNITS = {"L-BE77399C": 2, f"units:{BASE}": 2}


def _deployment(identifier: str) -> dict[str, Any]:
    return do("GetCustomModelDeployment", customModelDeploymentIdentifier=identifier)


def _provisioned(model: str, name: str = "hosted", **changes: Any) -> str:
    asked = {"provisionedModelName": name, "modelId": model, "modelUnits": 1, **changes}
    return str(do("CreateProvisionedModelThroughput", **asked)["provisionedModelArn"])


def test_a_deployment_is_created_updated_and_deleted_under_one_arn() -> None:
    first, second = trained("first"), trained("second")
    made = do("CreateCustomModelDeployment", modelDeploymentName="alias", modelArn=first, description="mine")
    arn = made["customModelDeploymentArn"]
    assert _deployment("alias")["status"] == "Creating"
    assert "cannot be deleted" in refusal("DeleteCustomModelDeployment", customModelDeploymentIdentifier=arn)
    settle()
    assert (_deployment(arn)["status"], _deployment(arn)["modelArn"]) == ("Active", first)

    do("UpdateCustomModelDeployment", customModelDeploymentIdentifier=arn, modelArn=second)
    shown = _deployment(arn)
    assert (shown["status"], shown["modelArn"]) == ("Active", first)
    assert shown["updateDetails"] == {"modelArn": second, "updateStatus": "Updating"}
    again = {"customModelDeploymentIdentifier": arn, "modelArn": first}
    assert "an update is in progress" in refusal("UpdateCustomModelDeployment", **again)
    settle()
    assert _deployment(arn)["modelArn"] == second
    assert _deployment(arn)["updateDetails"]["updateStatus"] == "UpdateCompleted"
    do("DeleteCustomModelDeployment", customModelDeploymentIdentifier=arn)
    assert refusal("GetCustomModelDeployment", customModelDeploymentIdentifier=arn).startswith("ResourceNotFound")


def test_a_token_names_what_it_made_for_a_day() -> None:
    asked = {"modelDeploymentName": "alias", "modelArn": trained(), "clientRequestToken": "once"}
    first = do("CreateCustomModelDeployment", **asked)
    settle()
    do("DeleteCustomModelDeployment", customModelDeploymentIdentifier="alias")
    assert do("CreateCustomModelDeployment", **asked) == first
    settle(25 * 3600)
    assert do("CreateCustomModelDeployment", **asked) != first


def test_a_failed_update_leaves_the_old_model() -> None:
    first, second = trained("first"), trained("second")
    arn = deployed(first)
    script.replace(script.parse([{"on": "UpdateCustomModelDeployment", "do": "fail", "reason": "no room"}]))
    do("UpdateCustomModelDeployment", customModelDeploymentIdentifier=arn, modelArn=second)
    settle()
    shown = _deployment(arn)
    assert (shown["status"], shown["modelArn"], shown["failureMessage"]) == ("Active", first, "no room")
    assert shown["updateDetails"]["updateStatus"] == "UpdateFailed"


def test_a_deployment_that_fails_can_be_deleted() -> None:
    script.replace(script.parse([{"on": "CreateCustomModelDeployment", "do": "fail", "reason": "no room"}]))
    arn = deployed(trained())
    assert (_deployment(arn)["status"], _deployment(arn)["failureMessage"]) == ("Failed", "no room")
    do("DeleteCustomModelDeployment", customModelDeploymentIdentifier=arn)


def test_deployments_have_quotas_in_all_and_in_progress() -> None:
    model = trained()
    script.replace(script.parse([{"on": "CreateCustomModelDeployment", "do": "hold"}]))
    for number in (1, 2):
        do("CreateCustomModelDeployment", modelDeploymentName=f"d-{number}", modelArn=model)
    third = {"modelDeploymentName": "d-3", "modelArn": model}
    assert "L-430C95DD" in refusal("CreateCustomModelDeployment", **third)
    script.replace([])
    assert "currently in use: d-1" in refusal("CreateCustomModelDeployment", modelDeploymentName="d-1", modelArn=model)
    applied.replace({"L-1EF80F3E": 2})
    refused = refusal("CreateCustomModelDeployment", **third)
    assert refused.startswith("ServiceQuotaExceededException: ")
    assert "L-1EF80F3E" in refused


def test_a_model_goes_after_what_serves_it() -> None:
    applied.replace(UNITS)
    model = trained()
    arn, provisioned = deployed(model), _provisioned(model)
    settle()
    refused = refusal("DeleteCustomModel", modelIdentifier=model)
    assert refused.startswith("ConflictException: ")
    assert arn in refused
    do("DeleteCustomModelDeployment", customModelDeploymentIdentifier="alias")
    assert provisioned in refusal("DeleteCustomModel", modelIdentifier="model-1")
    do("DeleteProvisionedModelThroughput", provisionedModelId=provisioned)
    do("DeleteCustomModel", modelIdentifier="model-1")
    assert store.living() == {}


def test_a_new_account_has_no_model_units() -> None:
    model = trained()
    asked = {"provisionedModelName": "hosted", "modelId": model, "modelUnits": 1}
    words = "Your account does not currently have any no commitment model units reserved for Nova Lite."
    assert refusal("CreateProvisionedModelThroughput", **asked) == f"ServiceQuotaExceededException: {words}"
    applied.replace({"L-BE77399C": 1})
    assert "any model units reserved for Nova Lite" in refusal("CreateProvisionedModelThroughput", **asked)
    applied.replace(UNITS)
    assert do("CreateProvisionedModelThroughput", **asked)
    more = {**asked, "provisionedModelName": "more", "modelUnits": 2}
    assert "of which 1 are in use" in refusal("CreateProvisionedModelThroughput", **more)


def test_provisioned_throughput_over_time() -> None:
    applied.replace(UNITS)
    first, second = trained("first"), trained("second")
    arn = _provisioned(first)
    get = {"provisionedModelId": arn}
    assert do("GetProvisionedModelThroughput", **get)["status"] == "Creating"
    assert "it is Creating" in refusal("DeleteProvisionedModelThroughput", **get)
    settle()
    assert do("GetProvisionedModelThroughput", **get)["status"] == "InService"
    do("UpdateProvisionedModelThroughput", **get, desiredModelId=second)
    shown = do("GetProvisionedModelThroughput", provisionedModelId="hosted")
    assert (shown["status"], shown["modelArn"], shown["desiredModelArn"]) == ("Updating", first, second)
    settle()
    shown = do("GetProvisionedModelThroughput", **get)
    assert (shown["status"], shown["modelArn"]) == ("InService", second)
    listed = do("ListProvisionedModelThroughputs", statusEquals="InService")["provisionedModelSummaries"]
    assert [each["provisionedModelArn"] for each in listed] == [arn]
    do("DeleteProvisionedModelThroughput", **get)
    assert do("ListProvisionedModelThroughputs")["provisionedModelSummaries"] == []


def test_a_commitment_is_kept_to_its_end() -> None:
    applied.replace(UNITS)
    arn = _provisioned(trained(), commitmentDuration="OneMonth")
    settle()
    assert "before its commitment ends" in refusal("DeleteProvisionedModelThroughput", provisionedModelId=arn)
    clock.advance(30 * 24 * 3600)
    do("DeleteProvisionedModelThroughput", provisionedModelId=arn)


def test_models_are_hosted_only_as_their_base_allows() -> None:
    applied.replace({"L-BE77399C": 9, "L-3632DE15": 9})
    prompts = "".join('{"prompt": "a", "completion": "b"}\n' for _ in range(100))
    with request_scope("000000000000", "us-west-2"):
        upload("completions.jsonl", prompts)
        where = {"trainingDataConfig": {"s3Uri": "s3://data/completions.jsonl"}}
        llama = trained("llama", baseModelIdentifier="meta.llama3-1-8b-instruct-v1:0:128k", **where)
        refused = refusal("CreateCustomModelDeployment", modelDeploymentName="d", modelArn=llama)
        assert "not supported for on-demand inference" in refused
        assert _provisioned(llama)
        upload("train.jsonl", tweets(100))
        newer = trained("newer", baseModelIdentifier="meta.llama3-3-70b-instruct-v1:0:128k")
        asked = {"provisionedModelName": "x", "modelId": newer, "modelUnits": 1}
        assert "Provisioned Throughput is not supported" in refusal("CreateProvisionedModelThroughput", **asked)
        assert deployed(newer)


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("GetCustomModel", {"modelIdentifier": "none"}),
        ("GetModelCustomizationJob", {"jobIdentifier": "none"}),
        ("DeleteCustomModelDeployment", {"customModelDeploymentIdentifier": "none"}),
        ("GetProvisionedModelThroughput", {"provisionedModelId": "none"}),
        (
            "CreateCustomModelDeployment",
            {
                "modelDeploymentName": "d",
                "modelArn": f"arn:aws:bedrock:us-east-1:000000000000:custom-model/{BASE}/abcdefghijkl",
            },
        ),
    ],
)
def test_what_is_not_there_is_not_found(operation: str, parameters: dict[str, str]) -> None:
    assert refusal(operation, **parameters).startswith("ResourceNotFoundException: ")


def test_base_models_are_listed_by_what_can_be_done_with_them() -> None:
    tunable = do("ListFoundationModels", byCustomizationType="FINE_TUNING")["modelSummaries"]
    assert BASE in {each["modelId"] for each in tunable}
    assert not any(each["modelId"].startswith("meta.") for each in tunable)
    assert BASE in {
        each["modelId"] for each in do("ListFoundationModels", byInferenceType="PROVISIONED")["modelSummaries"]
    }
    with request_scope("000000000000", "us-west-2"):
        tunable = do("ListFoundationModels", byCustomizationType="FINE_TUNING")["modelSummaries"]
        assert {each["providerName"] for each in tunable} == {"Meta"}


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("PUT", "script", [{"on": "CreateModelCustomizationJob", "do": "hold", "phase": "training"}], 200),
        ("PUT", "script", [{"on": "CreateModelCustomizationJob", "do": "explode"}], 400),
        ("PUT", "delays", {"training": 60}, 200),
        ("PUT", "delays", {"coffee": 60}, 400),
        ("PUT", "delays", {"training": -1}, 400),
        ("PUT", "quotas", {"L-CB5B847D": 1, "units:amazon.nova-lite-v1:0:300k": 1}, 200),
        ("PUT", "quotas", {"L-NONE": 1}, 400),
        ("GET", "delays", None, 200),
        ("GET", "calls", None, 200),
        ("DELETE", "calls", None, 204),
        ("PUT", "calls", [], 405),
        ("POST", "script", [], 405),
        ("GET", "clock", None, 200),
        ("GET", "nothing", None, 404),
    ],
)
def test_control(method: str, name: str, body: Any, status: int) -> None:
    answer = control.handler(method, f"{control.PREFIX}/{name}", json.dumps(body).encode(), {})
    assert asyncio.run(answer)[0] == status


def test_what_was_asked_is_recorded_with_what_was_refused() -> None:
    refusal("GetCustomModel", modelIdentifier="none")
    do("ListCustomModels")
    recorded = json.loads(asyncio.run(control.handler("GET", f"{control.PREFIX}/calls", b"", {}))[2])
    assert [(each["operation"], each["error"]) for each in recorded] == [
        ("GetCustomModel", "ResourceNotFoundException"),
        ("ListCustomModels", None),
    ]
