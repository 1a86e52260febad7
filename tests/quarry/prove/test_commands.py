"""``quarry prove``, as a shell runs it."""

import json
from typing import Any

import pytest

from quarry.command_error import CommandError
from quarry.deployed.connection import LocalAws
from quarry.deployed.deployment import Deployment
from quarry.prove import commands
from quarry.prove.proof import Account, Outcome, Uncertainty, not_told
from quarry.prove.uncertainties import UNCERTAINTIES
from tests.quarry.conftest import Run
from tests.quarry.fakes import FakeAws


def uncertainty(name: str, outcome: Outcome | Exception | None, *, usd: float = 0.0) -> Uncertainty:
    def prove(_: Account) -> Outcome:
        if isinstance(outcome, Exception):
            raise outcome
        assert outcome is not None
        return outcome

    return Uncertainty(
        name=name,
        uncertain=f"whether {name}",
        written="either way",
        does="looks",
        command="" if outcome else "aws sts get-caller-identity",
        usd=usd,
        prove=prove if outcome else None,
    )


AS_WRITTEN = Outcome.of(True, "seen as written")
ROWS = (
    uncertainty("good", AS_WRITTEN),
    uncertainty("paid", AS_WRITTEN, usd=0.25),
    uncertainty("manual", None, usd=5.0),
)


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "UNCERTAINTIES", ROWS)


def test_every_uncertainty_is_told_with_what_it_does_and_costs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "UNCERTAINTIES", UNCERTAINTIES)

    told = run("prove", "--list", "--json").json

    assert [one["name"] for one in told] == [one.name for one in UNCERTAINTIES]
    assert all(one["uncertain"] and one["written"] and one["does"] and one["proof"] for one in told)
    assert all(one["by_hand"] or one["proof"] == f"quarry prove --only {one['name']}" for one in told)


def test_names_are_unique_and_what_no_command_proves_has_one_to_type() -> None:
    assert len({one.name for one in UNCERTAINTIES}) == len(UNCERTAINTIES)
    assert all((one.prove is None) == bool(one.command) for one in UNCERTAINTIES)


def test_the_list_needs_no_account(run: Run) -> None:
    ran = run("prove", "--list", "-e", "dev")

    assert (ran.code, ran.err) == (0, "")
    assert "quarry prove --only paid" in ran.out
    assert "at most 0.25 USD" in ran.out
    assert ran.out.splitlines()[-1].startswith("quarry prove runs those that are not by hand, for at most 0.250 USD")


def test_what_the_account_says_is_a_table_and_what_is_by_hand_stands_below(run: Run, aws: FakeAws) -> None:
    ran = run("prove", "-e", "dev", "--yes")

    assert ran.code == 0
    assert ran.out.splitlines()[1].split() == ["good", "as", "written", "seen", "as", "written"]
    assert "aws sts get-caller-identity" in ran.out.splitlines()[-1]


def test_it_asks_before_it_spends_and_a_no_is_the_end(run: Run, aws: FakeAws) -> None:
    ran = run("prove", "-e", "dev", stdin="n\n")

    assert ran.code == 1
    assert ran.out.strip() == ""
    assert "paid: at most 0.25 USD" in ran.err
    assert "Spend at most 0.250 USD?" in ran.err
    assert "Nothing was asked of AWS" in ran.err


def test_what_costs_nothing_is_not_asked_about(run: Run, aws: FakeAws) -> None:
    ran = run("prove", "-e", "dev", "--free", "--json")

    assert ran.code == 0
    assert [one["name"] for one in ran.json["proofs"]] == ["good"]
    assert ran.json["aws"] == "account"


@pytest.mark.parametrize(
    ("outcome", "verdict", "seen"),
    [
        (Outcome.of(False, "seven"), "otherwise", "seven"),
        (not_told("no knowledge base"), "not told", "no knowledge base"),
        (CommandError("no key is saved"), "not told", "no key is saved"),
    ],
)
def test_what_is_otherwise_or_not_told_is_exit_code_one_and_stops_nothing(
    run: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch, outcome: Any, verdict: str, seen: str
) -> None:
    monkeypatch.setattr(commands, "UNCERTAINTIES", (uncertainty("odd", outcome), *ROWS))

    ran = run("prove", "-e", "dev", "--free", "--json")

    assert ran.code == 1
    assert [one["verdict"] for one in ran.json["proofs"]] == [verdict, "as written"]
    assert ran.json["proofs"][0]["seen"] == seen


def test_against_the_local_aws_it_says_so_and_spends_without_asking(
    run: Run, aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = LocalAws(endpoint_url="http://localhost:4566", access_key_id="test", secret_access_key="test")
    made = Deployment.__init__
    monkeypatch.setattr(Deployment, "__init__", lambda self, config: made(self, config, aws=local))

    ran = run("prove", "-e", "dev", "--json")

    assert ran.code == 0
    assert "This is the local AWS" in ran.err
    assert json.loads(ran.out)["aws"] == "local"


def test_unknown_names_and_what_is_by_hand_are_refused_in_words(run: Run, aws: FakeAws) -> None:
    unknown, manual = run("prove", "-e", "dev", "--only", "nothing"), run("prove", "-e", "dev", "--only", "manual")

    assert (unknown.code, manual.code) == (2, 2)
    assert "There is no nothing to prove; there are good, paid, manual." in unknown.err
    assert "manual is proven by hand: aws sts get-caller-identity" in manual.err


def test_where_nothing_is_deployed_nothing_is_asked(run: Run, empty_aws: FakeAws) -> None:
    ran = run("prove", "-e", "dev", "--yes")

    assert ran.code == 1
    assert "Nothing of dev is deployed" in ran.err
