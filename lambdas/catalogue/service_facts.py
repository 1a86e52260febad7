"""The shape of what is known of AWS's prices: what ``configuration/cost`` says, and what ``services.json`` carries."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from lambdas.catalogue.facts import Dollars, Group, Region, Text

Period = Literal["hour", "month"]


class PriceListUsage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How AWS's Price List calls it.

    Attributes:
        usage_types: each without the region's prefix; any of them has the price, for they cost the same.
    """

    service: Text
    usage_types: Annotated[tuple[Text, ...], Meta(min_length=1)]


class ServicePrice(Group, frozen=True, kw_only=True):
    """One price of an AWS service, by region.

    Attributes:
        unit: what is paid for.
        period: for how long one unit costs so much; None if it is paid per use.
        per: how many units cost so much.
    """

    unit: Text
    period: Period | None = None
    per: Annotated[int, Meta(ge=1)] = 1
    usd: Annotated[dict[Region, Dollars], Meta(min_length=1)]
    price_list: PriceListUsage | None = None


class Services(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything.

    Attributes:
        sources: what the words in brackets mean that prices name as their ``source``.
        free: CloudFormation's resource type -> why it costs nothing.
        by_use: type -> what is paid when it is used; nothing while it is idle.
    """

    sources: dict[str, Text]
    prices: dict[str, ServicePrice]
    free: dict[str, Text]
    by_use: dict[str, Text]
