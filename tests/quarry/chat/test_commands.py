"""``quarry chat``: one question, or a conversation."""

from collections.abc import Callable

import httpx
import pytest

from quarry.chat import commands as chat
from quarry.chat.conversation import Answer
from quarry.deployed import connection
from quarry.deployed.connection import Connection
from tests.quarry.conftest import Ran, Run
from tests.quarry.fakes import BASE_URL, BLOCKED, NO_LIMIT, SESSION, FakeEndpoint, event, refusal

HELLO = {"role": "user", "content": "Hello"}


@pytest.fixture(autouse=True)
def _connected(monkeypatch: pytest.MonkeyPatch, state: object) -> None:
    connection.save("dev", Connection(base_url=BASE_URL, api_key="qk-saved", key_id="key_x"))
    monkeypatch.setenv("QUARRY_ENVIRONMENT", "dev")


@pytest.fixture
def converse(run: Run) -> Callable[..., Ran]:
    """Hold a conversation: each argument is a line that is typed."""
    return lambda *lines: run("chat", stdin="".join(f"{line}\n" for line in lines))


def test_one_question(run: Run, endpoint: FakeEndpoint) -> None:
    ran = run("chat", "Hello", "--model", "smart", "--system", "Be brief.")

    assert (ran.code, ran.out) == (0, "You said Hello\n")
    assert ran.err == "smart  3 + 5 tokens\n"
    assert endpoint.asked == [{"model": "smart", "messages": [{"role": "system", "content": "Be brief."}, HELLO]}]


def test_answers_are_streamed(run: Run, endpoint: FakeEndpoint) -> None:
    run("chat", "Hello")

    assert endpoint.streamed == [True]


def test_parts_are_printed_as_they_come(run: Run, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[str] = []
    monkeypatch.setattr(chat, "print_part", parts.append)

    run("chat", "Hello there")

    assert [part for part in parts if part] == ["You", " said", " Hello", " there"]


def test_a_server_that_does_not_stream_is_shown_too(run: Run, endpoint: FakeEndpoint) -> None:
    choice = {"message": {"role": "assistant", "content": "Whole."}, "finish_reason": "length"}
    endpoint.fails = httpx.Response(200, json={"model": "other", "choices": [choice]})

    ran = run("chat", "Hello")

    assert (ran.out, ran.err) == ("Whole.\n", "other  cut at the token limit\n")


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (event({"error": {"message": "Bedrock is throttling.", "code": "x"}}).decode(), "Bedrock is throttling."),
        (event({"error": {}}).decode(), "{'error': {}}"),
        ("data: nonsense\n\n", f"{BASE_URL} ended its answer in the middle (Expecting value"),
        ("data: []\n\n", f"{BASE_URL} ended its answer in the middle (an event is no JSON object)"),
        ("", f"{BASE_URL} ended its answer in the middle (the answer broke off)"),
        (": a comment\n\n", f"{BASE_URL} ended its answer in the middle (the answer broke off)"),
        (httpx.ReadError("reset"), f"{BASE_URL} does not answer (reset)"),
    ],
)
def test_an_answer_that_breaks_off_is_a_failure(
    run: Run, endpoint: FakeEndpoint, rest: httpx.ReadError | str, message: str
) -> None:
    endpoint.breaks_off = rest

    ran = run("chat", "Hello")

    assert (ran.code, ran.out) == (1, "You\n")
    assert ran.err.startswith(message)


@pytest.mark.parametrize("rest", ["", KeyboardInterrupt()])
def test_what_broke_off_is_not_remembered_and_the_conversation_goes_on(
    run: Run, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch, rest: KeyboardInterrupt | str
) -> None:
    endpoint.breaks_off = rest
    lines = iter(["Lost", "Hello"])

    def typed(*_: object) -> str:
        line = next(lines, None)
        if line is None:
            raise EOFError
        if line == "Hello":
            endpoint.breaks_off = None
        return line

    monkeypatch.setattr("builtins.input", typed)

    ran = run("chat")

    assert ran.code == 0
    assert endpoint.asked[-1]["messages"] == [HELLO]
    assert ("stopped; nothing of it is remembered" in ran.err) == isinstance(rest, KeyboardInterrupt)


def test_a_session_holds_the_history(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    ran = converse("Before", "/session new", "Hello", "/session off", "After", "/session")

    assert SESSION in ran.out
    assert ran.out.count("No session: the history is kept here") == 2
    assert endpoint.asked[1] == {"model": "fast", "messages": [HELLO], "quarry": {"session": SESSION}}
    assert "quarry" not in endpoint.asked[2]
    assert [message["content"] for message in endpoint.asked[2]["messages"]] == ["Before", "You said Before", "After"]


def test_a_session_is_gone_back_to(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    ran = converse(f"/session {SESSION}", "/session sess_nope", "Hello", "/clear", "Again")

    assert "2 turns so far" in ran.out
    assert "There is no session `sess_nope`." in ran.err
    assert [asked.get("quarry") for asked in endpoint.asked] == [{"session": SESSION}, None]


def test_a_prompt_is_asked_and_is_no_part_of_the_conversation(
    converse: Callable[..., Ran], endpoint: FakeEndpoint
) -> None:
    ran = converse('/prompt weather question="How is it? a=b"', "/prompt", "Hello")

    assert endpoint.filled_in == [{"question": "How is it? a=b"}]
    assert 'wants the tool get_weather({"location": "Toronto"})' in ran.out
    assert "weather question=…  Answers" in ran.out
    assert endpoint.asked[-1]["messages"] == [HELLO]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/prompt weather question", 'Write values as key="value"'),
        ('/prompt weather question="x', "A quotation mark is not closed"),
        ("/prompt nope", "There is no prompt `nope`."),
    ],
)
def test_a_prompt_that_cannot_be_asked_keeps_the_conversation_alive(
    converse: Callable[..., Ran], endpoint: FakeEndpoint, line: str, message: str
) -> None:
    ran = converse(line, "Hello")

    assert (ran.code, len(endpoint.asked)) == (0, 1)
    assert message in ran.err


def test_usage_without_limits(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    ran = converse("/usage")

    assert "today: 3 requests, 1,000 tokens, $0.0042\nin all: $1.50\nleft: no limit\n" in ran.out


def test_usage_with_limits(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    endpoint.usage["remaining"] = {**NO_LIMIT, "requests": 19, "tokens": 5000, "micro_dollars": 250_000}

    assert "left: $0.25, 5,000 tokens today, 19 requests this minute\n" in converse("/usage").out


def test_an_answer_is_printed_as_it_is(run: Run, endpoint: FakeEndpoint) -> None:
    text = "[red]not markup[/red] " + "long " * 60

    assert run("chat", text).out == f"You said {text}\n"


def test_a_question_on_standard_input(run: Run, endpoint: FakeEndpoint) -> None:
    assert run("chat", "-", stdin="Hello").code == 0
    assert endpoint.asked[0]["messages"] == [HELLO]


def test_one_question_as_json(run: Run, endpoint: FakeEndpoint) -> None:
    ran = run("chat", "Hello", "--json")

    assert endpoint.streamed == [False]
    assert ran.json["choices"][0]["message"]["content"] == "You said Hello"
    assert ran.err == ""


def test_json_without_a_question_is_wrong_usage(run: Run, endpoint: FakeEndpoint) -> None:
    ran = run("chat", "--json")

    assert ran.code == 2
    assert "--json needs a question" in ran.err


def test_a_conversation_is_sent_whole(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    ran = converse("Hello", "", "And now?", "/quit", "never sent")

    assert ran.code == 0
    assert ran.out.startswith(f"{BASE_URL}  model fast\n/model NAME")
    assert [message["content"] for message in endpoint.asked[-1]["messages"]] == [
        "Hello",
        "You said Hello",
        "And now?",
    ]
    assert len(endpoint.asked) == 2


def test_the_end_of_input_ends_a_conversation(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    assert converse("Hello").code == 0


def test_an_interrupt_at_the_prompt_ends_it_too(
    run: Run, endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", interrupted)

    assert run("chat").code == 0


def test_commands_of_a_conversation(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    ran = converse("Hello", "/models", "/model smart", "/clear", "Again", "/help", "/model", "/exit")

    assert "fast, smart\n" in ran.out
    assert endpoint.asked[-1] == {"model": "smart", "messages": [{"role": "user", "content": "Again"}]}
    assert ran.out.count("/clear  forget the conversation") == 3
    assert len(endpoint.asked) == 2


def test_a_refusal_keeps_the_conversation_alive(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    ran = converse("Hello", "/model nope", "Lost", "/model fast", "Still there?")

    assert ran.code == 0
    assert "There is no model `nope`." in ran.err
    assert [message["content"] for message in endpoint.asked[-1]["messages"]] == [
        "Hello",
        "You said Hello",
        "Still there?",
    ]


def test_an_endpoint_that_is_away_keeps_it_alive_too(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    endpoint.fails = httpx.ConnectError("refused")

    ran = converse("Hello", "/models", "/quit")

    assert ran.code == 0
    assert ran.err.count(f"{BASE_URL} does not answer (refused)") == 2


def test_a_blocked_turn_is_shown_and_not_remembered(converse: Callable[..., Ran], endpoint: FakeEndpoint) -> None:
    ran = converse("Tell me of nightshade", "Hello")

    assert BLOCKED in ran.out
    assert "stopped by the guardrail" in ran.err
    assert endpoint.asked[-1]["messages"] == [HELLO]


def test_without_a_saved_connection_the_way_to_one_is_shown(run: Run, endpoint: FakeEndpoint) -> None:
    ran = run("chat", "Hello", "-e", "production")

    assert ran.code == 2
    assert "Run `quarry connect --environment production`, or give --base-url and --api-key." in ran.err


def test_arguments_win_over_the_saved_connection(run: Run, endpoint: FakeEndpoint) -> None:
    endpoint.keys = {"qk-given"}

    assert run("chat", "Hello").code == 1
    assert run("chat", "Hello", "--api-key", "qk-given", "--base-url", "https://other.test/v1").code == 0
    assert endpoint.urls[-1] == "https://other.test/v1/chat/completions"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (refusal(429, "Too many [requests]."), "Too many [requests]."),
        (httpx.Response(500, json={"message": "Internal server error"}), '{"message":"Internal server error"}'),
        (httpx.Response(500, json=["x"]), '["x"]'),
        (httpx.Response(502, text="<html>"), f"{BASE_URL} answered with status 502 and no JSON"),
        (httpx.Response(200, json={"error": "model not found"}), '{"error":"model not found"}'),
        (httpx.Response(200, json={"hello": 1}), f"{BASE_URL} is no OpenAI-compatible endpoint"),
        (httpx.ReadTimeout("timed out"), f"{BASE_URL} does not answer (timed out)"),
    ],
)
def test_what_the_endpoint_refuses_is_a_sentence_and_exit_code_1(
    run: Run, endpoint: FakeEndpoint, answer: httpx.Response | Exception, message: str
) -> None:
    endpoint.fails = answer

    ran = run("chat", "Hello")

    assert ran.code == 1
    assert ran.err.startswith(message)
    assert ran.out == ""


def test_an_answer_remembers_what_of_it_was_not_kept() -> None:
    answer = Answer()
    for chunk in (
        {"model": "m", "choices": [{"delta": {"content": "Deep."}, "finish_reason": "stop"}]},
        {"model": "m", "choices": [], "quarry": {"not_recorded": {"turn": "session_conflict"}}},
        {"model": "m", "choices": [], "usage": {"prompt_tokens": 1}},
    ):
        answer.add(chunk)

    assert (answer.text, answer.not_recorded) == ("Deep.", {"turn": "session_conflict"})
