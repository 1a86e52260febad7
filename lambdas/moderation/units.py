"""What a guardrail's judgement costs: text units, with a price for each kind of policy.

Source: Amazon Bedrock's pricing page, Guardrails; words and patterns are free.
"""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Final

from lambdas.allowances.usage import Usage
from lambdas.catalogue import services
from lambdas.common.text_units import CHARACTERS

# Member of ApplyGuardrail's usage -> price.
_PRICED: Final = {
    "contentPolicyUnits": "guardrail.content",
    "topicPolicyUnits": "guardrail.topic",
    "sensitiveInformationPolicyUnits": "guardrail.pii",
}


def most(characters: int, *, texts: int, region: str) -> Usage:
    """Return the most that judging so many characters can cost, in so many texts, whichever policies there are."""
    # Each text ends in a unit that is not full.
    units = characters // CHARACTERS + texts
    return _usage(dict.fromkeys(_PRICED, units), region=region)


def taken(*counted: Mapping[str, int], region: str) -> Usage:
    """Return what judgements cost, of ApplyGuardrail's ``usage`` of each."""
    return _usage({kind: sum(one.get(kind, 0) for one in counted) for kind in _PRICED}, region=region)


def _usage(units: Mapping[str, int], *, region: str) -> Usage:
    cost = sum((number * _price(_PRICED[kind], region=region) for kind, number in units.items()), Decimal(0))
    micro_dollars = int((cost * 1_000_000).to_integral_value(rounding=ROUND_CEILING))
    return Usage(micro_dollars=micro_dollars, input_micro_dollars=micro_dollars)


def _price(name: str, *, region: str) -> Decimal:
    """Return a unit's price in dollars; where the region's is not known, the dearest that is."""
    found = services.price(name)
    usd = found.usd.get(region, max(found.usd.values()))
    return Decimal(str(usd)) / found.per
