"""Each format's file says where its facts are from, and its own example is a record that its checker takes."""

import json
from datetime import date

import pytest

from lambdas.tuning.data_sets.formats import Format, formats


@pytest.mark.parametrize("described", formats().values(), ids=formats())
def test_a_format_has_a_source_and_an_example_of_its_own_keys(described: Format) -> None:
    record = json.loads(described.example)

    assert described.source
    assert date(2026, 1, 1) <= described.checked <= date.today()  # noqa: DTZ011  # a day, wherever
    assert set(described.required) <= set(record) <= {*described.required, *described.optional}
