"""``/v1/sessions`` as API Gateway calls it."""

from collections.abc import Callable
from typing import Any

import pytest

from lambdas.api import composition
from lambdas.api.routes import sessions as routes
from lambdas.sessions.store import SessionStore
from tests.lambdas.api.routes.conftest import Send
from tests.lambdas.sessions.conversation import USAGE, assistant, call, result, user

Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def api(send: Send, store: SessionStore, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Return (status, body) of a request."""
    monkeypatch.setattr(composition, "session_store", lambda: store)
    return lambda *args, **options: send(*args, **options)[:2]


def test_a_session_is_made_read_listed_and_deleted(api: Call) -> None:
    status, made = api("POST", "/v1/sessions", {"metadata": {"course": "101"}, "system": "Be brief.", "alias": "fast"})
    path = f"/v1/sessions/{made['id']}"

    assert status == 201
    assert (made["object"], made["metadata"], made["alias"]) == ("session", {"course": "101"}, "fast")
    assert api("GET", path)[1] == {**made, "messages": [], "blocked_messages": [], "last_turn": 0, "has_more": False}
    assert [session["id"] for session in api("GET", "/v1/sessions")[1]["data"]] == [made["id"]]
    assert api("DELETE", path) == (200, {"id": made["id"], "object": "session.deleted", "deleted": True})
    assert api("GET", path)[0] == 404
    assert api("DELETE", path)[0] == 404


def test_all_messages_are_given_as_openai_has_them(api: Call, store: SessionStore) -> None:
    session = store.create("key_ann")
    session = store.append(session, [user("Weather?"), call("a", city="Oslo")], USAGE)
    session = store.append(session, [result("a"), assistant("Mild.")], USAGE)
    session = store.append(session, [user("nightshade"), assistant("Stopped.")], USAGE, blocked=True)

    body = api("GET", f"/v1/sessions/{session.session_id}")[1]

    assert [message["role"] for message in body["messages"]] == [
        "user", "assistant", "tool", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert body["blocked_messages"] == [4, 5]
    assert body["usage"] == {"prompt_tokens": 30, "completion_tokens": 15, "total_tokens": 45}
    assert (body["last_turn"], body["has_more"]) == (3, False)


def test_what_is_too_long_for_one_answer_comes_in_parts_of_whole_turns(
    api: Call, store: SessionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "ANSWER_BYTES", 300)
    session = store.create("key_ann")
    for number in range(5):
        session = store.append(session, [user(f"q{number}"), assistant("a" * 50)], USAGE)

    found, after, parts = [], 0, 0
    while True:
        body = api("GET", f"/v1/sessions/{session.session_id}", after_turn=str(after))[1]
        found += [message["content"] for message in body["messages"] if message["role"] == "user"]
        after, parts = body["last_turn"], parts + 1
        if not body["has_more"]:
            break

    assert found == [f"q{number}" for number in range(5)]
    assert parts == 3


def test_a_list_goes_on_after_the_last_one(api: Call) -> None:
    made = [api("POST", "/v1/sessions", {})[1]["id"] for _ in range(3)]

    first = api("GET", "/v1/sessions", limit="2")[1]
    second = api("GET", "/v1/sessions", limit="2", after=first["data"][-1]["id"])[1]

    assert {session["id"] for session in first["data"] + second["data"]} == set(made)
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_two_users_are_apart(api: Call) -> None:
    path = f"/v1/sessions/{api('POST', '/v1/sessions', {})[1]['id']}"

    assert api("GET", path, key="key_bob")[0] == 404
    assert api("DELETE", path, key="key_bob")[0] == 404
    assert api("GET", "/v1/sessions", key="key_bob")[1]["data"] == []
    assert api("GET", path)[0] == 200


def test_without_a_key_there_are_no_sessions(api: Call) -> None:
    status, body = api("POST", "/v1/sessions", {}, key=None)

    assert (status, body["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"metadata": {f"k{number}": "v" for number in range(17)}}, "metadata", None),
        ({"metadata": {"k": 1}}, "metadata[...]", None),
        ({"metadata": {"k": "v" * 513}}, "metadata[...]", None),
        ({"system": " "}, "system", None),
        ({"system": "x" * 16_001}, "system", None),
        ({"alias": "gpt-4o"}, "alias", "model_not_found"),
        ([], None, None),
        (None, None, None),
    ],
)
def test_a_wrong_body_is_refused_by_the_fields_name(api: Call, body: Any, param: str | None, code: str | None) -> None:
    status, answer = api("POST", "/v1/sessions", body)

    assert status == (404 if code == "model_not_found" else 400)
    assert (answer["error"]["param"], answer["error"]["code"]) == (param, code)


@pytest.mark.parametrize(
    "query",
    [{"limit": limit} for limit in ("", "0", "101", "-1", "²", "9" * 5000)] + [{"after": "sess_1"}],
)
def test_a_wrong_query_is_refused_by_its_name(api: Call, query: dict[str, str]) -> None:
    status, answer = api("GET", "/v1/sessions", **query)

    assert (status, answer["error"]["param"]) == (400, next(iter(query)))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_what_is_no_sessions_id_is_not_found(api: Call, method: str) -> None:
    status, answer = api(method, "/v1/sessions/META")

    assert (status, answer["error"]["code"]) == (404, "session_not_found")
