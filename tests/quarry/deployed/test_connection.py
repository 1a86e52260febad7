"""The saved connection: the file, its mode, and what is said of one that cannot be read."""

import stat
from pathlib import Path

import pytest

from configuration.environment_file import PROJECT
from quarry.deployed import connection
from quarry.deployed.connection import Connection, LocalAws
from tests.quarry.conftest import Run
from tests.quarry.fakes import BASE_URL, FakeEndpoint

LINK = Connection(
    base_url=BASE_URL,
    api_key="qk-x",
    key_id="key_x",
    aws=LocalAws(endpoint_url="http://localhost:4566", access_key_id="a", secret_access_key="b"),
)


def test_what_is_saved_is_read() -> None:
    assert connection.read("dev") is None
    file = connection.save("dev", LINK)

    assert connection.read("dev") == LINK
    assert connection.read("production") is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_files_that_others_may_read_become_private(state: Path) -> None:
    state.mkdir()
    for name in ("dev.json", "dev.tmp"):
        (state / name).write_text("{}")
        (state / name).chmod(0o644)

    file = connection.save("dev", LINK)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in state.iterdir()] == ["dev.json"]


def test_the_project_is_the_place_unless_a_variable_names_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUARRY_STATE")

    assert connection.path("dev") == PROJECT / ".quarry" / "dev.json"


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "3", '{"base_url": "x"}', '{"nonsense": 1}', "\x00"])
def test_a_damaged_file_is_named_with_the_way_out(run: Run, endpoint: FakeEndpoint, state: Path, text: str) -> None:
    state.mkdir()
    (state / "dev.json").write_text(text)

    ran = run("chat", "Hello", "-e", "dev")

    assert ran.code == 1
    assert f"{state / 'dev.json'} is damaged" in ran.err
    assert "Delete it and run `quarry connect --environment dev`." in ran.err
    assert endpoint.urls == []
