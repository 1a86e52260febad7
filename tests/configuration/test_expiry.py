"""When an environment ends: a duration, a moment with its offset, or never; and what else people write."""

import pytest
from pydantic import TypeAdapter, ValidationError

from configuration.expiry import ExpiresAfter
from configuration.section import sentence
from configuration.yaml_text import read_mapping

EXPIRES_AFTER: TypeAdapter[str | None] = TypeAdapter(ExpiresAfter)


def read(text: str) -> str | None:
    """Return what is made of a value as it stands in a file."""
    return EXPIRES_AFTER.validate_python(read_mapping(f"expires_after: {text}", shown="x")["expires_after"])


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("14d", "14d"),
        ("10h", "10h"),
        ("30m", "30m"),
        ("400d", "400d"),
        ("null", None),
        ("2026-12-03T18:00+01:00", "2026-12-03T18:00:00+01:00"),
        ("2026-12-03T18:00:30+01:00", "2026-12-03T18:00:30+01:00"),
        ("2026-12-03 18:00:30Z", "2026-12-03T18:00:30+00:00"),
        ("2026-12-03T18:00Z", "2026-12-03T18:00:00+00:00"),
    ],
)
def test_durations_moments_and_never_are_accepted_and_read_the_same_again(text: str, ends: str | None) -> None:
    assert read(text) == ends
    assert EXPIRES_AFTER.validate_python(ends) == ends


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("29m", "'29m' is not accepted: expected a duration from 30m to 400d"),
        ("401d", "'401d' is not accepted: expected a duration from 30m to 400d"),
        ("1.5h", "'1.5h' is not a duration; write 30m, 12h, 30d or 2w"),
        ("14", "14 is not accepted: write how long"),
        ("soon", "'soon' is not accepted: write how long"),
        ("never", "'never' is not accepted: write how long"),
        ("2026-12-03", "datetime.date(2026, 12, 3) is not accepted: write how long"),
        ("2026-12-03T18:00", "'2026-12-03T18:00' is not accepted: whose time? Add the offset"),
        ("2026-12-03T18:00:00", "'2026-12-03 18:00:00' is not accepted: whose time? Add the offset"),
        ("true", "True is not accepted: write how long"),
        ("[14d]", "['14d'] is not accepted: write how long"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        read(text)

    assert sentence(refused.value.errors()[0]).startswith(told)
