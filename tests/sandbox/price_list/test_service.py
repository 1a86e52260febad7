"""The Price List in this process: what it answers, through botocore's shapes."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import price_list
from sandbox.price_list import control
from sandbox.resources.service_api import ApiError, call


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    price_list.install()
    control.forget()
    yield
    control.forget()


def match(field: str, value: str, kind: str = "TERM_MATCH") -> dict[str, str]:
    return {"Type": kind, "Field": field, "Value": value}


def products(service: str, *filters: dict[str, str], **more: Any) -> list[dict[str, Any]]:
    reply = call("pricing", "GetProducts", {"ServiceCode": service, "Filters": list(filters), **more})
    return [json.loads(text) for text in reply["PriceList"]]


def dimensions(product: dict[str, Any]) -> list[dict[str, Any]]:
    (term,) = product["terms"]["OnDemand"].values()
    return list(term["priceDimensions"].values())


def usages(found: list[dict[str, Any]]) -> set[str]:
    return {one["product"]["attributes"]["usagetype"] for one in found}


def test_a_product_is_a_text_of_json_with_its_terms() -> None:
    (found,) = products("AmazonES", match("usagetype", "USE1-IndexingOCU"))

    assert found["serviceCode"] == "AmazonES"
    assert found["product"]["attributes"]["regionCode"] == "us-east-1"
    assert found["product"]["attributes"]["location"] == "US East (N. Virginia)"
    (dimension,) = dimensions(found)
    assert (dimension["pricePerUnit"], dimension["unit"]) == ({"USD": "0.2400000000"}, "OCU-Hours")
    assert (dimension["beginRange"], dimension["endRange"]) == ("0", "Inf")


def test_tiers_join_and_are_in_no_order() -> None:
    (found,) = products("AWSLambda", match("usagetype", "Lambda-GB-Second-ARM"))
    tiers = [(one["beginRange"], one["endRange"]) for one in dimensions(found)]

    assert tiers == [("18750000000", "Inf"), ("7500000000", "18750000000"), ("0", "7500000000")]


def test_usage_types_begin_as_aws_has_them() -> None:
    assert usages(products("AWSLambda", match("regionCode", "us-east-1"))) >= {"Request", "Lambda-GB-Second"}
    assert usages(products("AWSLambda", match("regionCode", "eu-west-1"))) >= {"EU-Request", "EU-Lambda-GB-Second"}
    assert usages(products("awskms", match("regionCode", "us-east-1"))) == {
        "us-east-1-KMS-Keys",
        "us-east-1-KMS-Requests",
    }


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("TERM_MATCH", "use1-indexingocu", {"USE1-IndexingOCU"}),
        ("EQUALS", "USE1-IndexingOCU", {"USE1-IndexingOCU"}),
        ("CONTAINS", "USE1-", {"USE1-IndexingOCU", "USE1-SearchOCU"}),
        ("ANY_OF", "USE1-IndexingOCU, USW2-SearchOCU", {"USE1-IndexingOCU", "USW2-SearchOCU"}),
        ("NONE_OF", "USE1-IndexingOCU,USE1-SearchOCU,USW2-SearchOCU", {"USW2-IndexingOCU"}),
        ("TERM_MATCH", "USE1-", set()),
    ],
)
def test_filters(kind: str, value: str, found: set[str]) -> None:
    assert usages(products("AmazonES", match("usagetype", value, kind))) == found


def test_filters_hold_together_and_know_the_family() -> None:
    found = products("AmazonVPC", match("productFamily", "VpcEndpoint"), match("regionCode", "eu-west-1"))

    assert usages(found) == {"EU-VpcEndpoint-Hours"}


def test_pages_follow_each_other() -> None:
    first = call("pricing", "GetProducts", {"ServiceCode": "AmazonES", "MaxResults": 3})
    second = call("pricing", "GetProducts", {"ServiceCode": "AmazonES", "NextToken": first["NextToken"]})

    assert len(first["PriceList"]) == 3
    assert len(second["PriceList"]) == 1
    assert "NextToken" not in second


def test_services_and_their_attributes() -> None:
    (one,) = call("pricing", "DescribeServices", {"ServiceCode": "AWSLambda"})["Services"]
    every = call("pricing", "DescribeServices", {})["Services"]

    assert {"usagetype", "regionCode", "group", "servicecode"} <= {*one["AttributeNames"]}
    assert {"AmazonES", "AmazonBedrock", "AmazonBedrockFoundationModels"} < {each["ServiceCode"] for each in every}


def test_values_of_an_attribute() -> None:
    request = {"ServiceCode": "AmazonES", "AttributeName": "regionCode"}

    assert call("pricing", "GetAttributeValues", request)["AttributeValues"] == [
        {"Value": "us-east-1"},
        {"Value": "us-west-2"},
    ]


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("GetProducts", {"ServiceCode": "AmazonGold"}, "InvalidParameterException"),
        ("DescribeServices", {"ServiceCode": "AmazonGold"}, "InvalidParameterException"),
        ("GetAttributeValues", {"ServiceCode": "AmazonES", "AttributeName": "colour"}, "NotFoundException"),
        ("GetProducts", {"ServiceCode": "AmazonES", "NextToken": "x"}, "InvalidNextTokenException"),
        ("GetProducts", {"ServiceCode": "AmazonES", "NextToken": "99"}, "InvalidNextTokenException"),
        (
            "GetPriceListFileUrl",
            {"PriceListArn": "arn:aws:pricing:::x", "FileFormat": "json"},
            "InvalidParameterException",
        ),
    ],
)
def test_what_is_refused(operation: str, request_: dict[str, Any], code: str) -> None:
    with pytest.raises(ApiError) as refused:
        call("pricing", operation, request_)

    assert code in str(refused.value)


def answered(method: str, name: str, body: bytes = b"") -> int:
    """Return the status of a control request."""
    return asyncio.run(control.handler(method, f"{control.PREFIX}/{name}", body, {}))[0]


def put(name: str, document: Any) -> int:
    return answered("PUT", name, json.dumps(document).encode())


def test_prices_can_be_changed_and_taken_away() -> None:
    assert put("prices", {"USE1-IndexingOCU": "0.3000000000", "USE1-SearchOCU": None}) == 200

    (found,) = products("AmazonES", match("regionCode", "us-east-1"))

    assert dimensions(found)[0]["pricePerUnit"] == {"USD": "0.3000000000"}


def test_it_throttles_when_told_to() -> None:
    assert put("script", [{"on": "GetProducts", "do": "refuse", "times": 1}]) == 200

    with pytest.raises(ApiError, match="ThrottlingException"):
        products("AmazonES")
    assert products("AmazonES")


@pytest.mark.parametrize(
    ("method", "name", "body", "status"),
    [
        ("PUT", "prices", b'{"USE1-IndexingOCU": 3}', 400),
        ("PUT", "prices", b"[]", 400),
        ("PUT", "script", b'[{"on": "GetProducts"}]', 400),
        ("PUT", "prices", b"{", 400),
        ("POST", "prices", b"{}", 405),
        ("GET", "gold", b"", 404),
        ("GET", "prices", b"", 200),
        ("DELETE", "prices", b"", 204),
    ],
)
def test_control(method: str, name: str, body: bytes, status: int) -> None:
    assert answered(method, name, body) == status
