"""What docs/clients.md shows of each client, run against the deployed platform as it is shown.

Clients that are scripts print an answer; what else is tried of a client stands in a test of its own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import httpx
import pytest

from configuration.environment_file import PROJECT
from docs.clients import SAMPLES, clients
from sandbox.model.script import ModelScript
from tests.sandbox.clients.test_suites import INSTALLED
from tests.sandbox.platform.conftest import Platform, model
from tests.waiting import PATIENCE

__all__ = ["model"]

pytestmark = pytest.mark.clients

NPM: Final = INSTALLED / "npm" / "node_modules"
APART: Final = {file: INSTALLED / "apart" / client["apart"] for file, client in clients().items() if "apart" in client}
TESTED: Final = [
    pytest.param(
        file,
        marks=pytest.mark.skipif(
            sys.version_info >= (3, 13) and client["name"] == "aider", reason="aider does not go with this Python"
        ),
    )
    for file, client in clients().items()
    # One wants more of an answer than words, one is a server: they have tests of their own.
    if "tested" in client and client["name"] not in ("instructor", "Open WebUI")
]
RUN_BY: Final = {".py": (sys.executable,), ".mjs": ("node",), ".sh": ("bash", "-eu")}


def environment(file: str, platform: Platform, home: Path) -> dict[str, str]:
    """Return the variables with which a client's file runs: nothing of this machine's but the way to its programs."""
    home.mkdir(exist_ok=True)
    packages = APART.get(file, INSTALLED)
    kept = ("PATH", "LANG", "TMPDIR", "NODE_EXTRA_CA_CERTS")
    return {
        **{name: value for name, value in os.environ.items() if name in kept},
        "PATH": os.pathsep.join(
            [str(packages / "bin"), str(NPM / ".bin"), str(PROJECT / ".venv" / "bin"), os.environ["PATH"]]
        ),
        "PYTHONPATH": str(packages),
        "HOME": str(home),
        "QUARRY_URL": platform.base_url,
        "QUARRY_KEY": platform.api_key,
    }


def run(
    file: str, platform: Platform, folder: Path, *more: str, body: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a client's file, or another text in its place, in a folder and a home of its own."""
    script = folder / file
    script.write_text(body or (SAMPLES / file).read_text(encoding="utf-8"), encoding="utf-8")
    if script.suffix == ".mjs":
        (folder / "node_modules").symlink_to(NPM, target_is_directory=True)
    return subprocess.run(
        [*RUN_BY[script.suffix], str(script), *more],
        cwd=folder,
        env=environment(file, platform, folder / "home"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("file", TESTED)
def test_what_the_page_shows_of_a_client_works_as_it_is(
    file: str, platform: Platform, model: ModelScript, tmp_path: Path
) -> None:
    # By itself the stand-in calls every tool that a request speaks of, and coding agents speak of all of theirs.
    model.answer("This is the stand-in model.")

    ran = run(file, platform, tmp_path)

    assert ran.returncode == 0, ran.stdout[-5_000:]
    assert "stand-in" in ran.stdout


def test_claude_code_edits_a_file(platform: Platform, model: ModelScript, tmp_path: Path) -> None:
    """The model calls the tool that writes; Claude Code runs it and sends back what it gave."""
    written = tmp_path / "note.txt"
    call = {"name": "Write", "input": {"file_path": str(written), "content": "Two metres deep."}}
    model.tool_calls([call], contains="WRITE-A-NOTE", times=1)
    shown = (SAMPLES / "claude_code.sh").read_text(encoding="utf-8")
    asked = shown.replace('claude -p "What is a quarry?"', 'claude -p "WRITE-A-NOTE" --permission-mode acceptEdits')
    assert asked != shown

    ran = run("claude_code.sh", platform, tmp_path, body=asked)

    assert ran.returncode == 0, ran.stdout[-5_000:]
    assert written.read_text(encoding="utf-8") == "Two metres deep."
    assert len(model.calls()) >= 2


def test_continue_edits_a_file(platform: Platform, model: ModelScript, tmp_path: Path) -> None:
    """As Claude Code does, by a tool of its own."""
    written = tmp_path / "note.txt"
    call = {"name": "Write", "input": {"filepath": str(written), "content": "Two metres deep."}}
    model.tool_calls([call], contains="WRITE-A-NOTE", times=1)
    model.answer("It is written.")
    shown = (SAMPLES / "continue.sh").read_text(encoding="utf-8")
    asked = shown.replace('cn --print "What is a quarry?"', 'cn --print --auto "WRITE-A-NOTE"')
    assert asked != shown

    ran = run("continue.sh", platform, tmp_path, body=asked)

    assert ran.returncode == 0, ran.stdout[-5_000:]
    assert written.read_text(encoding="utf-8") == "Two metres deep.", ran.stdout[-5_000:]
    assert "It is written." in ran.stdout


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="aider does not go with this Python")
def test_aider_edits_a_file(platform: Platform, model: ModelScript, tmp_path: Path) -> None:
    """The model writes the file anew, in the form that aider asks of models which it does not know."""
    note = tmp_path / "note.txt"
    note.write_text("One metre deep.\n", encoding="utf-8")
    model.answer("note.txt\n```\nTwo metres deep.\n```\n", contains="DIG-DEEPER")
    # By the weak model, of which aider wants a line for git.
    model.answer("Digs deeper")
    shown = (SAMPLES / "aider.sh").read_text(encoding="utf-8")
    asked = shown.replace('--message "What is a quarry?"', '--message "DIG-DEEPER" --yes-always note.txt')
    assert asked != shown

    ran = run("aider.sh", platform, tmp_path, body=asked)

    assert ran.returncode == 0, ran.stdout[-5_000:]
    assert note.read_text(encoding="utf-8") == "Two metres deep.\n", ran.stdout[-5_000:]
    # It looked for nothing elsewhere, which it would have told.
    assert "HTTPSConnectionPool" not in ran.stdout


def test_litellm_streams_and_calls_tools_in_three_apis(platform: Platform, model: ModelScript, tmp_path: Path) -> None:
    # By itself the stand-in calls the tool that is asked for, and then says what that gave.
    model.answer("Piece by piece.", contains="Stream, please.")
    body = Path(__file__).with_name("litellm_loop.py").read_text(encoding="utf-8")

    ran = run("litellm_loop.py", platform, tmp_path, body=body)

    assert ran.returncode == 0, ran.stdout[-5_000:]
    assert ran.stdout.splitlines()[-1] == "all of it"


def test_instructor_gives_what_the_model_said_in_types(platform: Platform, model: ModelScript, tmp_path: Path) -> None:
    """A call of its own tool, and once more where what came does not fit."""
    model.tool_calls([{"name": "Place", "input": {"name": "Deep"}}], times=1)
    model.tool_calls([{"name": "Place", "input": {"name": "Deep", "depth_in_metres": 41}}], times=1)

    ran = run("instructor_python.py", platform, tmp_path)

    assert ran.returncode == 0, ran.stdout[-5_000:]
    assert ran.stdout.splitlines()[-1] == "name='Deep' depth_in_metres=41"


def test_the_anthropic_sdk_loops_with_tools_streams_and_counts(platform: Platform, tmp_path: Path) -> None:
    ran = run("anthropic_loop.py", platform, tmp_path, body=(Path(__file__).with_name("anthropic_loop.py")).read_text())

    assert ran.returncode == 0, ran.stdout[-5_000:]
    assert ran.stdout.splitlines()[-1] == "all of it"


def test_llmprobe_finds_the_standards_spoken(platform: Platform, tmp_path: Path) -> None:
    """All but what Bedrock does not tell. The alias's model takes back thoughts that nobody signed; Claude does not.

    Its other cards grade models.
    """
    # It waits five seconds for a surface, and a first request for its function's start.
    bearer = {"Authorization": f"Bearer {platform.api_key}"}
    for path in ("messages", "chat/completions"):
        refused = httpx.post(f"{platform.base_url}/{path}", json={}, headers=bearer, timeout=PATIENCE)
        assert refused.status_code == 400
    for path in ("models", "usage"):
        assert httpx.get(f"{platform.base_url}/{path}", headers=bearer, timeout=PATIENCE).status_code == 200
    report = tmp_path / "probe.json"
    subprocess.run(
        [
            str(NPM / ".bin" / "llmprobe"),
            platform.base_url,
            *("-k", platform.api_key, "-m", "think", "--reasoning", "default", "--save", str(report)),
            *("--no-bench", "--no-color", "--no-save"),
        ],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        check=False,
    )

    found = json.loads(report.read_text(encoding="utf-8"))
    tiers = {tier["tier"]: tier for tier in found["coverage"]["byTier"]}
    assert tiers["core"]["missing"] == []
    assert tiers["extended"]["missing"] == ["logprobs"]
    assert found["conformance"]["passed"] == found["conformance"]["total"] > 100, found["conformance"]
