"""The commands, over one server for those that need one."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import ports
from sandbox.__main__ import main
from sandbox.state import Record, StateDirectory, default_directory
from tests.sandbox.servers import running
from tests.sandbox.studio import stand_in_lab
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[StateDirectory, Record]]:
    with running(tmp_path_factory.mktemp("main")) as both:
        yield both


@pytest.fixture
def up(server: tuple[StateDirectory, Record], monkeypatch: pytest.MonkeyPatch) -> Record:
    """The running sandbox is the one the commands find."""
    monkeypatch.setenv("SANDBOX_STATE", str(server[0].path))
    return server[1]


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateDirectory:
    """The commands find no sandbox."""
    monkeypatch.setenv("SANDBOX_STATE", str(tmp_path / ".sandbox"))
    return StateDirectory(tmp_path / ".sandbox")


def test_up_is_done_at_once_when_it_is_up(up: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up"]) == 0
    assert main(["up", "--port", str(up.port), "--aws-port", str(up.aws_port)]) == 0
    assert capsys.readouterr().out.count(f"already up: AWS at {up.connection.aws_url}") == 2


def test_up_on_other_ports_than_it_is_up_on_fails(up: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--port", str(up.port + 1)]) == 1
    assert f"already up on ports {up.aws_port} (AWS) and {up.port} (front door)" in capsys.readouterr().err


def test_up_with_another_model_than_it_is_up_with_fails(
    up: Record, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["up", "--model", "http://localhost:1", "--model-name", "m"]) == 1
    assert "already up with the stand-in model; to change the model, run first" in capsys.readouterr().err
    monkeypatch.setenv("SANDBOX_MODEL_PACKAGES", str(tmp_path))
    assert main(["up", "--model", "local"]) == 1
    assert "llama.cpp is not installed in" in capsys.readouterr().err


def test_up_with_jupyterlab_where_it_is_up_without_or_is_not_installed_fails(
    up: Record, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SANDBOX_STUDIO_PACKAGES", str(tmp_path))
    assert main(["up", "--studio"]) == 1
    assert "JupyterLab is not installed in" in capsys.readouterr().err
    monkeypatch.setenv("SANDBOX_STUDIO_PACKAGES", str(stand_in_lab.write(tmp_path / "environment")))
    assert main(["up", "--studio"]) == 1
    assert "already up without JupyterLab; to change that, run first: python -m sandbox down" in capsys.readouterr().err


def test_up_ends_where_the_model_does_not_answer(nothing: StateDirectory, capsys: pytest.CaptureFixture[str]) -> None:
    aws_port, port = ports.free(2)
    command = ["up", "--aws-port", str(aws_port), "--port", str(port), "--model", "http://127.0.0.1:9"]
    assert main(command) == 1
    assert "no OpenAI-compatible server answers at http://127.0.0.1:9/v1/models" in capsys.readouterr().err
    assert main(["status", "--quiet"]) == 1


def test_whose_answers_and_vectors_they_are_is_told(up: Record, capsys: pytest.CaptureFixture[str]) -> None:
    told = "model: the stand-in; vectors: WordLlama 0.3.9 (256 numbers), for documents and embeddings"
    for command in ("status", "up"):
        assert main([command]) == 0
        assert told in capsys.readouterr().out


def test_up_and_down_from_an_environments_ports(
    nothing: StateDirectory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    aws_port, port = ports.free(2)
    monkeypatch.setenv("SANDBOX_AWS_PORT", str(aws_port))
    monkeypatch.setenv("SANDBOX_PORT", str(port))

    codes = [main(["up"]), main(["down"]), main(["down"])]

    assert codes == [0, 0, 0]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"up: AWS at http://localhost:{aws_port}, front door at http://localhost:{port}")
    assert lines[1].startswith("model: the stand-in; ")
    assert lines[2:] == ["down", "not up"]
    assert not nothing.path.exists()


def test_status_says_what_lives_in_it(up: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)

    assert report["up"] is True
    assert (report["pid"], report["aws_port"], report["port"]) == (up.pid, up.aws_port, up.port)
    assert report["inventory"] == {}
    assert main(["status"]) == 0
    assert "nothing lives in it" in capsys.readouterr().out


def test_status_of_nothing(nothing: StateDirectory, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"up": False, "running": False}


def test_url_logs_and_reset(up: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["url"]) == 0
    assert capsys.readouterr().out == up.connection.url + "\n"
    assert main(["logs", "--lines", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert main(["reset"]) == 0


def test_what_a_request_brings_into_the_log_is_shown_escaped(
    nothing: StateDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing.path.mkdir(parents=True, exist_ok=True)
    nothing.log.write_text("first\nGET /\x1b]0;owned\x07\u202e\n", encoding="utf-8")

    assert main(["logs"]) == 0
    assert capsys.readouterr().out == "first\nGET /\\x1b]0;owned\\x07\\u202e\n"


@pytest.mark.parametrize("command", [["url"], ["reset"], ["logs"], ["exec", "--", "true"]])
def test_commands_that_need_a_sandbox_say_how_to_start_it(
    command: list[str], nothing: StateDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 1
    assert "python -m sandbox up" in capsys.readouterr().err
    assert not nothing.path.exists()


def execute(*command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AWS_PROFILE": "real", "AWS_SESSION_TOKEN": "real"}
    arguments = [sys.executable, "-m", "sandbox", "exec", "--", *command]
    return subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_exec_runs_a_command_against_the_sandbox_only(up: Record) -> None:
    script = "import os, json, sys; json.dump(dict(os.environ), sys.stdout); sys.exit(7)"

    done = execute(sys.executable, "-c", script)

    environment = json.loads(done.stdout)
    assert done.returncode == 7
    assert environment["AWS_ENDPOINT_URL"] == up.connection.aws_url
    assert environment["AWS_SECRET_ACCESS_KEY"] == up.secret_access_key
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(environment)


def test_exec_of_no_or_an_unknown_command(up: Record, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exec"]) == 2
    assert main(["exec", "--", "no-such-command-anywhere"]) == 127
    assert "no such command: no-such-command-anywhere" in capsys.readouterr().err


LAUNCHER = """
import subprocess, sys
worker = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()", "deploy"])
print(worker.pid, flush=True)
worker.wait()
"""


def test_what_a_killed_launcher_left_is_found_and_named(up: Record, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [sys.executable, "-m", "sandbox", "exec", "--", sys.executable, "-c", LAUNCHER]
    with subprocess.Popen(
        arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as launcher:
        assert launcher.stdout is not None
        worker = int(launcher.stdout.readline())
        try:
            assert main(["orphans"]) == 0
            assert capsys.readouterr().err == ""

            os.kill(launcher.pid, signal.SIGKILL)
            launcher.wait()

            assert [main(["orphans"]), main(["up"])] == [1, 1]
            told = capsys.readouterr().err
            assert told.count(f"process {worker}: {sys.executable} -c 'import signal; signal.pause()' deploy") == 2
            assert told.count(f"kill {worker}\n") == 2
        finally:
            os.kill(worker, signal.SIGKILL)
    eventually(lambda: main(["orphans"]) == 0)


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["up", "--port", "0"], ["up", "--aws-port", "x"], ["logs", "--lines", "-1"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str], nothing: StateDirectory) -> None:
    with pytest.raises(SystemExit) as exited:
        main(arguments)

    assert exited.value.code == 2


def test_the_state_directory_is_in_the_project_around_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SANDBOX_STATE", raising=False)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")

    assert default_directory() == tmp_path / ".sandbox"


def test_down_removes_nothing_it_did_not_make(nothing: StateDirectory) -> None:
    nothing.create()
    (nothing.path / "mine.txt").touch()

    assert main(["down"]) == 0
    assert [entry.name for entry in nothing.path.iterdir()] == ["mine.txt"]
