"""What all sections of an environment file share: strictness, and the words that several of them use."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", examples=["us-east-1"])]
Alias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", examples=["fast"])]
ModelId = Annotated[str, Field(min_length=3, examples=["amazon.nova-micro-v1:0"])]


class Section(BaseModel):
    """Base of all sections: strict types, no unknown keys, immutable, docstrings of attributes as descriptions."""

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
