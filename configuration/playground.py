"""The section ``playground``: a page at the endpoint's address, and maybe an address of one's own in front of both."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from configuration.section import Section

# CloudFront takes certificates from there and from nowhere else, wherever the environment is.
_CERTIFICATES: Final = "us-east-1"
_CERTIFICATE: Final = rf"^arn:aws:acm:{_CERTIFICATES}:\d{{12}}:certificate/[0-9a-f-]{{36}}$"


def _certificate(value: Any) -> Any:
    parts = value.split(":") if isinstance(value, str) else []
    if len(parts) == 6 and parts[2] == "acm" and parts[3] != _CERTIFICATES:
        raise ValueError(
            f"the certificate is in {parts[3] or 'no region'}, and CloudFront takes those of {_CERTIFICATES} only: "
            f"request one for the same name there (aws acm request-certificate --region {_CERTIFICATES} --domain-name "
            "NAME --validation-method DNS), and name its ARN here"
        )
    return value


class Domain(Section):
    """A CloudFront distribution in front of the page and the API, at a name of one's own."""

    name: Annotated[
        str,
        Field(
            max_length=253, pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", examples=["ai.example.com"]
        ),
    ]
    """The name, as ai.example.com. One name can be one distribution's only, in all of AWS."""

    certificate_arn: Annotated[str, Field(pattern=_CERTIFICATE), BeforeValidator(_certificate)]
    """ARN of an issued certificate of ACM's for the name, in us-east-1 whichever region the environment is in."""

    hosted_zone_id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]{1,31}$", examples=["Z2ABCDEFGHIJKL"])] | None = None
    """Id of the Route 53 zone in which the name is made to point there. Left out, that is to be done by hand: the
    output DomainTarget is what a CNAME has to name."""

    price_class: Literal["PriceClass_100", "PriceClass_200", "PriceClass_All"] = "PriceClass_100"
    """From which of CloudFront's places it is served: North America, Europe and Israel; with most others; all."""


class Playground(Section):
    """The page."""

    domain: Domain | None = None
    """An address of one's own for the page and the API, by CloudFront. Nothing idle; a million requests cost 1 USD, a
    GB to browsers 0.085 USD, of which an account has the first ten million and the first 1,024 GB of a month free."""


def _told_in_short(value: Any) -> Any:
    if isinstance(value, bool):
        return {} if value else None
    if value is not None and not isinstance(value, dict | Playground):
        raise ValueError(f"{value!r} is not accepted: expected true, false, or a section with `domain`")
    return value


# `true` is a page without more, `false` is none.
PlaygroundKnob = Annotated[
    Playground | None, BeforeValidator(_told_in_short, json_schema_input_type=bool | Playground | None)
]
