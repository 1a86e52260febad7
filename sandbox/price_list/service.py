"""The service ``pricing``: GetProducts, DescribeServices, GetAttributeValues, as botocore's model has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.model import shapes
from sandbox.model.errors import AwsError, Json, Response
from sandbox.price_list import products
from sandbox.scripting import Script

SERVICE: Final = "pricing"
TARGET: Final = "AWSPriceListService."
_MOST: Final = 100

SCRIPT: Final = Script()
# Usage type -> another price, or None: it is not in the list. By the control endpoint.
CHANGED: Final[Json] = {}


async def handle_request(
    _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]
) -> Response:
    """Answer one request, as MiniStack's own services do."""
    operation = headers.get("x-amz-target", "").removeprefix(TARGET)
    try:
        if operation not in _OPERATIONS:
            raise _invalid(f"This local AWS does not do {operation} of the Price List.")
        request = shapes.parse(operation, body, service=SERVICE)
        step = SCRIPT.decide(operation, request)
        if step is not None and step.do == "refuse":
            raise AwsError(step.code, step.message)
        document = _OPERATIONS[operation](request)
    except AwsError as error:
        return error.response()
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(document).encode()


def _get_products(request: Json) -> Json:
    filters = [_filter(one) for one in request.get("Filters", [])]
    of_it = products.of_service(_code(request), CHANGED)
    found = [one for one in of_it if all(fits(one) for fits in filters)]
    page, token = _page(found, request)
    # A product is a text that holds JSON.
    return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(one) for one in page], **token}


def _describe_services(request: Json) -> Json:
    codes = [_code(request)] if request.get("ServiceCode") else products.services()
    page, token = _page(codes, request)
    services = [{"ServiceCode": code, "AttributeNames": products.attributes(code)} for code in page]
    return {"FormatVersion": "aws_v1", "Services": services, **token}


def _get_attribute_values(request: Json) -> Json:
    code, name = _code(request), request["AttributeName"]
    if name not in products.attributes(code):
        raise AwsError("NotFoundException", f"There is no attribute {name} of {code}.")
    described = [one["product"]["attributes"] for one in products.of_service(code, CHANGED)]
    page, token = _page(sorted({one[name] for one in described if name in one}), request)
    return {"AttributeValues": [{"Value": value} for value in page], **token}


_OPERATIONS: Final[Mapping[str, Callable[[Json], Json]]] = {
    "GetProducts": _get_products,
    "DescribeServices": _describe_services,
    "GetAttributeValues": _get_attribute_values,
}


def _code(request: Json) -> str:
    code = str(request["ServiceCode"])
    if code not in products.services():
        raise _invalid(f"Input Parameters are invalid. There is no service {code}.")
    return code


def _filter(written: Json) -> Callable[[Json], bool]:
    field, wanted = str(written["Field"]), str(written["Value"]).casefold()
    listed = {one.strip() for one in wanted.split(",")}

    def fits(product: Json) -> bool:
        described = {**product["product"]["attributes"], "productFamily": product["product"]["productFamily"]}
        value = str(described.get(field, "")).casefold()
        match written["Type"]:
            case "CONTAINS":
                return wanted in value
            case "ANY_OF":
                return value in listed
            case "NONE_OF":
                return value not in listed
        return value == wanted

    return fits


def _page(found: list[Any], request: Json) -> tuple[list[Any], Json]:
    token = str(request.get("NextToken") or "0")
    if not (token.isascii() and token.isdigit()) or int(token) > len(found):
        raise AwsError("InvalidNextTokenException", "The token is invalid.")
    start, most = int(token), int(request.get("MaxResults", _MOST))
    more = {"NextToken": str(start + most)} if start + most < len(found) else {}
    return found[start : start + most], more


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def reset() -> None:
    """Have nothing: MiniStack's reset asks every service."""


def get_state() -> Json:
    """Return nothing: what it answers is the file's."""
    return {}
