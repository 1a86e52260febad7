"""What all that people write in YAML shares: strictness, and the words that several files and sections use."""

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from lambdas.catalogue.facts import REGION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

Region = Annotated[str, Field(pattern=f"^{REGION}$", examples=["us-east-1"])]
Alias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", examples=["fast"])]
ModelId = Annotated[str, Field(min_length=3, examples=["amazon.nova-micro-v1:0"])]

# What pydantic says before what it expects.
_EXPECTED: Final = re.compile(r"^(Input should be (a valid )?|(String|List|Dictionary) should (have|match) )")
# Characters of a value that a line shows.
_SHOWN: Final = 100


class Section(BaseModel):
    """Base of a file and of its parts: strict types, no unknown keys, immutable; attributes have docstrings."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


def within(least: float, most: float, rule: str) -> BeforeValidator:
    """Return a check that tells the rule and the way out as well as the bounds.

    It goes behind a Field with the same bounds, which the schema for editors is made of.
    """

    def check(value: Any) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and not least <= value <= most:
            raise ValueError(f"{value!r} is not accepted: expected {least} to {most}; {rule}")
        return value

    return BeforeValidator(check)


def place(location: "Sequence[int | str]") -> str:
    """Return where something stands in a file, as "inference.throttle.rate"."""
    # "[key]" is added where a key itself is wrong; the part before it names it.
    return ".".join(str(part) for part in location if not str(part).startswith("["))


def sentence(detail: "ErrorDetails", *, path: str | None = None) -> str:
    """Return what pydantic found wrong in a file, as a line that says where, what stands there and what is accepted.

    Args:
        path: as of ``place``; by default where pydantic found it.
    """
    path = place(detail["loc"]) if path is None else path
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        parent, _, key = path.rpartition(".")
        return f"{path}: unknown key; {parent or 'the file'} has no {key!r}"
    if kind == "missing":
        return f"{path}: required and missing"
    if kind == "value_error":
        reason = str(detail["ctx"]["error"])
        return f"{path}: {reason}" if path else reason
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}…"
    message = _EXPECTED.sub("", detail["msg"])
    return f"{path}: {shown} is not accepted: expected {message[0].lower() + message[1:]}"
