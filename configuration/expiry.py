"""When an environment ends by itself: ``expires_after``, a duration or a moment.

A duration counts from the first deploy, which nobody knows at synth; so does what is past. Both are decided by
``lambdas.expiry`` when the stack is deployed.
"""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from configuration import duration

# Less, and it would end before it is deployed; more than a year is never, which is said by null.
LEAST: Final = "30m"
MOST: Final = "400d"

# What to write where the key is missing.
ADVICE: Final = (
    "write how long the environment lives from its first deploy (expires_after: 14d, or 10h), when it ends "
    "(2026-12-03T18:00+01:00), or expires_after: null if it never ends by itself"
)


def _ends(value: Any) -> str | None:
    """Return a duration as it is written, or a moment in ISO 8601 with its offset.

    Raises:
        ValueError: it is neither, out of bounds, or a moment without an offset from UTC.
    """
    if value is None:
        return None
    if isinstance(value, str) and value[:1].isdigit() and value[-1:] in "mhdw":
        return duration.between(LEAST, MOST, value)
    try:
        # YAML reads some moments by itself, and those without seconds as text.
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is not accepted: {ADVICE}") from None
    if moment.tzinfo is None:
        raise ValueError(f"{str(value)!r} is not accepted: whose time? Add the offset from UTC, as in 18:00+01:00 or Z")
    return moment.isoformat(timespec="seconds")


ExpiresAfter = Annotated[
    str | None, BeforeValidator(_ends), Field(examples=["14d", "10h", "2026-12-03T18:00+01:00", None])
]
