"""``quarry workshop up``, ``start``, ``handout``, ``status``, ``freeze``, ``raise``, ``reset``, ``down``."""

import csv
import time
from pathlib import Path
from typing import Any, cast

import pytest

from configuration.studio.names import NO_KEY_YET, PARTICIPANT_KEY, secret_name
from quarry.deployed import connection
from quarry.deployed.connection import Connection, LocalAws
from quarry.workshop import cdk, commands, keys
from tests.configuration.test_playground import DOMAIN
from tests.configuration.test_playground import of as with_playground
from tests.quarry.conftest import Run
from tests.quarry.fakes import FakeAws
from tests.quarry.workshop.account import FakeStudio, refused
from tests.quarry.workshop.conftest import ANA

DEV = ("-e", "dev")


def live(aws: FakeAws) -> list[str]:
    return sorted(key.name for key in aws.keys.list() if key.revoked_at is None)


def test_up_gives_each_a_key_with_the_allowance_and_twice_changes_nothing(
    run: Run, aws: FakeAws, studio: FakeStudio
) -> None:
    assert len(run("workshop", "up", *DEV, "--json").json["new_keys"]) == 2
    stored = aws.keys.find(studio.key_of(ANA))
    assert stored is not None
    assert (stored.limits.usd_total, stored.limits.requests_per_minute) == (5_000_000, 20)
    assert stored.expires_at is not None
    before = dict(studio.secrets)

    assert run("workshop", "up", *DEV, "--json").json["new_keys"] == []
    assert studio.secrets == before
    assert len(live(aws)) == 2


def test_up_goes_on_where_a_run_was_killed(
    run: Run, aws: FakeAws, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(studio, "put_secret_value", killed)
        assert run("workshop", "up", *DEV).code != 0
    assert len(live(aws)) == 1

    assert run("workshop", "up", *DEV).code == 0
    assert len(live(aws)) == 2
    assert aws.keys.find(studio.key_of(ANA)) is not None


def test_up_revokes_the_key_of_who_has_left_and_touches_nobody_else(run: Run, aws: FakeAws, studio: FakeStudio) -> None:
    run("workshop", "up", *DEV)
    before = dict(studio.secrets)
    aws.keys.create(name=f"{PARTICIPANT_KEY}gone")
    aws.keys.create(name="an application")

    assert run("workshop", "up", *DEV, "--json").json["revoked"] == ["gone"]
    assert studio.secrets == before
    assert "an application" in live(aws)


def test_up_deploys_when_a_space_is_missing(run: Run, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.spaces.remove(ANA)
    deployed: list[object] = []
    monkeypatch.setattr(cdk, "deploy", deployed.append)

    assert run("workshop", "up", *DEV).code == 0
    assert len(deployed) == 1


def test_up_deploys_a_studio_that_is_not_there(
    run: Run, aws: FakeAws, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = aws.stacks.pop("quarry-dev-studio")
    monkeypatch.setattr(cdk, "deploy", lambda _deployment: aws.stacks.update({"quarry-dev-studio": outputs}))

    assert run("workshop", "up", *DEV).code == 0
    assert studio.key_of(ANA) != NO_KEY_YET


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_up_deploys_anew_what_failed(
    run: Run, aws: FakeAws, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    outputs = aws.stacks["quarry-dev-studio"]
    aws.statuses["quarry-dev-studio"] = status
    if status == "ROLLBACK_COMPLETE":
        aws.stacks["quarry-dev-studio"] = None
        told = run("workshop", "start", *DEV)
        assert (told.code, "not deployed completely (ROLLBACK_COMPLETE)" in told.err) == (1, True)
    deployed: list[object] = []

    def deploy(deployment: object) -> None:
        deployed.append(deployment)
        aws.stacks["quarry-dev-studio"] = outputs

    monkeypatch.setattr(cdk, "deploy", deploy)

    assert run("workshop", "up", *DEV).code == 0
    assert len(deployed) == 1
    assert studio.key_of(ANA) != NO_KEY_YET


def test_down_removes_what_never_came_to_be(run: Run, aws: FakeAws, studio: FakeStudio) -> None:
    aws.stacks["quarry-dev-studio"] = None
    aws.statuses["quarry-dev-studio"] = "ROLLBACK_COMPLETE"
    studio.secrets.clear()

    assert run("workshop", "down", "--yes", *DEV, "--json").json == {"keys_revoked": 0, "stack_destroyed": True}
    assert "quarry-dev-studio" not in aws.stacks


def test_without_the_cdk_the_command_is_said(run: Run, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.spaces.remove(ANA)
    monkeypatch.setattr("shutil.which", lambda _program, **_where: None)
    ran = run("workshop", "up", *DEV)

    assert ran.code == 1
    assert "cdk deploy --all --require-approval never --context environment=dev" in ran.err


def test_start_brings_all_into_service_as_their_spaces_say(run: Run, studio: FakeStudio) -> None:
    run("workshop", "up", *DEV)
    ran = run("workshop", "start", *DEV, "--json")

    assert ran.code == 0
    assert set(studio.apps.values()) == {"InService"}
    assert studio.created[0]["ResourceSpec"]["LifecycleConfigArn"] == "arn:lcc"
    run("workshop", "start", *DEV)
    assert len(studio.created) == 2


def test_start_says_who_failed_and_why(run: Run, studio: FakeStudio) -> None:
    studio.fails = {ANA}
    ran = run("workshop", "start", *DEV)

    assert ran.code == 1
    assert f"{ANA}: no disk" in ran.err
    studio.fails = set()
    assert run("workshop", "start", *DEV).code == 0


def test_start_names_the_quota(run: Run, studio: FakeStudio) -> None:
    studio.most = 1
    ran = run("workshop", "start", *DEV)

    assert ran.code == 1
    assert "L-71FAF417" in ran.err
    assert "is 6 Apps" in ran.err


def test_start_lets_keys_last_from_then_on(
    run: Run, aws: FakeAws, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("workshop", "up", *DEV)
    later = time.time() + 20 * 3_600
    monkeypatch.setattr(keys.time, "time", lambda: later)  # type: ignore[attr-defined]  # the module's own import
    run("workshop", "start", *DEV)

    stored = aws.keys.find(studio.key_of(ANA))
    assert stored is not None
    assert stored.expires_at == int(later + 8 * 3_600)


def test_a_handout_shows_a_key_once(run: Run, studio: FakeStudio, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("workshop", "handout", "--out", str(out), *DEV).code == 1
    run("workshop", "up", *DEV)
    assert run("workshop", "handout", "--out", str(out), *DEV, "--json").json["keys_shown"] == 2

    page = out / f"{ANA}.html"
    key = studio.key_of(ANA)
    assert key in page.read_text(encoding="utf-8")
    assert page.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader((out / "handout.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0]["api_key"] == key
    assert rows[1]["name"] == "'=HYPERLINK(1)"
    assert "--user-profile-name ana-lima" in rows[0]["sign_in"]

    run("workshop", "handout", "--out", str(out), *DEV)
    assert key not in page.read_text(encoding="utf-8")
    assert key not in (out / "handout.csv").read_text(encoding="utf-8")
    run("workshop", "handout", "--again", "--out", str(out), *DEV)
    assert key in page.read_text(encoding="utf-8")


def test_a_handout_on_this_machine_names_the_front_door(run: Run, studio: FakeStudio, tmp_path: Path) -> None:
    local = LocalAws(endpoint_url="http://localhost:4566", access_key_id="A", secret_access_key="s")
    door = "http://localhost:8080/v1"
    connection.save("dev", Connection(base_url=door, api_key="qk-x", key_id="key_x", aws=local))
    run("workshop", "up", *DEV)
    run("workshop", "handout", "--out", str(tmp_path / "out"), *DEV)

    rows = list(csv.DictReader((tmp_path / "out" / "handout.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["endpoint"] for row in rows} == {door}


@pytest.mark.parametrize(
    ("playground", "base_url", "linked"),
    [
        (False, "https://api.test/api/v1", None),
        (True, "https://api.test/api/v1", "https://api.test/api/"),
        ({"domain": DOMAIN}, "https://api.test/api/v1", "https://ai.example.com/"),
        # On this machine the name leads nowhere.
        ({"domain": DOMAIN}, "http://localhost:8787/v1", "http://localhost:8787/"),
    ],
)
def test_a_handout_links_the_page_where_people_reach_it(playground: Any, base_url: str, linked: str | None) -> None:
    class Deployed:
        config = with_playground(playground)

        def output(self, name: str) -> str:
            return {"BaseUrl": "https://api.test/api/v1", "PlaygroundUrl": "https://ai.example.com/"}[name]

    assert commands.playground_address(cast("Any", Deployed()), base_url) == linked


def test_status_tells_who_is_stuck(run: Run, aws: FakeAws, studio: FakeStudio) -> None:
    run("workshop", "up", *DEV)
    run("workshop", "start", *DEV)
    assert [line["stuck"] for line in run("workshop", "status", *DEV, "--json").json] == [None, None]

    studio.apps[ANA] = "Failed"
    eve = next(one for one in studio.spaces if one != ANA)
    assert run("workshop", "freeze", eve, *DEV).code == 0
    ana, frozen = run("workshop", "status", *DEV, "--json").json
    assert ana["stuck"].startswith("app failed")
    assert frozen["stuck"].startswith("key frozen")
    assert "Ana Lima" in run("workshop", "status", *DEV).out


def test_status_counts_what_failed_with_each_key_today(run: Run, aws: FakeAws, studio: FakeStudio) -> None:
    run("workshop", "up", *DEV)
    ana, eve = (line["key_id"] for line in run("workshop", "status", *DEV, "--json").json)
    now = time.time()
    studio.log.lines = [(now, ana, "429"), (now, eve, "200"), (now, ana, "504"), (now, "-", "401")]

    assert [line["errors_today"] for line in run("workshop", "status", *DEV, "--json").json] == [2, 0]


def test_status_tells_the_rest_where_the_log_cannot_be_read(run: Run, studio: FakeStudio) -> None:
    run("workshop", "up", *DEV)
    studio.log.lines = [(time.time(), "k1", "500")]
    studio.log.fails = refused("AccessDeniedException", "FilterLogEvents")

    shown = run("workshop", "status", *DEV)
    assert shown.code == 0
    assert "Ana Lima" in shown.out
    assert "logs:FilterLogEvents" in shown.err

    told = run("workshop", "status", *DEV, "--json")
    assert [(line["errors_today"], line["stuck"]) for line in told.json] == [(None, None), (None, None)]
    assert "logs:FilterLogEvents" in told.err


def test_a_live_table_says_once_that_the_log_cannot_be_read(
    run: Run, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("workshop", "up", *DEV)
    studio.log.lines = [(time.time(), "k1", "500")]
    studio.log.fails = refused("ResourceNotFoundException", "FilterLogEvents")
    monkeypatch.setattr(commands, "watch_table", lambda _columns, rows, **_: [rows(), rows()])
    watched = run("workshop", "status", "--watch", *DEV)

    assert watched.code == 0
    assert watched.err.count("deleted by hand") == 1


def test_a_live_table_begins_with_who_is_stuck(run: Run, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch) -> None:
    run("workshop", "up", *DEV)
    studio.apps = dict.fromkeys(studio.spaces, "InService")
    studio.apps[studio.spaces[-1]] = "Failed"
    shown: list[list[tuple[str, ...]]] = []
    monkeypatch.setattr(commands, "watch_table", lambda _columns, rows, **_: shown.append(rows()))
    assert run("workshop", "status", "--watch", *DEV).code == 0

    assert [row[0] for row in shown[0]] == list(reversed(studio.spaces))


def test_a_person_is_found_by_name_raised_and_reset(run: Run, aws: FakeAws, studio: FakeStudio) -> None:
    run("workshop", "up", *DEV)
    former = studio.key_of(ANA)
    assert run("workshop", "raise", "ana lima", "--usd", "10", *DEV).code == 0
    stored = aws.keys.find(former)
    assert stored is not None
    assert stored.limits.usd_total == 10_000_000

    studio.apps[ANA] = "InService"
    assert run("workshop", "reset", ANA, *DEV).code == 0
    assert ANA not in studio.apps
    stored = aws.keys.find(former)
    assert stored is not None
    assert stored.revoked_at is not None
    assert aws.keys.find(studio.key_of(ANA)) is not None
    assert run("workshop", "freeze", "nobody", *DEV).code == 2


def test_down_leaves_nothing_and_twice_does_no_harm(run: Run, aws: FakeAws, studio: FakeStudio) -> None:
    run("workshop", "up", *DEV)
    run("workshop", "start", *DEV)
    assert run("workshop", "down", *DEV, stdin="n\n").code == 1
    assert len(live(aws)) == 2

    assert run("workshop", "down", "--yes", *DEV).code == 0
    assert live(aws) == []
    assert studio.apps == {}
    assert studio.key_of(ANA) == NO_KEY_YET
    assert "quarry-dev-studio" not in aws.stacks
    studio.secrets.clear()
    assert run("workshop", "down", "--yes", *DEV).code == 0


def test_keys_that_were_revoked_are_refused_at_once_though_down_breaks_off(
    run: Run, aws: FakeAws, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("workshop", "up", *DEV)
    aws.flushed.clear()

    def denied(**_: str) -> None:
        raise refused("AccessDeniedException", "PutSecretValue")

    with monkeypatch.context() as here:
        here.setattr(studio, "put_secret_value", denied)
        assert run("workshop", "down", "--yes", *DEV).code == 1
    assert len(live(aws)) == 1
    assert aws.flushed != []


def test_keys_of_others_are_left_alone_whatever_they_are_called(run: Run, aws: FakeAws, studio: FakeStudio) -> None:
    for name in ("workshop demo app", "participants", ANA):
        aws.keys.create(name=name)
    run("workshop", "up", *DEV)
    run("workshop", "down", "--yes", *DEV)

    assert live(aws) == [ANA, "participants", "workshop demo app"]
    created = run("keys", "create", f"{PARTICIPANT_KEY}x", *DEV)
    assert (created.code, live(aws)) == (2, [ANA, "participants", "workshop demo app"])


@pytest.mark.parametrize(
    "command",
    ["start", "status", "handout --out x", f"freeze {ANA}", f"raise {ANA} --rpm 9", f"reset {ANA}"],
)
def test_without_a_studio_nothing_is_changed_and_that_is_told(
    run: Run, aws: FakeAws, studio: FakeStudio, command: str
) -> None:
    run("workshop", "up", *DEV)
    before = aws.keys.list()
    aws.flushed.clear()
    del aws.stacks["quarry-dev-studio"]
    ran = run("workshop", *command.split(), *DEV)

    assert (ran.code, aws.keys.list(), aws.flushed) == (1, before, [])
    assert "`quarry workshop up` does it" in ran.err


def test_who_cannot_be_given_a_new_key_keeps_the_former(run: Run, aws: FakeAws, studio: FakeStudio) -> None:
    run("workshop", "up", *DEV)
    former = studio.key_of(ANA)
    studio.secrets.pop(secret_name("dev", ANA))

    assert run("workshop", "reset", ANA, *DEV).code == 1
    stored = aws.keys.find(former)
    assert stored is not None
    assert stored.revoked_at is None
