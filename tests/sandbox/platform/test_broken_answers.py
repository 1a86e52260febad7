"""Answers of Bedrock that break off without a word, at the deployed endpoint: told as that, charged, not kept."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.waiting import PATIENCE, eventually

MESSAGES = [{"role": "user", "content": "Tell me about quarries, please."}]
QUESTION = "Which class may I book on trains?"
# All but silence, which lasts for as long as a function may wait: tests/lambdas/common/test_bounded.py has that.
WAYS = ("close", "damage", "no_stop", "reset")


@pytest.fixture(scope="module")
def limited(platform: Platform) -> Iterator[httpx.Client]:
    """A client with a key of its own, whose spending is all of these tests'."""
    key = platform.quarry("keys", "create", "broken answers", "--usd", "1")
    headers = {"Authorization": f"Bearer {key['api_key']}"}
    with httpx.Client(base_url=platform.base_url, headers=headers, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def charged(limited: httpx.Client) -> Callable[[], int]:
    """Return how many tokens of output were charged since the last call, with nothing reserved any more."""
    before = 0

    def since() -> int:
        nonlocal before

        def settled() -> Any:
            usage = limited.get("/usage").json()
            return usage if usage["reserved"]["micro_dollars"] == 0 else None

        now = eventually(settled)["today"]["output_tokens"]
        before, grown = now, now - before
        return int(grown)

    since()
    return since


def events(client: httpx.Client, path: str, body: dict[str, Any]) -> list[str]:
    with client.stream("POST", path, json={**body, "stream": True}) as response:
        assert response.status_code == 200
        return [line.removeprefix("data: ") for line in response.iter_lines() if line]


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("path", ["/chat/completions", "/knowledge/query"])
def test_a_broken_stream_ends_with_its_code_is_charged_and_not_kept(
    limited: httpx.Client, charged: Callable[[], int], model: ModelScript, path: str, how: str
) -> None:
    session = limited.post("/sessions", json={}).json()["id"]
    chat = {"model": "fast", "messages": MESSAGES, "quarry": {"session": session}}
    model.break_off(how)

    *said, failed, done = events(limited, path, chat if "chat" in path else {"question": QUESTION, "session": session})

    assert json.loads(failed)["error"]["code"] == "upstream_error"
    assert (done, len(said) > 1) == ("[DONE]", True)
    assert charged() > 0
    assert limited.get(f"/sessions/{session}").json()["turns"] == 0


@pytest.mark.parametrize("how", WAYS)
def test_a_broken_whole_answer_is_no_answer(
    limited: httpx.Client, charged: Callable[[], int], model: ModelScript, how: str
) -> None:
    model.break_off(how)

    whole = limited.post("/chat/completions", json={"model": "fast", "messages": MESSAGES})
    compared = limited.post("/compare", json={"models": ["fast", "smart"], "messages": MESSAGES}).json()["data"]

    assert (whole.status_code, whole.json()["error"]["code"]) == (502, "upstream_error")
    assert [one["error"]["code"] for one in compared] == ["upstream_error"] * 2
    assert charged() == 0


@pytest.fixture
def guardrail_denied(platform: Platform) -> Iterator[None]:
    """Deny both functions the guardrail."""
    iam = platform.client("iam")
    every = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    roles = [name for name in every if "-ChatRole" in name or "-InferenceRole" in name]
    statement = {"Effect": "Deny", "Action": "bedrock:ApplyGuardrail", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for role in roles:
        iam.put_role_policy(RoleName=role, PolicyName="test", PolicyDocument=document)
    yield
    for role in roles:
        iam.delete_role_policy(RoleName=role, PolicyName="test")


@pytest.mark.usefixtures("guardrail_denied")
def test_a_guardrail_that_is_denied_is_told_on_every_route(limited: httpx.Client) -> None:
    chat = {"model": "fast", "messages": MESSAGES}
    asked = [
        ("/chat/completions", chat),
        ("/chat/completions", {**chat, "stream": True}),
        ("/knowledge/query", {"question": QUESTION}),
        ("/knowledge/query", {"question": "What is the airspeed of an unladen swallow?"}),
        ("/prompts/tweet-sentiment", {"variables": {"tweet": "Fine."}}),
    ]

    told = [limited.post(path, json=body) for path, body in asked]
    compared = limited.post("/compare", json={"models": ["fast", "smart"], "messages": MESSAGES}).json()["data"]

    codes = [reply.json()["error"]["code"] for reply in told] + [one["error"]["code"] for one in compared]
    assert codes == ["guardrail_access_denied"] * 7
    assert {reply.status_code for reply in told} == {403}
