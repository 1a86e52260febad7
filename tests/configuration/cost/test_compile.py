"""From the two YAML files of prices to services.json: what is refused, and in which words."""

from typing import Any

import msgspec
import pytest
import yaml

from configuration.cost import compile as compiler
from configuration.studio.instances import INSTANCE_TYPES
from lambdas.catalogue import services

PRICES, RESOURCES = ((compiler.FOLDER / name).read_text(encoding="utf-8") for name in compiler.FILES)
KEY = "kms.key"


def problems(change: dict[str, Any]) -> str:
    """Return what is said about the prices after a change to the KMS key's; None takes a member out."""
    prices = yaml.load(PRICES, yaml.CSafeLoader)
    changed = {**prices["prices"][KEY], **change}
    prices["prices"][KEY] = {name: value for name, value in changed.items() if value is not None}
    with pytest.raises(compiler.PricesError) as refused:
        compiler.parse(yaml.dump(prices, Dumper=yaml.CSafeDumper), RESOURCES)
    return str(refused.value)


def test_the_generated_file_is_current() -> None:
    assert services.PATH.read_bytes() == compiler.compiled(), "run `make catalogue`"


def test_what_is_loaded_is_what_was_compiled() -> None:
    assert services.load() == compiler.parse(PRICES, RESOURCES)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": None}, "missing required field `source`"),
        ({"checked": None}, "missing required field `checked`"),
        ({"source": "[heard]"}, "kms.key: source [heard] is not explained under sources"),
        ({"per": 1000}, "kms.key: a price by the month is one unit's; leave per out"),
        ({"usd": {}}, "Expected `object` of length >= 1"),
        ({"usd": {"us-east-1": -1}}, "Expected `float` >= 0.0"),
        ({"usd": {"Virginia": 1}}, "Expected `str` matching regex"),
        ({"period": "year"}, "Invalid enum value 'year'"),
        ({"colour": "red"}, "unknown field `colour`"),
    ],
)
def test_what_a_price_may_not_be(change: dict[str, Any], said: str) -> None:
    assert said in problems(change)


@pytest.mark.parametrize(
    ("table", "type_name", "other"),
    [
        ("free", "AWS::SQS::Queue", "by_use"),
        ("free", "AWS::KMS::Key", "lambdas/catalogue/idle.py"),
        ("by_use", "AWS::KMS::Key", "lambdas/catalogue/idle.py"),
    ],
)
def test_a_type_stands_in_one_table(table: str, type_name: str, other: str) -> None:
    resources = yaml.load(RESOURCES, yaml.CSafeLoader)
    resources[table][type_name] = "because"

    with pytest.raises(compiler.PricesError) as refused:
        compiler.parse(PRICES, yaml.dump(resources, Dumper=yaml.CSafeDumper))

    assert refused.value.problems == [f"{type_name} is in {table} and in {other}; keep one"]


def test_what_is_no_yaml_says_which_file() -> None:
    with pytest.raises(compiler.PricesError) as refused:
        compiler.parse("prices: [", RESOURCES)

    assert str(refused.value).startswith("prices.yaml: not valid YAML")


def test_every_machine_that_a_space_may_have_has_a_price() -> None:
    assert {f"studio.app.{instance}" for instance in INSTANCE_TYPES} <= msgspec.to_builtins(
        services.load().prices
    ).keys()
