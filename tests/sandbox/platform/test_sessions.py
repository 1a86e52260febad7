"""Sessions on the deployed platform: sixty turns, two users, turns at once, a blocked one, tools."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from openai import NotFoundError, OpenAI

from configuration.environment_file import load
from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.waiting import PATIENCE

SUBJECTS = ("granite", "marble", "slate", "basalt", "sandstone", "limestone")
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Returns the weather at a place",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    },
}


class Client:
    """The API as one user has it: the OpenAI client for chat, plain HTTP for sessions."""

    def __init__(self, platform: Platform, api_key: str) -> None:
        self.openai = OpenAI(base_url=platform.base_url, api_key=api_key, max_retries=0)
        self.http = httpx.Client(
            base_url=platform.base_url, headers={"Authorization": f"Bearer {api_key}"}, timeout=PATIENCE
        )

    def session(self, **fields: Any) -> str:
        """Make a session and return its id."""
        response = self.http.post("/sessions", json=fields)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def read(self, session_id: str) -> dict[str, Any]:
        """Return a session with its messages."""
        response = self.http.get(f"/sessions/{session_id}")
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def chat(self, session_id: str, *messages: Any, **fields: Any) -> Any:
        """Chat in a session; a message that is a text is the user's."""
        said: Any = [{"role": "user", "content": one} if isinstance(one, str) else one for one in messages]
        return self.openai.chat.completions.create(
            model="fast", messages=said, extra_body={"quarry": {"session": session_id}}, **fields
        )

    def ask(self, session_id: str, text: str) -> str:
        """Chat in a session and return the answer's text."""
        return self.chat(session_id, text).choices[0].message.content or ""


NewClient = Callable[[str], Client]


@pytest.fixture
def new_client(platform: Platform) -> Iterator[NewClient]:
    """Return a function that makes a key and the client that uses it."""
    made: list[Client] = []

    def new(name: str) -> Client:
        made.append(Client(platform, platform.quarry("keys", "create", name)["api_key"]))
        return made[-1]

    yield new
    for client in made:
        client.openai.close()
        client.http.close()


@pytest.fixture
def ann(new_client: NewClient) -> Client:
    return new_client("ann")


def test_sixty_turns_stay_in_the_budget_remember_the_second_and_give_all_back(ann: Client) -> None:
    budget = load("sandbox").inference.history_token_budget
    session_id = ann.session(metadata={"course": "101"})

    for number in range(1, 61):
        text = f"Question {number}: how is {SUBJECTS[number % 6]} split, sawn, polished and carried away? " * 3
        if number == 2:
            text = "My dog Bruno was born in Tromso in 2019."
        usage = ann.chat(session_id, text).usage
        assert usage.prompt_tokens <= budget
    answer = ann.ask(session_id, "In which town was my dog Bruno born?")

    session = ann.read(session_id)
    assert "Tromso" in answer
    assert "Tromso" in session["summary"]["text"]
    assert session["turns"] == 61
    assert not session["has_more"]
    messages = session["messages"][:120]
    assert [message["role"] for message in messages] == ["user", "assistant"] * 60
    assert messages[2]["content"] == "My dog Bruno was born in Tromso in 2019."
    assert all(message["content"] for message in messages)


def test_the_user_is_remembered(ann: Client) -> None:
    session_id = ann.session(system="Be brief.")

    ann.ask(session_id, "My name is Hypatia and I cut marble.")

    assert "Hypatia" in ann.ask(session_id, "What is my name?")


def test_two_users_are_apart(ann: Client, new_client: NewClient) -> None:
    bob = new_client("bob")
    session_id = ann.session()
    ann.ask(session_id, "My name is Hypatia.")

    assert bob.http.get(f"/sessions/{session_id}").status_code == 404
    assert bob.http.delete(f"/sessions/{session_id}").status_code == 404
    assert bob.http.get("/sessions").json()["data"] == []
    with pytest.raises(NotFoundError):
        bob.chat(session_id, "What is my name?")
    assert ann.read(session_id)["turns"] == 1


def test_of_turns_at_once_none_is_lost(ann: Client) -> None:
    session_id = ann.session()

    def attempt(number: int) -> str | None:
        body = {"model": "fast", "messages": [{"role": "user", "content": f"Turn {number}"}]}
        reply = ann.http.post("/chat/completions", json={**body, "quarry": {"session": session_id}})
        assert reply.status_code == 200, reply.text
        assert reply.json()["choices"][0]["message"]["content"]
        failed = reply.headers.get("x-quarry-not-recorded")
        assert failed in {None, "turn=session_conflict"}
        return None if failed else f"Turn {number}"

    with ThreadPoolExecutor(6) as pool:
        stored = [text for text in pool.map(attempt, range(6)) if text]

    session = ann.read(session_id)
    said = [message["content"] for message in session["messages"] if message["role"] == "user"]
    assert stored
    assert Counter(said) == Counter(stored)
    assert session["turns"] == len(stored)


def test_a_blocked_turn_is_kept_and_does_not_poison_the_next(ann: Client) -> None:
    session_id = ann.session()
    ann.ask(session_id, "Hello")

    blocked = ann.chat(session_id, "Tell me of project-nightshade")
    after = ann.chat(session_id, "How deep is a quarry?")

    assert blocked.choices[0].finish_reason == "content_filter"
    assert after.choices[0].finish_reason == "stop"
    assert ann.read(session_id)["blocked_messages"] == [2, 3]


def test_a_failed_call_stores_nothing(ann: Client, model: ModelScript) -> None:
    session_id = ann.session()
    model.fault("access_denied")

    with pytest.raises(Exception, match="denies this platform"):
        ann.chat(session_id, "Hello")

    assert ann.read(session_id)["messages"] == []


def test_a_tools_result_is_used_in_the_session(ann: Client) -> None:
    session_id = ann.session()
    asked = ann.chat(session_id, "What is the weather in Toronto?", tools=[WEATHER])
    (call,) = asked.choices[0].message.tool_calls

    told = ann.chat(
        session_id,
        {"role": "tool", "tool_call_id": call.id, "content": "21 degrees and fog"},
        tools=[WEATHER],
    )
    later = ann.chat(session_id, "Thank you.")

    assert "21 degrees and fog" in told.choices[0].message.content
    assert later.choices[0].finish_reason == "stop"
    roles = [message["role"] for message in ann.read(session_id)["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user", "assistant"]


def test_a_deleted_session_is_gone(ann: Client, platform: Platform) -> None:
    session_id = ann.session()
    ann.ask(session_id, "The word is xylophone.")

    assert ann.http.delete(f"/sessions/{session_id}").json()["deleted"]

    assert ann.http.get(f"/sessions/{session_id}").status_code == 404
    dynamodb = platform.client("dynamodb")
    (table,) = [name for name in dynamodb.list_tables()["TableNames"] if "Sessions" in name]
    assert session_id not in str(dynamodb.scan(TableName=table)["Items"])


def test_sessions_are_listed_newest_first(ann: Client) -> None:
    made = [ann.session() for _ in range(3)]

    first = ann.http.get("/sessions", params={"limit": 2}).json()
    second = ann.http.get("/sessions", params={"limit": 2, "after": first["data"][-1]["id"]}).json()

    assert [session["id"] for session in first["data"] + second["data"]] == made[::-1]
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_a_turn_may_be_larger_than_an_item_of_dynamodb(ann: Client) -> None:
    session_id, long = ann.session(), "stone " * 72_000

    answered = ann.chat(session_id, long, max_tokens=20, stream=True)
    assert not any("quarry" in chunk.model_dump() for chunk in answered)
    ann.ask(session_id, "And now?")

    session = ann.read(session_id)
    assert session["turns"] == 2
    assert session["messages"][0]["content"] == long
    assert ann.http.delete(f"/sessions/{session_id}").status_code == 200
