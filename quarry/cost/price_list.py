"""AWS's Price List, as far as it has the prices of ``configuration/cost/prices.yaml``.

Shapes: Price List Query API (GetProducts): each product is a text of JSON, with prices as texts, in tiers, in no order.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lambdas.catalogue.service_facts import PriceListUsage, ServicePrice

# Where the API answers. us-east-1 is one of three, and all know every region's prices.
REGION: Final = "us-east-1"
_THOUSANDS: Final = {"1k": 1_000, "1m": 1_000_000}


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What the Price List has of one price in one region.

    Attributes:
        usd: the figures as our file has them: of so many units as it says; several if products differ; none if there
            is no such product.
    """

    name: str
    usd: tuple[float, ...]


def read(client: Any, prices: dict[str, ServicePrice], *, region: str) -> Iterator[Listed]:
    """Yield what the list has of those prices that it can be asked for, a question or two each.

    Args:
        client: boto3's ``pricing`` client.

    Raises:
        ClientError, BotoCoreError: it cannot be asked; needs pricing:GetProducts.
    """
    for name, price in prices.items():
        if price.price_list is not None:
            figures = {_figure(product, price) for product in _products(client, price.price_list, region)}
            yield Listed(name=name, usd=tuple(sorted(one for one in figures if one is not None)))


def _products(client: Any, usage: PriceListUsage, region: str) -> Iterator[dict[str, Any]]:
    for usage_type in usage.usage_types:
        # In us-east-1 some begin with USE1-, some with us-east-1- and some with nothing at all.
        known = re.compile(rf"([A-Z]+\d*-|{re.escape(region)}-)?{re.escape(usage_type)}")
        arguments: dict[str, Any] = {
            "ServiceCode": usage.service,
            "Filters": [
                {"Type": "TERM_MATCH", "Field": "regionCode", "Value": region},
                {"Type": "CONTAINS", "Field": "usagetype", "Value": usage_type},
            ],
        }
        while True:
            page = client.get_products(**arguments)
            for product in map(json.loads, page["PriceList"]):
                if known.fullmatch(product["product"]["attributes"].get("usagetype", "")):
                    yield product
            if not page.get("NextToken"):
                break
            arguments["NextToken"] = page["NextToken"]


def _figure(product: dict[str, Any], price: ServicePrice) -> float | None:
    """Return the first tier that is not free, as our file writes it; None if the product has no on-demand price."""
    tiers: list[tuple[float, float]] = []
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            usd = dimension["pricePerUnit"].get("USD")
            if usd is not None and float(usd):
                units = _THOUSANDS.get(str(dimension.get("unit", ""))[:2].lower(), 1)
                tiers.append((float(dimension.get("beginRange", 0)), float(usd) * price.per / units))
    return round(min(tiers)[1], 9) if tiers else None
