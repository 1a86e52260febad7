"""Text units: what a guardrail counts texts in, for its quotas and its price.

Source: Amazon Bedrock's pricing page, Guardrails: a text unit has up to 1,000 characters.
"""

from typing import Final

CHARACTERS: Final = 1_000


def text_units(characters: float) -> int:
    """Return what a text of so many characters takes: whole units."""
    return int(-(-characters // CHARACTERS))
