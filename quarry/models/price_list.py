"""AWS's Price List, as far as it has the catalogue's models: input and output tokens on demand.

SKUs outlive models and some models have none, so the list corrects prices and never says what can be called. Shapes:
Price List Query API (GetProducts); names of usage types as third parties read them in 2026.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from lambdas.catalogue.facts import ModelPrices, PriceScope

# After region and model: what is counted -> which price it is. Standard tier only.
_AMAZON: Final = re.compile(r"-(?P<name>input|output)-tokens(?P<wide>-cross-region-global)?$")
_MARKETPLACE: Final = re.compile(
    r"[:_](?P<name>input|output)_?tokens?(_?count)?(?P<wide>_global)?(_standard)?-units$", re.IGNORECASE
)
_UNITS: Final = {"1k": 1000.0, "1m": 1.0}


@dataclass(frozen=True, kw_only=True)
class ListedPrice:
    """One price. ``name`` is a field of lambdas.catalogue.facts.Price; ``dollars`` are per million tokens."""

    model_id: str
    scope: PriceScope
    name: Literal["input", "output"]
    dollars: float


def read(client: Any, prices: dict[str, ModelPrices], *, region: str) -> list[ListedPrice]:
    """Return what the Price List has of these models in ``region``.

    Args:
        client: boto3's ``pricing`` client.

    Raises:
        ClientError, BotoCoreError: it cannot be asked; needs pricing:GetProducts.
    """
    found: dict[tuple[str, PriceScope, str], ListedPrice] = {}
    for service in ("AmazonBedrock", "AmazonBedrockFoundationModels"):
        named = {
            entry.price_list.name: model_id
            for model_id, entry in prices.items()
            if entry.price_list and entry.price_list.service == service
        }
        for product in _products(client, service, region) if named else ():
            for price in _prices(product, named, marketplace=service != "AmazonBedrock"):
                found.setdefault((price.model_id, price.scope, price.name), price)
    return list(found.values())


def _products(client: Any, service: str, region: str) -> Iterator[dict[str, Any]]:
    arguments: dict[str, Any] = {
        "ServiceCode": service,
        "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
    }
    while True:
        page = client.get_products(**arguments)
        yield from (json.loads(text) for text in page["PriceList"])
        if not page.get("NextToken"):
            return
        arguments["NextToken"] = page["NextToken"]


def _prices(product: dict[str, Any], named: dict[str, str], *, marketplace: bool) -> Iterator[ListedPrice]:
    attributes = product["product"]["attributes"]
    usage = attributes.get("usagetype", "")
    match = (_MARKETPLACE if marketplace else _AMAZON).search(usage)
    if match is None:
        return
    called = attributes.get("servicename", "") if marketplace else usage[: match.start()].partition("-")[2]
    model_id = named.get(called)
    dollars = _per_million(product, marketplace=marketplace)
    if model_id is None or not dollars:
        return
    scopes: tuple[PriceScope, ...] = ("global",) if match["wide"] else ("in_region", "geography")
    name: Literal["input", "output"] = "input" if match["name"].lower() == "input" else "output"
    for scope in scopes:
        yield ListedPrice(model_id=model_id, scope=scope, name=name, dollars=dollars)


def _per_million(product: dict[str, Any], *, marketplace: bool) -> float | None:
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            factor = 1.0 if marketplace else _UNITS.get(str(dimension.get("unit", "")).lower()[:2])
            if factor is not None and "USD" in dimension["pricePerUnit"]:
                return round(float(dimension["pricePerUnit"]["USD"]) * factor, 9)
    return None
