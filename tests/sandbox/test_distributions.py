"""Distributions with names of one's own, in process: which certificate, whose name, how long an origin is silent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core import responses
from ministack.services import acm, cloudfront
from ministack.services.cloudformation import provisioners

from sandbox import distributions
from sandbox.distributions import DistributionError

NAME = "ai.example.com"


@pytest.fixture(autouse=True)
def _installed() -> Iterator[None]:
    distributions.install()
    yield
    acm.reset()
    cloudfront.reset()
    responses.set_request_region("us-east-1")


def certificate(*names: str, region: str = "us-east-1") -> str:
    responses.set_request_region(region)
    _, _, body = acm._request_certificate({"DomainName": names[0], "SubjectAlternativeNames": list(names)})
    responses.set_request_region("us-east-1")
    return str(json.loads(body)["CertificateArn"])


def config(arn: str = "", *names: str, seconds: int = 30) -> dict[str, Any]:
    origin = {"Id": "api", "DomainName": "x.example", "CustomOriginConfig": {"OriginReadTimeout": seconds}}
    viewer = {"ViewerCertificate": {"AcmCertificateArn": arn}} if arn else {}
    return {"DistributionConfig": {"Enabled": True, "Origins": [origin], "Aliases": list(names), **viewer}}


def make(properties: dict[str, Any]) -> str:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CloudFront::Distribution"]
    return str(handlers["create"]("Distribution", properties, "stack")[0])


def change(id_: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::CloudFront::Distribution"]
    handlers["update"](id_, old, new, "stack")


@pytest.mark.parametrize("names", [(NAME,), ("*.example.com",), ("example.com", NAME), ("AI.example.com",)])
def test_a_certificate_for_the_name_will_do(names: tuple[str, ...]) -> None:
    made = make(config(certificate(*names), NAME))

    assert made in cloudfront._distributions


@pytest.mark.parametrize("names", [("example.com",), ("*.ai.example.com",), ("*.com",), ("ai-example.com",)])
def test_another_names_does_not(names: tuple[str, ...]) -> None:
    with pytest.raises(DistributionError, match="doesn't cover"):
        make(config(certificate(*names), NAME))


def test_one_of_another_region_or_of_nowhere_does_not_exist_for_it() -> None:
    for arn in (certificate(NAME, region="eu-west-1"), "arn:aws:acm:us-east-1:000000000000:certificate/none"):
        with pytest.raises(DistributionError, match="isn't in us-east-1"):
            make(config(arn, NAME))


def test_without_one_there_is_no_name() -> None:
    with pytest.raises(DistributionError, match="must attach a trusted certificate"):
        make(config("", NAME))
    assert make(config())


def test_a_name_is_one_distributions_and_stays_its_own() -> None:
    arn = certificate("*.example.com")
    mine = make(config(arn, NAME))

    with pytest.raises(DistributionError, match="CNAMEAlreadyExists"):
        make(config(arn, "AI.example.com"))
    change(mine, config(arn, NAME), config(arn, NAME, "b.example.com"))
    with pytest.raises(DistributionError, match="CNAMEAlreadyExists"):
        make(config(arn, "b.example.com"))
    change(mine, config(arn, NAME, "b.example.com"), config(arn, NAME))
    assert make(config(arn, "b.example.com"))


@pytest.mark.parametrize(("seconds", "fits"), [(1, True), (120, True), (121, False)])
def test_an_origin_may_be_silent_for_two_minutes(seconds: int, *, fits: bool) -> None:
    if fits:
        make(config(seconds=seconds))
    else:
        with pytest.raises(DistributionError, match="InvalidOriginReadTimeout"):
            make(config(seconds=seconds))
