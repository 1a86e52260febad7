"""Reading what a region offers."""

from datetime import date
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from quarry.models import bedrock_offer
from tests.quarry.models.fake_bedrock import FakeBedrock

MICRO = "amazon.nova-micro-v1:0"
HAIKU = "anthropic.claude-haiku-4-5-20251001-v1:0"


def full_model(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "inputModalities": ["TEXT"], "outputModalities": ["TEXT"]}


def full_profile(entry: dict[str, Any]) -> dict[str, Any]:
    arn = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{entry['inferenceProfileId']}"
    return {**entry, "inferenceProfileName": "x", "inferenceProfileArn": arn}


def test_requests_and_answers_have_awss_own_shapes() -> None:
    fake = FakeBedrock("us-east-1")
    client = boto3.client("bedrock")
    with Stubber(client) as stub:
        models = [full_model(entry) for entry in fake.models.values()]
        stub.add_response("list_foundation_models", {"modelSummaries": models}, {})
        arguments: dict[str, Any] = {"typeEquals": "SYSTEM_DEFINED", "maxResults": 1000}
        page = fake.list_inference_profiles(**arguments)
        while True:
            shown = {**page, "inferenceProfileSummaries": [full_profile(p) for p in page["inferenceProfileSummaries"]]}
            stub.add_response("list_inference_profiles", shown, dict(arguments))
            if "nextToken" not in page:
                break
            arguments["nextToken"] = page["nextToken"]
            page = fake.list_inference_profiles(**arguments)

        assert bedrock_offer.read(client, region="us-east-1") == bedrock_offer.read(fake, region="us-east-1")
        stub.assert_no_pending_responses()


def test_every_page_is_read() -> None:
    fake = FakeBedrock("us-east-1")
    assert len(fake.profiles) > 5

    assert bedrock_offer.read(fake, region="us-east-1").profiles.keys() == fake.profiles.keys()


def test_destinations_come_from_the_arns() -> None:
    profiles = bedrock_offer.read(FakeBedrock("us-east-1"), region="us-east-1").profiles

    assert profiles[f"us.{HAIKU}"].destinations == ("us-east-1", "us-east-2", "us-west-2")
    assert profiles[f"global.{HAIKU}"].destinations == ("*",)
    assert profiles[f"global.{HAIKU}"].model_id == HAIKU


def test_variants_that_can_only_be_tuned_are_no_models() -> None:
    fake = FakeBedrock("us-east-1")
    fake.add_model(f"{MICRO}:128k", "PROVISIONED")
    fake.add_model("somebody.nothing")
    del fake.models["somebody.nothing"]["inferenceTypesSupported"]

    assert bedrock_offer.read(fake, region="us-east-1").models.keys().isdisjoint({f"{MICRO}:128k", "somebody.nothing"})


def test_sparse_answers_are_read_too() -> None:
    fake = FakeBedrock("us-east-1")
    fake.models["a.b"] = {"modelArn": "arn:x", "modelId": "a.b", "inferenceTypesSupported": ["ON_DEMAND"]}
    fake.profiles["us.empty"] = {"inferenceProfileId": "us.empty", "models": []}

    offer = bedrock_offer.read(fake, region="us-east-1")

    assert offer.models["a.b"].end_of_life is None
    assert not offer.models["a.b"].is_legacy
    assert "us.empty" not in offer.profiles


@pytest.mark.parametrize("field", ["legacy", "end_of_life"])
def test_dates_are_days_in_utc(field: str) -> None:
    llama = bedrock_offer.read(FakeBedrock("us-east-1"), region="us-east-1").models["meta.llama3-3-70b-instruct-v1:0"]

    assert getattr(llama, field) == {"legacy": date(2026, 9, 30), "end_of_life": date(2027, 3, 30)}[field]
