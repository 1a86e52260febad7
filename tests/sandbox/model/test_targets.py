"""Which models there are, and how they may be called."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from ministack.core.responses import set_request_region
from ministack.services import bedrock, bedrock_agent

from sandbox.model import account

Ask = Callable[..., Any]
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"
ACCOUNT = "arn:aws:bedrock:us-east-1:000000000000"


def get(path: str, **query: str) -> Any:
    params = {name: [value] for name, value in query.items()}
    status, _, body = asyncio.run(bedrock.handle_request("GET", path, {}, b"", params))
    return json.loads(body) | {"status": status}


@pytest.mark.parametrize(
    "model",
    [
        "us.amazon.nova-micro-v1:0",
        f"global.{HAIKU}",
        f"{ACCOUNT}:inference-profile/us.{HAIKU}",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
    ],
)
def test_can_be_called(ask: Ask, model: str) -> None:
    assert ask("Hello", model).status == 200


@pytest.mark.parametrize(
    ("model", "error"),
    [
        ("amazon.nova-mikro-v1:0", "ValidationException: The provided model identifier is invalid."),
        ("eu.amazon.nova-micro-v1:0", "ValidationException: The provided model identifier is invalid."),
        (HAIKU, f"ValidationException: Invocation of model ID {HAIKU} with on-demand throughput isn’t supported."),
        ("anthropic.claude-3-haiku-20240307-v1:0", "ResourceNotFoundException: This model version has reached the end"),
        ("amazon.nova-micro-v1:0:128k", "ResourceNotFoundException: Model not found."),
        (f"{ACCOUNT}:provisioned-model/none", "ResourceNotFoundException: Could not find the model"),
        (f"{ACCOUNT}:custom-model-deployment/abcdefghijkl", "ResourceNotFoundException: Could not find the model"),
        ("amazon.titan-embed-text-v2:0", "ValidationException: The model that you provided doesn't support the Conv"),
    ],
)
def test_cannot_be_called(ask: Ask, model: str, error: str) -> None:
    assert ask("Hello", model).error.startswith(error)


def test_an_application_profile_carries_every_model_of_its_source(ask: Ask) -> None:
    source = f"{ACCOUNT}:inference-profile/us.amazon.nova-micro-v1:0"
    body = json.dumps({"inferenceProfileName": "mine", "modelSource": {"copyFrom": source}}).encode()
    arn = json.loads(bedrock._create_inference_profile(body)[2])["inferenceProfileArn"]
    shown = get(f"/inference-profiles/{arn}")
    assert [model["modelArn"].split(":")[3] for model in shown["models"]] == ["us-east-1", "us-east-2", "us-west-2"]
    assert "Nova Micro" in ask("Hello", arn).text


def test_a_managed_prompt_is_filled_in(post: Callable[..., Any]) -> None:
    variant = {
        "name": "v",
        "templateType": "TEXT",
        "modelId": "amazon.nova-lite-v1:0",
        "templateConfiguration": {"text": {"text": "Greet {{who}}", "inputVariables": [{"name": "who"}]}},
    }
    made = json.loads(bedrock_agent._create_prompt(json.dumps({"name": "p", "variants": [variant]}).encode())[2])
    arn = made["arn"]
    assert 'You asked: "Greet {{who}}"' in post("converse", {"promptVariables": {"who": {"text": "{{who}}"}}}, arn).text
    assert "needs values for these variables: who" in post("converse", {}, arn).error
    assert "cannot be used when the model ID is a prompt" in post("converse", {"system": [{"text": "x"}]}, arn).error


def test_lists_models_and_profiles_of_the_region() -> None:
    listed = {model["modelId"]: model for model in get("/foundation-models")["modelSummaries"]}
    assert listed[HAIKU]["inferenceTypesSupported"] == ["INFERENCE_PROFILE"]
    assert listed["anthropic.claude-opus-4-1-20250805-v1:0"]["modelLifecycle"]["status"] == "LEGACY"
    tunable = get("/foundation-models", byCustomizationType="FINE_TUNING")["modelSummaries"]
    assert "amazon.nova-micro-v1:0:128k" in {model["modelId"] for model in tunable}
    profiles = get("/inference-profiles", typeEquals="SYSTEM_DEFINED")["inferenceProfileSummaries"]
    by_id = {profile["inferenceProfileId"]: profile for profile in profiles}
    assert [model["modelArn"] for model in by_id[f"global.{HAIKU}"]["models"]] == [
        f"arn:aws:bedrock:::foundation-model/{HAIKU}",
        f"arn:aws:bedrock:us-east-1::foundation-model/{HAIKU}",
    ]


def profiles_in(region: str) -> set[str]:
    """Return the ids of the system profiles that can be called from a region."""

    def look() -> Any:
        set_request_region(region)
        return get("/inference-profiles")["inferenceProfileSummaries"]

    async def apart() -> Any:
        return await asyncio.to_thread(look)  # a context of its own: the region ends with it

    return {profile["inferenceProfileId"] for profile in asyncio.run(apart())}


def test_another_region_has_other_profiles() -> None:
    assert {profile_id.split(".")[0] for profile_id in profiles_in("eu-west-1")} == {"eu", "global"}


@pytest.mark.parametrize(
    ("region", "geography", "there", "missing"),
    [
        ("ap-northeast-1", "jp", {"sonnet-4-6", "opus-5-5"}, {"sonnet-5", "sonnet-5-5", "opus-5"}),
        ("ap-southeast-2", "au", {"sonnet-4-6", "sonnet-5", "opus-5", "opus-5-5"}, {"sonnet-5-5"}),
    ],
)
def test_the_newest_claudes_have_no_profile_in_some_geographies(
    region: str, geography: str, there: set[str], missing: set[str]
) -> None:
    found = profiles_in(region)
    assert {f"{geography}.anthropic.claude-{name}" for name in there} <= found
    assert {f"{geography}.anthropic.claude-{name}" for name in missing}.isdisjoint(found)
    assert {f"global.anthropic.claude-{name}" for name in missing} <= found


def test_a_legacy_model_is_shown_as_such_and_still_answers(ask: Ask) -> None:
    listed = {model["modelId"]: model for model in get("/foundation-models")["modelSummaries"]}
    life = listed["meta.llama3-3-70b-instruct-v1:0"]["modelLifecycle"]
    assert life == {"status": "LEGACY", "endOfLifeTime": "2027-03-30T00:00:00+00:00"}
    assert ask("Hello", "us.meta.llama3-3-70b-instruct-v1:0").status == 200


@pytest.mark.parametrize(
    ("standing", "shown", "error"),
    [
        ({"regionAvailability": "NOT_AVAILABLE"}, {"regionAvailability": "NOT_AVAILABLE"}, "identifier is invalid"),
        ({"authorizationStatus": "NOT_AUTHORIZED"}, {"authorizationStatus": "NOT_AUTHORIZED"}, "don't have access"),
        ({"agreementAvailability": "NOT_AVAILABLE"}, {"agreementAvailability": {"status": "NOT_AVAILABLE"}}, "access"),
        ({"useCaseForm": "NOT_SUBMITTED"}, {"agreementAvailability": {"status": "NOT_AVAILABLE"}}, "use case details"),
        ({"status": "LEGACY"}, {}, "Legacy"),
    ],
)
def test_the_account_may_be_told_it_lacks_a_model(ask: Ask, standing: Any, shown: Any, error: str) -> None:
    account.set_standings(account.parse([{"model": "anthropic.*", **standing}]))
    assert get(f"/foundation-model-availability/{HAIKU}").items() >= shown.items()
    assert error in ask("Hello", f"us.{HAIKU}").error
    assert ask("Hello").status == 200


def test_submitting_the_form_opens_the_model(ask: Ask) -> None:
    account.set_standings(account.parse([{"useCaseForm": "NOT_SUBMITTED"}]))
    assert get("/use-case-for-model-access")["status"] == 404
    bedrock._put_use_case_for_model_access(json.dumps({"formData": "e30="}).encode())
    assert get("/use-case-for-model-access")["formData"] == "e30="
    assert ask("Hello", f"us.{HAIKU}").status == 200


@pytest.mark.parametrize("document", [{}, [1], [{"color": "red"}], [{"status": "OLD"}]])
def test_a_wrong_standing_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match=r"list|object|unknown member|must be one of"):
        account.parse(document)
