"""The knob ``playground``: true, false, or a section; and an address of one's own, with a certificate that fits."""

from typing import Any

import pytest
from pydantic import ValidationError

from configuration.config import Config
from configuration.environment_file import load
from configuration.section import sentence

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
DOMAIN = {"name": "ai.example.com", "certificate_arn": CERTIFICATE}


def of(playground: Any) -> Config:
    return Config.model_validate({**load("dev").model_dump(), "playground": playground})


def wrong(playground: Any) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        of(playground)
    return [sentence(detail) for detail in refused.value.errors()]


@pytest.mark.parametrize(("given", "there"), [(True, True), ({}, True), (False, False), (None, False)])
def test_the_short_form_says_whether_there_is_a_page(given: Any, there: bool) -> None:
    made = of(given).playground

    assert (made is not None) is there
    assert made is None or made.domain is None


def test_left_out_there_is_none() -> None:
    document = load("dev").model_dump()
    del document["playground"]

    assert Config.model_validate(document).playground is None


def test_a_domain_is_a_name_and_a_certificate() -> None:
    made = of({"domain": DOMAIN}).playground

    assert made is not None
    assert made.domain is not None
    assert (made.domain.hosted_zone_id, made.domain.price_class) == (None, "PriceClass_100")


def test_a_certificate_of_another_region_is_refused_with_the_way_on() -> None:
    (told,) = wrong({"domain": {**DOMAIN, "certificate_arn": CERTIFICATE.replace("us-east-1", "eu-west-1")}})

    assert told.startswith("playground.domain.certificate_arn: the certificate is in eu-west-1")
    assert "aws acm request-certificate --region us-east-1" in told


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("yes", "playground: 'yes' is not accepted: expected true, false, or a section"),
        (1, "playground: 1 is not accepted"),
        ({"domian": DOMAIN}, "playground.domian: unknown key"),
        ({"domain": {"name": "ai.example.com"}}, "playground.domain.certificate_arn: required and missing"),
        ({"domain": {**DOMAIN, "name": "https://ai.example.com"}}, "playground.domain.name: "),
        ({"domain": {**DOMAIN, "name": "localhost"}}, "playground.domain.name: "),
        ({"domain": {**DOMAIN, "name": "-a.example.com"}}, "playground.domain.name: "),
        ({"domain": {**DOMAIN, "certificate_arn": "arn:aws:iam::1:server-certificate/x"}}, "playground.domain.cert"),
        ({"domain": {**DOMAIN, "hosted_zone_id": "example.com"}}, "playground.domain.hosted_zone_id: "),
        ({"domain": {**DOMAIN, "price_class": "all"}}, "playground.domain.price_class: "),
    ],
)
def test_what_is_wrong_is_told_in_one_line_with_its_place(given: Any, place: str) -> None:
    (told,) = wrong(given)

    assert told.startswith(place)
