"""``quarry knowledge ask``: an answer as it comes, and what it rests on."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from quarry.command_error import CommandError
from quarry.deployed import connection
from quarry.deployed.connection import Connection
from quarry.knowledge import answer
from quarry.output import console
from tests.quarry.conftest import Ran, Run
from tests.quarry.fakes import BASE_URL, SESSION, event, refusal
from tests.quarry.knowledge.account import ANSWER, CITATION, FakeKnowledge, KnowledgeEndpoint

QUESTION = "How early?"
FIELDS = {"department": "string", "year": "number", "public": "boolean"}


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> KnowledgeEndpoint:
    fake = KnowledgeEndpoint()
    client = httpx.Client
    monkeypatch.setattr(
        httpx, "Client", lambda **options: client(**{**options, "transport": httpx.MockTransport(fake.handle)})
    )
    return fake


@pytest.fixture
def ask(
    run: Run, kb: FakeKnowledge, endpoint: KnowledgeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ran]:
    """Ask the knowledge base of dev."""
    monkeypatch.setattr(console, "_width", 200)
    connection.save("dev", Connection(base_url=BASE_URL, api_key="qk-saved", key_id="key_x"))
    return lambda *arguments: run("knowledge", "ask", QUESTION, "-e", "dev", *arguments)


def test_the_answer_and_then_its_citations(ask: Callable[..., Ran], endpoint: KnowledgeEndpoint) -> None:
    ran = ask()

    assert ran.code == 0
    answer, nothing, head, row = ran.out.splitlines()
    assert (answer, nothing) == ("At least 21 days before [1].", "")
    assert head.split() == ["document", "score", "metadata", "passage"]
    assert row == (
        "[1]  travel.md  0.81   department=Finance public=false year=2025  "
        "Book flights at least 21 days [31m in advance. And more of i…"
    )
    assert ran.err == "fast  300 + 9 tokens\n"
    assert (endpoint.streamed, endpoint.questions) == ([True], [{"question": QUESTION}])


def test_the_answer_is_printed_as_it_comes(
    ask: Callable[..., Ran], endpoint: KnowledgeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[str] = []
    monkeypatch.setattr("quarry.knowledge.commands.print_part", parts.append)

    ask()

    assert parts == ["At least", " 21 days before [1]."]


def test_what_the_documents_do_not_answer_has_no_citations(
    ask: Callable[..., Ran], endpoint: KnowledgeEndpoint
) -> None:
    endpoint.answer |= {"answer": "The documents do not answer this.", "answered": False, "citations": []}

    ran = ask()

    assert (ran.code, ran.out) == (0, "The documents do not answer this.\n")


def test_choices_are_sent_and_typed_by_the_environment_file(
    ask: Callable[..., Ran], endpoint: KnowledgeEndpoint
) -> None:
    choices = ("--model", "smart", "--results", "3", "--session", SESSION)
    ask(*choices, "-f", "department=Finance", "--filter", "year>=2024", "--filter", "year<2026", "-f", "public=true")

    assert endpoint.questions == [
        {
            "question": QUESTION,
            "model": "smart",
            "filter": {"department": "Finance", "year": {"gte": 2024, "lt": 2026}, "public": True},
            "results": 3,
            "session": SESSION,
        }
    ]


def test_a_session_can_be_made(ask: Callable[..., Ran], endpoint: KnowledgeEndpoint) -> None:
    ran = ask("--session", "new")

    assert endpoint.questions[0]["session"] == SESSION
    assert ran.err.startswith(f"session {SESSION}\n")


def test_what_was_looked_for_instead_is_said(ask: Callable[..., Ran], endpoint: KnowledgeEndpoint) -> None:
    endpoint.answer["search_query"] = "How early are flights booked?"

    assert ask().err == "fast  300 + 9 tokens  looked for: How early are flights booked?\n"


@pytest.mark.parametrize(
    ("reason", "says"), [("content_filter", "stopped by the guardrail"), ("length", "cut at the token limit")]
)
def test_why_an_answer_ended_early_is_said(
    ask: Callable[..., Ran], endpoint: KnowledgeEndpoint, reason: str, says: str
) -> None:
    endpoint.answer["finish_reason"] = reason

    assert ask().err == f"fast  300 + 9 tokens  {says}\n"


def test_as_json_the_answer_is_whole(ask: Callable[..., Ran], endpoint: KnowledgeEndpoint) -> None:
    ran = ask("--json")

    assert (ran.json, ran.err) == (ANSWER, "")
    assert endpoint.streamed == [False]


def test_a_server_that_does_not_stream_is_shown_too(ask: Callable[..., Ran], endpoint: KnowledgeEndpoint) -> None:
    endpoint.buffered = True

    ran = ask()

    assert ran.out.startswith("At least 21 days before [1].\n\n")
    assert CITATION["document"] in ran.out


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ("", "ended its answer in the middle (the answer broke off)"),
        ("data: [DONE]\n\n", "ended its answer without the citations. Ask again."),
        (event({"error": {"message": "Bedrock is throttling."}}).decode(), "Bedrock is throttling."),
    ],
)
def test_an_answer_that_breaks_off_is_a_failure(
    ask: Callable[..., Ran], endpoint: KnowledgeEndpoint, ends: str, says: str
) -> None:
    endpoint.ends = ends

    ran = ask()

    assert (ran.code, ran.out) == (1, "At least 21 days before [1].\n")
    assert says in ran.err


def test_what_the_endpoint_refuses_is_a_sentence(ask: Callable[..., Ran], endpoint: KnowledgeEndpoint) -> None:
    endpoint.fails = refusal(404, "There is no knowledge base here. Add a `knowledge` section.")

    ran = ask()

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.strip() == "There is no knowledge base here. Add a `knowledge` section."


def test_an_endpoint_without_the_route_is_said(ask: Callable[..., Ran], endpoint: KnowledgeEndpoint) -> None:
    endpoint.fails = httpx.Response(200, json={"choices": []})

    assert "its answer has no 'answer'" in ask().err


def test_an_empty_question_is_wrong_usage(run: Run, endpoint: KnowledgeEndpoint) -> None:
    assert run("knowledge", "ask", " ", "-e", "dev").code == 2


def test_without_a_saved_connection_the_way_to_one_is_shown(run: Run, endpoint: KnowledgeEndpoint) -> None:
    ran = run("knowledge", "ask", QUESTION, "-e", "dev")

    assert ran.code == 2
    assert "quarry connect --environment dev" in ran.err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("department", "'department' is no filter. Write FIELD=VALUE"),
        ("=x", "'=x' is no filter"),
        ("", "'' is no filter"),
        ("author=Ann", "no field author to filter by; knowledge.metadata of the environment file has department, pub"),
        ("year=soon", "year is a number, and 'soon' is none."),
        ("year=1e3", "year is a number"),
        ("public=yes", "public is true or false, and not 'yes'."),
    ],
)
def test_a_filter_that_cannot_be_is_exit_code_2(ask: Callable[..., Ran], given: str, says: str) -> None:
    ran = ask("--filter", given)

    assert ran.code == 2
    assert says in ran.err


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([], None),
        (["department=a=b"], {"department": "a=b"}),
        (["department == Finance and Law"], {"department": "Finance and Law"}),
        (["department="], {"department": ""}),
        (["year!=2024"], {"year": {"ne": 2024}}),
        (["year>-1.5"], {"year": {"gt": -1.5}}),
        (["year<=2024", "year=2020"], {"year": {"lte": 2024, "eq": 2020}}),
        (["public=false"], {"public": False}),
    ],
)
def test_filters_are_what_the_api_takes(given: list[str], wanted: Any) -> None:
    assert answer.filters(given, fields=FIELDS) == wanted


def test_the_same_comparison_twice_is_refused() -> None:
    with pytest.raises(CommandError, match="year has = twice"):
        answer.filters(["year=1", "year=2"], fields=FIELDS)
