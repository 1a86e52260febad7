"""The products of ``offers.yaml`` as the Price List has them: a line of JSON each, with its terms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from sandbox.model.errors import Json

_PATH: Final = Path(__file__).with_name("offers.yaml")
# AWS's codes for on-demand terms and their rates.
_TERM: Final = "JRTCKXETXF"
_RATE: Final = "6YS6EN2CT7"
_DIGITS: Final = 16


@cache
def _document() -> Json:
    document: Json = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    return document


def services() -> list[str]:
    """Return the service codes, in alphabetical order."""
    return sorted(_document()["offers"])


def of_service(code: str, changed: Json) -> list[Json]:
    """Return a service's products in all regions.

    Args:
        changed: usage type -> another price, as text, or null: it is not in the list.
    """
    offer = _document()["offers"][code]
    return list(_products(code, offer, changed))


def attributes(code: str) -> list[str]:
    """Return the names of what a service's products are described by."""
    return sorted({name for product in of_service(code, {}) for name in product["product"]["attributes"]})


def _products(code: str, offer: Json, changed: Json) -> Iterator[Json]:
    for written in offer["products"]:
        for region, price in written["usd"].items():
            usage = _usage(written, region)
            price = changed.get(usage, price)
            if price is not None:
                yield _product(code, offer["name"], written, region, usage, price)


def _usage(written: Json, region: str) -> str:
    code = _document()["regions"][region]["code"]
    prefix = written.get("prefix", "none")
    if prefix == "region":
        return f"{region}-{written['usage']}"
    return str(written["usage"]) if prefix == "none" and region == "us-east-1" else f"{code}-{written['usage']}"


def _product(code: str, name: str, written: Json, region: str, usage: str, price: Any) -> Json:
    sku = hashlib.sha256(f"{code} {region} {usage}".encode()).hexdigest()[:_DIGITS].upper()
    described = {
        "servicecode": code,
        "servicename": name,
        "location": _document()["regions"][region]["location"],
        "locationType": "AWS Region",
        "regionCode": region,
        "usagetype": usage,
        "operation": "",
        **written.get("attributes", {}),
    }
    published = _document()["publication"]
    term = {
        "priceDimensions": dict(_dimensions(sku, written["unit"], usage, price)),
        "sku": sku,
        "effectiveDate": published,
        "offerTermCode": _TERM,
        "termAttributes": {},
    }
    return {
        "product": {"productFamily": written["family"], "attributes": described, "sku": sku},
        "serviceCode": code,
        "terms": {"OnDemand": {f"{sku}.{_TERM}": term}},
        "version": published.translate({ord(mark): None for mark in "-:TZ"}),
        "publicationDate": published,
    }


def _dimensions(sku: str, unit: str, usage: str, price: Any) -> Iterator[tuple[str, Json]]:
    tiers = price if isinstance(price, list) else [[0, price]]
    # AWS does not put them in order.
    for number, (begin, usd) in reversed(list(enumerate(tiers))):
        end = tiers[number + 1][0] if number + 1 < len(tiers) else "Inf"
        rate = f"{sku}.{_TERM}.{_RATE}" if len(tiers) == 1 else f"{sku}.{_TERM}.{number:010d}"
        yield (
            rate,
            {
                "unit": unit,
                "endRange": str(end),
                "description": f"${float(usd):g} per {unit} of {usage}",
                "appliesTo": [],
                "rateCode": rate,
                "beginRange": str(begin),
                "pricePerUnit": {"USD": usd},
            },
        )
