"""Prices of all environments: no type goes unseen, and what the document works out by hand is what the command says."""

import re
from datetime import UTC, datetime
from typing import Final

import pytest

from configuration.config import Config
from configuration.cost import usage
from configuration.environment_file import PROJECT, load, names
from lambdas.catalogue.idle import BILLED, price_of
from quarry.cost.commands import hours_until_end
from quarry.cost.estimate import Estimate, estimate
from quarry.cost.switches import savings, switched
from quarry.cost.template import Resource, Template
from tests import templates

DOCUMENT: Final = (PROJECT / "docs" / "cost.md").read_text(encoding="utf-8")
NOW: Final = datetime(2026, 12, 1, tzinfo=UTC)
SHARED: Final = "Worked by hand"
# A table's line: what, how it is reckoned, what it comes to.
_LINE: Final = re.compile(r"^\| (?P<what>.+?) \| (?P<reckoned>[\d .×+/()-]+) \| (?P<usd>[\d.]+) \|$", re.MULTILINE)


def resources(config: Config, made: dict[str, dict[str, object]] | None = None) -> list[Resource]:
    """Return what an environment deploys, as the command line reads it."""
    documents = made or templates.of_environment(config.name)
    return [
        resource
        for stack, document in documents.items()
        for resource in Template(stack.lower(), document, config.region).resources()
    ]


def priced(name: str) -> Estimate:
    config = load(name)
    hours = hours_until_end(config, now=NOW)
    return estimate(config, resources(config), usage.load(), hours=hours)


def section(title: str) -> str:
    """Return a section's text, without those below it."""
    match = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert match is not None, f"docs/cost.md has no section {title}"
    return match[2]


def worked(title: str) -> dict[str, float]:
    """Return the bold lines of a section's table."""
    lines = [(match["what"], float(match["usd"])) for match in _LINE.finditer(section(title))]
    return {what.split("**")[1]: usd for what, usd in lines if what.startswith("**")}


def reckon(expression: str) -> float:
    """Return what an expression of numbers comes to; the pattern lets nothing else through."""
    return float(eval(expression.replace("×", "*"), {"__builtins__": {}}))


@pytest.mark.parametrize("name", names())
def test_every_type_of_every_template_is_priced_or_free_or_by_use(name: str) -> None:
    found = {
        one.type_name: price_of(one.type_name, one.properties, region="us-east-1") for one in resources(load(name))
    }

    assert {type_name: one.reason for type_name, one in found.items() if one.usd_per_hour is None} == {}
    assert BILLED.keys() & found.keys() > {"AWS::Lambda::Function", "AWS::DynamoDB::Table"}


@pytest.mark.parametrize("name", names())
def test_everything_of_every_environment_has_a_price(name: str) -> None:
    assert [(one.logical_id, one.unpriced) for one in priced(name).unpriced] == []


@pytest.mark.parametrize("title", [SHARED, *names()])
def test_the_document_reckons_right(title: str) -> None:
    lines = list(_LINE.finditer(section(title)))

    assert lines
    for line in lines:
        assert reckon(line["reckoned"]) == pytest.approx(float(line["usd"]), abs=0.0051), line[0]


@pytest.mark.parametrize("name", names())
def test_the_command_says_what_the_document_works_out(name: str) -> None:
    found, by_hand = priced(name), worked(name)

    assert found.usd_per_month == pytest.approx(by_hand["idle per month"], rel=0.01)
    assert found.usd_per_hour == pytest.approx(by_hand["idle per hour"], rel=0.01)
    assert found.usd_per_thousand_requests == pytest.approx(by_hand["per thousand requests"], rel=0.01)
    if "until it ends" in by_hand:
        assert found.usd_event == pytest.approx(by_hand["until it ends"], rel=0.01)
    else:
        assert found.usd_event is None


def test_a_table_that_is_wrong_is_seen() -> None:
    (line,) = _LINE.finditer("| two keys | 2 × 1 | 3.00 |")

    assert reckon(line["reckoned"]) != float(line["usd"])


def test_what_a_switch_saves_is_what_a_synthesis_with_it_says() -> None:
    config, mix = load("production"), usage.load()
    (one,) = [
        saving for saving in savings(config, resources(config), mix) if saving.switch.knob == "knowledge.vector_store"
    ]
    after_config = switched(config, one.switch)
    assert after_config is not None

    after = estimate(after_config, resources(after_config, templates.of(after_config)), mix)

    before = priced("production")
    assert one.usd_per_month_idle == pytest.approx(before.usd_per_month - after.usd_per_month, abs=0.01)
    assert one.usd_per_month_of_use == pytest.approx(before.usd_of_use_per_month - after.usd_of_use_per_month, abs=0.01)
