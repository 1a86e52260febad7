"""``quarry connect``: a key, a first question, a saved connection."""

import ast
import json
import stat
from pathlib import Path

from quarry.deployed import connection
from tests.quarry.conftest import Run
from tests.quarry.fakes import BASE_URL, FakeAws, FakeEndpoint, refusal

CONNECT = ("connect", "-e", "dev")


def test_a_first_connection_makes_and_saves_a_key(run: Run, aws: FakeAws, endpoint: FakeEndpoint, state: Path) -> None:
    ran = run(*CONNECT)

    file = state / "dev.json"
    saved = json.loads(file.read_text())
    key = aws.keys.find(saved["api_key"])
    assert ran.code == 0
    assert key is not None
    assert (key.key_id, key.name) == (saved["key_id"], "quarry connect")
    assert saved["base_url"] == BASE_URL
    assert saved["aws"] is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"Saved in {file}" in ran.out


def test_the_snippets_that_are_shown_are_ready_to_use(run: Run, aws: FakeAws, endpoint: FakeEndpoint) -> None:
    ran = run(*CONNECT, "--model", "smart", "--question", "Why?")

    saved = connection.read("dev")
    assert saved is not None
    assert "Asked:    Why?\nAnswered: You said Why?" in ran.out
    body = next(line for line in ran.out.splitlines() if line.startswith("    -d "))
    assert json.loads(body.removeprefix("    -d ").strip("'"))["model"] == "smart"
    start, end = (ran.out.index(text) for text in ("  from openai", "\n\nSaved in"))
    snippet = "\n".join(line.removeprefix("  ") for line in ran.out[start:end].splitlines())
    assert saved.api_key in ast.unparse(ast.parse(snippet))


def test_as_json_it_names_the_file_and_not_the_key(run: Run, aws: FakeAws, endpoint: FakeEndpoint, state: Path) -> None:
    ran = run(*CONNECT, "--json")

    saved = connection.read("dev")
    assert saved is not None
    assert ran.json == {
        "base_url": BASE_URL,
        "key_id": saved.key_id,
        "file": str(state / "dev.json"),
        "answer": "You said In one sentence: what is a quarry?",
    }
    assert saved.api_key not in ran.out


def test_a_saved_key_that_works_is_used_again(run: Run, aws: FakeAws, endpoint: FakeEndpoint) -> None:
    run(*CONNECT)
    first = connection.read("dev")

    assert run(*CONNECT).code == 0
    assert connection.read("dev") == first
    assert len(aws.keys.list()) == 1


def test_a_saved_key_that_is_refused_is_replaced(run: Run, aws: FakeAws, endpoint: FakeEndpoint) -> None:
    run(*CONNECT)
    first = connection.read("dev")
    assert first is not None
    aws.keys.revoke(first.key_id)
    endpoint.keys = set()

    # The fake knows no new key either, so the question is refused; the new key is saved all the same.
    assert run(*CONNECT).code == 1
    second = connection.read("dev")
    assert second is not None
    assert second.key_id != first.key_id


def test_a_saved_key_for_another_url_is_replaced(run: Run, aws: FakeAws, endpoint: FakeEndpoint) -> None:
    run(*CONNECT)

    assert run(*CONNECT, "--base-url", "http://localhost:8787/v1").code == 0
    saved = connection.read("dev")
    assert saved is not None
    assert saved.base_url == "http://localhost:8787/v1"
    assert len(aws.keys.list()) == 2


def test_another_failure_than_a_refused_key_makes_no_new_one(run: Run, aws: FakeAws, endpoint: FakeEndpoint) -> None:
    run(*CONNECT)
    endpoint.fails = refusal(503, "Not ready.")

    ran = run(*CONNECT)

    assert (ran.code, ran.err) == (1, "Not ready.\n")
    assert len(aws.keys.list()) == 1


def test_the_key_is_saved_even_if_the_question_fails(run: Run, aws: FakeAws, endpoint: FakeEndpoint) -> None:
    ran = run(*CONNECT, "--model", "nope")

    saved = connection.read("dev")
    assert (ran.code, ran.err) == (1, "There is no model `nope`.\n")
    assert saved is not None
    assert aws.keys.find(saved.api_key) is not None
    assert run(*CONNECT).code == 0
    assert len(aws.keys.list()) == 1


def test_nothing_deployed_makes_no_file(run: Run, empty_aws: FakeAws, endpoint: FakeEndpoint, state: Path) -> None:
    assert run(*CONNECT).code == 1
    assert not state.exists()
    assert endpoint.urls == []
