"""``quarry cost``, as a shell runs it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from configuration.config import Config
from quarry.command_error import CommandError
from quarry.cost import synthesis
from quarry.cost.commands import hours_until_end
from quarry.cost.template import Template
from tests.quarry.conftest import Run
from tests.varying import Vary

STANDBY = {"dev": "DISABLED", "production": "ENABLED", "workshop": "DISABLED"}
MIX = """
requests_per_day: 10
aliases: {fast: {share: 1, input_tokens: 1000, output_tokens: 500}}
"""


@pytest.fixture(autouse=True)
def templates(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the app would make: two stacks, to which tests add resources."""
    added: dict[str, Any] = {}

    def made(config: Config, *, tell: Any) -> list[Template]:
        replicas = {"StandbyReplicas": STANDBY[config.name]}
        knowledge = {
            "Collection": {"Type": "AWS::OpenSearchServerless::Collection", "Properties": replicas},
            "Key": {"Type": "AWS::KMS::Key"},
        }
        inference = {"Api": {"Type": "AWS::ApiGateway::RestApi"}, "Role": {"Type": "AWS::IAM::Role"}, **added}
        return [
            Template("knowledge", {"Resources": knowledge}, config.region),
            Template("inference", {"Resources": inference}, config.region),
        ]

    monkeypatch.setattr(synthesis, "templates", made)
    return added


def test_an_environments_price_for_people(run: Run) -> None:
    ran = run("cost", "-e", "dev")

    assert (ran.code, ran.err) == (0, "")
    first, second, _, head, *rows = ran.out.splitlines()
    assert first.startswith("dev costs 0.2414 USD per hour while nobody uses it (176.20 per month), and ")
    assert "USD for 336 hours with it." in first
    assert "730 hours are a month" in second
    assert "samples/usage.yaml, 1000 requests per day" in second
    assert head.split()[:3] == ["stack", "resource", "type"]
    assert rows[0].split()[:4] == ["knowledge", "Collection", "OpenSearchServerless::Collection", "175.20"]
    assert rows[0].endswith("█" * 24)
    assert "and 1 that cost nothing, or less than a cent a month." in rows
    assert any(row.startswith("knowledge.vector_store: s3_vectors ") and "saves 175.20 idle" in row for row in rows)


def test_an_environments_price_for_programs(run: Run) -> None:
    document = run("cost", "-e", "dev", "--json").json

    assert document["idle_usd_per_hour"] == pytest.approx(0.24 + 1 / 730, abs=1e-6)
    assert document["idle_usd_per_month"] == pytest.approx(175.2 + 1, abs=1e-4)
    assert document["unpriced"] == []
    assert datetime.fromisoformat(document["as_of"])
    assert {one["id"] for one in document["resources"]} > {"Collection", "Key", "Api", "Role", "alias fast"}
    assert document["cheaper"][0]["knob"] == "knowledge.vector_store"
    assert document["event_hours"] == 336


def test_one_line(run: Run) -> None:
    ran = run("cost", "-e", "dev", "--brief")

    assert ran.out.startswith("dev costs 0.2414 USD per hour")
    assert ran.out.count("\n") == 1


def test_hours_of_the_event_may_be_said(run: Run) -> None:
    assert run("cost", "-e", "workshop", "--json").json["event_hours"] == 10
    assert run("cost", "-e", "workshop", "--hours", "4", "--json").json["event_hours"] == 4


def test_two_environments_side_by_side(run: Run) -> None:
    ran = run("cost", "--compare", "dev", "production")

    assert ran.code == 0
    head, *rows = [line.split("  ") for line in ran.out.splitlines()]
    assert [one.strip() for one in head if one.strip()] == ["US dollars", "dev", "production", "difference"]
    table = {row[0]: [one.strip() for one in row[1:] if one.strip()] for row in rows}
    assert table["OpenSearchServerless, idle per month"] == ["175.20", "350.40", "+175.20"]
    assert table["KMS, idle per month"] == ["1.00", "1.00", "+0.00"]
    assert table["idle per month"] == ["176.20", "351.40", "+175.20"]
    assert table["until it ends"][1] == "-"


def test_two_environments_for_programs(run: Run) -> None:
    document = run("cost", "--compare", "dev", "production", "--json").json

    assert [one["environment"] for one in document["environments"]] == ["dev", "production"]
    assert document["difference"]["idle_usd_per_month"] == pytest.approx(175.2, abs=1e-4)


def test_what_has_no_price_is_listed_and_fails_nothing(run: Run, templates: dict[str, Any]) -> None:
    templates["Database"] = {"Type": "AWS::RDS::DBInstance"}

    ran = run("cost", "-e", "dev")

    assert ran.code == 0
    assert "; 1 without a price." in ran.out
    assert ran.err == (
        "\nWithout a price in dev, so not in any sum:\n"
        "  inference/Database (AWS::RDS::DBInstance): no price for the type AWS::RDS::DBInstance\n"
    )
    assert run("cost", "-e", "dev", "--json").json["unpriced"][0]["id"] == "Database"


def test_another_mix_of_use(run: Run, tmp_path: Path) -> None:
    mix = tmp_path / "mix.yaml"
    mix.write_text(MIX)

    document = run("cost", "-e", "dev", "--usage", str(mix), "--json").json

    # Nova Micro, a fifth of the requests with 1,500 tokens of passages; the gateway; a question's embedding.
    usd = (1300 * 0.035 + 500 * 0.14) / 1e6 + 3.5e-6 + 0.2 * 50 * 0.02 / 1e6
    assert document["usd_per_thousand_requests"] == pytest.approx(1000 * usd, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("requests_per_day: 10", "aliases: required and missing"),
        (MIX.replace("fast", "clever"), "The mix of use asks the alias 'clever', which dev does not have"),
        ("[", "not valid YAML"),
    ],
)
def test_a_mix_that_cannot_be_used_is_told(run: Run, tmp_path: Path, text: str, said: str) -> None:
    mix = tmp_path / "mix.yaml"
    mix.write_text(text)

    ran = run("cost", "-e", "dev", "--usage", str(mix))

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--usage", "nowhere.yaml", "-e", "dev"),
        ("-e", "nowhere"),
        ("--compare", "dev", "nowhere"),
        ("--hours", "0", "-e", "dev"),
    ],
)
def test_what_is_not_there_is_told(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run("cost", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err


NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ends", "hours"),
    [(None, None), ("10h", 10), ("90m", 1.5), ("14d", 336), ("2026-12-02T12:00+00:00", 24)],
)
def test_an_environment_lives_until_it_ends(ends: str | None, hours: float | None, vary: Vary) -> None:
    assert hours_until_end(vary(expires_after=ends), now=NOW) == hours


def test_an_environment_that_has_ended_has_no_hours(vary: Vary) -> None:
    with pytest.raises(CommandError, match="dev has ended: expires_after is 2026-11-30"):
        hours_until_end(vary(expires_after="2026-11-30T12:00+00:00"), now=NOW)
