"""Bedrock's control plane as the catalogue believes it to be, for one region; tests make it disagree.

It answers in the shapes of botocore's service model, to which ``test_bedrock_offer`` holds it, and in pages of two
profiles, so that whoever reads one page only is found out.
"""

import json
from datetime import UTC, date, datetime, time
from typing import Any

from lambdas.catalogue.models import catalogue

PAGE = 2


def moment(day: date) -> datetime:
    """The first moment of a day, as boto3 gives it."""
    return datetime.combine(day, time(), UTC)


class FakeBedrock:
    """Attributes: ``models`` and ``profiles`` by id, as the API shows them; change them at will."""

    def __init__(self, region: str) -> None:
        self.models: dict[str, dict[str, Any]] = {}
        self.profiles: dict[str, dict[str, Any]] = {}
        for model in catalogue().values():
            here = [profile for profile in model.profiles if region in profile.callable_from]
            if region not in model.in_region and not here:
                continue
            types = ["ON_DEMAND"] * (region in model.in_region) + ["INFERENCE_PROFILE"] * bool(here)
            life = model.lifecycle
            dates = {"startOfLifeTime": life.launched, "legacyTime": life.legacy, "endOfLifeTime": life.end_of_life}
            self.models[model.model_id] = {
                "modelArn": f"arn:aws:bedrock:{region}::foundation-model/{model.model_id}",
                "modelId": model.model_id,
                "modelName": model.name,
                "providerName": model.provider,
                "inferenceTypesSupported": types,
                "modelLifecycle": {
                    "status": "LEGACY" if life.legacy else "ACTIVE",
                    **{name: moment(day) for name, day in dates.items() if day},
                },
            }
            for profile in here:
                destinations = profile.called_from(region).destinations
                regions = ["", region] if destinations == ("*",) else list(destinations)
                self.add_profile(profile.profile_id, model.model_id, regions)

    def add_profile(self, profile_id: str, model_id: str, regions: list[str]) -> None:
        """Offer a profile; region "" is the region-less ARN of global profiles."""
        self.profiles[profile_id] = {
            "inferenceProfileId": profile_id,
            "models": [{"modelArn": f"arn:aws:bedrock:{region}::foundation-model/{model_id}"} for region in regions],
            "status": "ACTIVE",
            "type": "SYSTEM_DEFINED",
        }

    def add_model(self, model_id: str, *types: str, **more: Any) -> None:
        """Offer a model."""
        self.models[model_id] = {
            "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model_id}",
            "modelId": model_id,
            "modelName": "New",
            "providerName": "Somebody",
            "inferenceTypesSupported": list(types),
            "modelLifecycle": {"status": "ACTIVE"},
            **more,
        }

    def list_foundation_models(self) -> dict[str, Any]:
        """ListFoundationModels, which has no pages."""
        return {"modelSummaries": list(self.models.values())}

    def list_inference_profiles(self, *, typeEquals: str, maxResults: int, nextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - AWS's names
        """ListInferenceProfiles."""
        assert (typeEquals, maxResults) == ("SYSTEM_DEFINED", 1000)
        profiles, start = list(self.profiles.values()), int(nextToken)
        more = {"nextToken": str(start + PAGE)} if start + PAGE < len(profiles) else {}
        return {"inferenceProfileSummaries": profiles[start : start + PAGE], **more}


class FakePriceList:
    """The Price List's GetProducts. ``products``: service code -> (attributes, unit, dollars)."""

    def __init__(self, **products: list[tuple[dict[str, str], str, str]]) -> None:
        self.products = products

    def get_products(self, *, ServiceCode: str, Filters: list[Any], NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 - AWS's names
        """GetProducts, one product per page."""
        assert Filters == [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"}]
        products = self.products.get(ServiceCode, [])
        start = int(NextToken)
        shown = [json.dumps(_product(*product)) for product in products[start : start + 1]]
        return {"PriceList": shown, **({"NextToken": str(start + 1)} if start + 1 < len(products) else {})}


def _product(attributes: dict[str, str], unit: str, dollars: str) -> dict[str, Any]:
    dimension = {"unit": unit, "pricePerUnit": {"USD": dollars}}
    return {
        "product": {"attributes": attributes},
        "terms": {"OnDemand": {"term": {"priceDimensions": {"dimension": dimension}}}},
    }
