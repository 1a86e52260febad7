"""``quarry workshop plan``: quotas against heads, and the price."""

from pathlib import Path

import pytest

from configuration.config import Config
from configuration.environment_file import load
from configuration.inference import Throttle
from quarry.workshop import commands
from tests.quarry.conftest import Run
from tests.quarry.workshop.account import FakeStudio

STOPPING = {"L-AC46C40F", "L-8E5333B4", "L-71FAF417"}


def roster(folder: Path, count: int) -> str:
    file = folder / "people.csv"
    file.write_text("name\n" + "".join(f"Person {number}\n" for number in range(count)), encoding="utf-8")
    return str(file)


def test_forty_on_default_quotas_are_stopped_by_these_and_no_others(
    run: Run, studio: FakeStudio, tmp_path: Path
) -> None:
    ran = run("workshop", "plan", "--roster", roster(tmp_path, 40), "-e", "dev", "--json")

    assert ran.code == 1
    assert ran.json["participants"] == 40
    stopping = [quota for quota in ran.json["quotas"] if not quota["ok"]]
    assert {quota["code"] for quota in stopping} == STOPPING
    assert {quota["needed"] for quota in stopping} == {40}
    assert "--quota-code L-AC46C40F --desired-value 40" in stopping[0]["request"]
    assert ran.json["usd_event"] == pytest.approx(8 * ran.json["usd_per_hour"], abs=0.01)


def test_the_price_is_machines_disks_secrets_and_the_store(run: Run, studio: FakeStudio, tmp_path: Path) -> None:
    ran = run("workshop", "plan", "--roster", roster(tmp_path, 40), "-e", "dev", "--json")

    # 0.05 per app, 5 GB at 0.112 and a secret at 0.40 a month, an OCU at 0.24.
    expected = 40 * (0.05 + (5 * 0.112 + 0.4) / 730) + 0.24
    assert ran.json["usd_per_hour"] == pytest.approx(expected, abs=0.0001)
    assert ran.json["unpriced"] == []


def test_a_region_without_figures_is_told_and_is_no_other_regions(
    run: Run, studio: FakeStudio, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = config.model_copy(update={"region": "eu-west-2"})
    monkeypatch.setattr(commands, "environment", lambda _name: elsewhere)

    found = run("workshop", "plan", "-e", "dev", "--json").json

    assert found["usd_per_hour"] == pytest.approx(2 * 0.4 / 730, abs=0.0001)
    assert found["unpriced"][0].startswith("studio.app.ml.t3.medium has no price in eu-west-2")
    assert "Not in the price: studio.volume has no price" in run("workshop", "plan", "-e", "dev").err


def test_the_accounts_own_values_count(run: Run, studio: FakeStudio, tmp_path: Path) -> None:
    studio.quotas = {**dict.fromkeys(STOPPING, 100), "L-B99A9384": 10, "L-CFA4FA0D": 0}
    ran = run("workshop", "plan", "--roster", roster(tmp_path, 40), "-e", "dev")

    assert ran.code == 1
    small = [line for line in ran.out.splitlines() if line.startswith("TOO SMALL")]
    assert any("L-B99A9384" in line for line in small)
    assert not any(code in line for line in small for code in STOPPING)


def test_two_people_fit_into_a_new_account(run: Run, studio: FakeStudio) -> None:
    assert run("workshop", "plan", "-e", "dev").code == 0


def test_the_files_own_throttle_stops_it_too(
    run: Run, studio: FakeStudio, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = 2
    tight = config.inference.model_copy(update={"throttle": Throttle(rate=50, burst=1)})
    monkeypatch.setattr(commands, "environment", lambda _name: config.model_copy(update={"inference": tight}))

    ran = run("workshop", "plan", "-e", "dev")

    assert ran.code == 1
    assert any(line.split()[:3] == ["TOO", "SMALL", "inference.throttle.burst"] for line in ran.out.splitlines())
    assert "Set in the environment file, and deploy:\n  inference.throttle.burst: 2\n" in ran.out
    assert "Ask AWS" not in ran.out
    assert run("workshop", "plan", "-e", "dev", "--json").json["throttle"] == [
        {"knob": "inference.throttle.rate", "needed": 1, "value": 50, "ok": True},
        {"knob": "inference.throttle.burst", "needed": people, "value": 1, "ok": False},
    ]


def test_the_throttle_lets_everybody_use_their_allowance(run: Run, studio: FakeStudio, tmp_path: Path) -> None:
    ran = run("workshop", "plan", "--roster", roster(tmp_path, 100), "-e", "dev", "--json")

    # 20 requests a minute each, unless the section says otherwise.
    assert [(one["needed"], one["value"], one["ok"]) for one in ran.json["throttle"]] == [
        (34, 50, True),
        (100, 100, True),
    ]


def test_forty_one_have_no_room_among_the_running_apps(run: Run, studio: FakeStudio, tmp_path: Path) -> None:
    ran = run("workshop", "plan", "--roster", roster(tmp_path, 41), "-e", "dev", "--json")

    assert "L-4E39DDC4" in {quota["code"] for quota in ran.json["quotas"] if not quota["ok"]}


def test_a_bad_roster_is_exit_code_2_with_its_lines(run: Run, studio: FakeStudio, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name\n...\nAna\nAna\n", encoding="utf-8")
    ran = run("workshop", "plan", "--roster", str(file), "-e", "dev")

    assert ran.code == 2
    assert "line 2" in ran.err
    assert "line 4" in ran.err


def test_without_a_section_and_a_roster_there_is_nothing_to_plan(run: Run) -> None:
    assert load("dev").studio is None
    ran = run("workshop", "plan", "-e", "dev")

    assert ran.code == 2
    assert "Add a `studio` section" in ran.err
