"""What a region has of that which Quarry is built on; an environment is refused where it could not be deployed.

The facts stand in ``catalogue/regions.yaml``.
"""

import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from configuration.section import Region, Section
from configuration.yaml_text import read_mapping

PATH: Final = Path(__file__).parent / "catalogue" / "regions.yaml"


class Offer(Section):
    """Where something is to be had."""

    regions: Annotated[list[Region], Field(min_length=1)]
    source: Annotated[str, Field(min_length=3)]
    checked: datetime.date
    """Day that somebody last looked."""


class Offers(Section):
    """The whole file."""

    web_adapter_layer: Offer
    response_streaming: Offer
    prompt_management: Offer
    s3_vectors: Offer
    long_grounding_sources: Offer


@cache
def offers() -> Offers:
    """Return what stands in ``catalogue/regions.yaml``."""
    return Offers.model_validate(read_mapping(PATH.read_bytes(), shown=PATH.name))


def check(region: str) -> None:
    """Check that the region has what every environment needs.

    Raises:
        ValueError: it lacks some of it; the message says what.
    """
    needed = {
        "AWS's Lambda Web Adapter as a layer, which the answers are streamed through": offers().web_adapter_layer,
        "REST APIs that stream (responseTransferMode STREAM)": offers().response_streaming,
    }
    missing = [what for what, offer in needed.items() if region not in offer.regions]
    if missing:
        raise ValueError(
            f"region: {region!r} is not accepted: nothing of Quarry works there, for the region lacks "
            f"{', and '.join(missing)}. Write one of {_near(region)}"
        )


def _near(region: str) -> str:
    """The regions of the same part of the world that have what is needed, or else where all of them stand."""
    able = [each for each in offers().web_adapter_layer.regions if each in offers().response_streaming.regions]
    near = [each for each in able if each.startswith(f"{region.partition('-')[0]}-")]
    return ", ".join(near) or "those in configuration/catalogue/regions.yaml"
