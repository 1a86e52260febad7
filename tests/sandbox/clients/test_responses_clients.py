"""Clients that speak the Responses API, unmodified, with the base URL and the key alone, against the deployed platform.

The stand-in says what a model would; what is proved is that requests and answers are understood on both sides.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.clients.test_suites import HERE, INSTALLED, run
from tests.sandbox.platform.conftest import Platform

pytestmark = pytest.mark.clients

NODE = INSTALLED / "npm"


def lines(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return all that a client printed, line by line as JSON; what libraries say besides is left out."""
    assert ran.returncode == 0, ran.stdout[-20_000:]
    found: dict[str, Any] = {}
    for line in ran.stdout.splitlines():
        if line.startswith("{"):
            found |= json.loads(line)
    return found


@pytest.fixture
def model(platform: Platform) -> Any:
    """The stand-in's script, cleared afterwards."""
    with ModelScript(platform.aws["endpoint_url"]) as script:
        yield script


def calls_weather(model: ModelScript) -> None:
    model.tool_calls([{"name": "weather", "input": {"city": "Bonn"}}], times=1, contains="The weather in Bonn?")


def test_the_agents_sdk_loops_hands_off_streams_and_goes_on(
    platform: Platform, model: ModelScript, tmp_path: Path
) -> None:
    calls_weather(model)
    model.tool_calls([{"name": "transfer_to_spanish", "input": {}}], times=1, contains="hand me over")
    model.answer("Hola.", contains="Answer in Spanish.")
    model.answer("Piece by piece.", contains="Stream, please.")
    model.answer("It rained.", contains="Rain in Bonn")

    told = lines(run(tmp_path, platform, sys.executable, str(HERE / "agents_sdk.py")))

    # The stand-in says what the tool gave.
    assert "Rain in Bonn" in told["loop"]
    assert told["items"] == ["tool_call_item", "tool_call_output_item", "message_output_item"]
    assert (told["handoff"], told["agent"]) == ("Hola.", "Spanish")
    assert told["stream"] == told["final"] == "Piece by piece."
    # What was said before was sent with it: the weather is in it.
    assert told["chained"] == "It rained."


def test_pydantic_ai_calls_types_and_streams(platform: Platform, model: ModelScript, tmp_path: Path) -> None:
    calls_weather(model)
    model.tool_calls([{"name": "final_result", "input": {"city": "Bonn"}}], times=1, contains="Where? In Bonn.")
    model.answer("Piece by piece.", contains="Stream, please.")

    told = lines(run(tmp_path, platform, sys.executable, str(HERE / "pydantic_agent.py")))

    assert "Rain in Bonn" in told.pop("loop")
    assert told == {"typed": "Bonn", "stream": "Piece by piece."}


def test_the_ai_sdk_loops_types_and_refers_to_items(platform: Platform, model: ModelScript, tmp_path: Path) -> None:
    calls_weather(model)
    model.answer('{"city": "Bonn"}', contains="Where? In Bonn.")
    model.answer("41.", contains="Which number?")
    model.answer("I will.", contains="Remember the number 41.")

    # Node looks for packages where the program lies.
    program = shutil.copy(HERE / "ai_sdk.mjs", NODE)
    told = lines(run(tmp_path, platform, "node", str(program)))

    assert "Rain in Bonn" in told.pop("loop")
    assert told == {
        "steps": 2,
        "usage": True,
        "typed": "Bonn",
        "first": "I will.",
        "second": "41.",
    }


def codex(folder: Path, platform: Platform, prompt: str) -> str:
    """Run Codex in a folder, with a home of its own, and return what it printed."""
    home = folder / "home"
    (home / ".codex").mkdir(parents=True)
    (home / ".codex" / "config.toml").write_text(
        "\n".join(
            [
                'model = "fast"',
                'model_provider = "quarry"',
                "[model_providers.quarry]",
                'name = "quarry"',
                f'base_url = "{platform.base_url}"',
                'env_key = "OPENAI_API_KEY"',
                'wire_api = "responses"',
                "[analytics]",
                "enabled = false",
            ]
        ),
        encoding="utf-8",
    )
    work = folder / "work"
    work.mkdir()
    ran = subprocess.run(
        [
            str(NODE / "node_modules" / ".bin" / "codex"),
            "exec",
            "--skip-git-repo-check",
            "--dangerously-bypass-approvals-and-sandbox",
            prompt,
        ],
        cwd=work,
        env={**os.environ, "HOME": str(home), "OPENAI_API_KEY": platform.api_key},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-20_000:]
    return ran.stdout


def test_codex_answers(platform: Platform, model: ModelScript, tmp_path: Path) -> None:
    model.answer("An open pit.", contains="What is a quarry?")

    assert "An open pit." in codex(tmp_path, platform, "What is a quarry?")


def test_codex_edits_a_file(platform: Platform, model: ModelScript, tmp_path: Path) -> None:
    command = "printf 'three metres\\n' > depth.txt"
    model.tool_calls([{"name": "exec_command", "input": {"cmd": command}}], times=1, contains="Write the depth")
    model.answer("It is written.", contains="Write the depth")

    assert "It is written." in codex(tmp_path, platform, "Write the depth into depth.txt.")
    assert (tmp_path / "work" / "depth.txt").read_text(encoding="utf-8") == "three metres\n"
