"""A small environment to price: dev's configuration, and templates with one of everything that use falls to."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from configuration.config import Config
from configuration.cost.usage import Usage
from configuration.environment_file import load
from quarry.cost.template import Resource
from tests.varying import vary

__all__ = ["vary"]

Resources = Callable[..., list[Resource]]


def resource(type_name: str, properties: dict[str, Any] | None = None, *, stack: str = "inference") -> Resource:
    """Return a resource that is called as its type is."""
    return Resource(
        stack=stack, logical_id=type_name.rpartition("::")[2], type_name=type_name, properties=properties or {}
    )


@pytest.fixture
def dev() -> Config:
    return load("dev")


@pytest.fixture
def usage() -> Usage:
    """Round numbers: 1,000 requests a day of 1,000 tokens in and 500 out, a quarter of them to the documents."""
    return Usage.model_validate(
        {
            "requests_per_day": 1000,
            "aliases": {
                "fast": {"share": 0.5, "input_tokens": 1000, "output_tokens": 500},
                "smart": {"share": 0.5, "input_tokens": 2000, "output_tokens": 1000},
            },
            "streamed": 0.5,
            "in_sessions": 0.5,
            "functions": {
                "seconds": 2,
                "seconds_streamed": 4,
                "keys_looked_up": 0.1,
                "log_kb": 4,
                "metrics": 10,
            },
            "documents": {
                "questions": 0.25,
                "passage_tokens": 2000,
                "stored_gb": 2,
                "vectors_gb": 1,
                "tokens_per_month": 5_000_000,
            },
            "notebooks": {"hours_per_day": 6},
            "tuning": {"runs_per_month": 2, "tokens": 3_000_000},
        }
    )


def product(usage: str, usd: str | list[tuple[str, str]], *, unit: str = "Units") -> dict[str, Any]:
    """Return a product of the Price List, with one price or tiers of (from, price)."""
    tiers = [("0", usd)] if isinstance(usd, str) else usd
    dimensions = {
        str(number): {"unit": unit, "beginRange": begin, "pricePerUnit": {"USD": price}}
        for number, (begin, price) in enumerate(tiers)
    }
    return {
        "product": {"attributes": {"usagetype": usage}},
        "terms": {"OnDemand": {"term": {"priceDimensions": dimensions}}},
    }


class FakePriceList:
    """GetProducts. ``products``: service code -> its products; one per page. It filters nothing but the service.

    Attributes:
        asked: the requests, without the tokens of later pages.
        fails: what it raises instead.
    """

    def __init__(self, products: dict[str, list[dict[str, Any]]], *, fails: Exception | None = None) -> None:
        self._products = products
        self.asked: list[dict[str, Any]] = []
        self.fails = fails

    def get_products(self, *, NextToken: str = "0", **request: Any) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Return a page."""
        if self.fails is not None:
            raise self.fails
        start = int(NextToken)
        if not start:
            self.asked.append(request)
        found = self._products.get(request["ServiceCode"], [])
        more = {"NextToken": str(start + 1)} if start + 1 < len(found) else {}
        return {"PriceList": [json.dumps(one) for one in found[start : start + 1]], **more}
