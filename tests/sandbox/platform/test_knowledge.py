"""The knowledge base on the deployed platform: `make up` filled it with the samples; the held questions are asked."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import yaml
from openai import OpenAI

from configuration.environment_file import PROJECT
from sandbox.model.script import ModelScript
from tests.sandbox.platform.conftest import Platform
from tests.waiting import PATIENCE

QUESTIONS: dict[str, Any] = yaml.safe_load((PROJECT / "samples" / "questions.yaml").read_text(encoding="utf-8"))
NOT_IN_DOCUMENTS = "The documents do not answer this."

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def http(platform: Platform) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    with httpx.Client(base_url=platform.base_url, headers=headers, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def ask(http: httpx.Client) -> Ask:
    def send(question: str, **more: Any) -> dict[str, Any]:
        reply = http.post("/knowledge/query", json={"question": question, **more})
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        return answer

    return send


def documents(answer: dict[str, Any]) -> list[str]:
    return [citation["document"] for citation in answer["citations"]]


def test_make_up_asked_the_samples(platform: Platform) -> None:
    assert "travel.md" in platform.printed


def test_the_right_document_is_cited_first(ask: Ask) -> None:
    answers = {one["question"]: (one["document"], ask(one["question"])) for one in QUESTIONS["answerable"]}

    wrong = {
        question: documents(answer) for question, (right, answer) in answers.items() if documents(answer)[:1] != [right]
    }
    assert len(answers) == 20
    assert len(wrong) <= 2, wrong
    for _, answer in answers.values():
        assert "[1]" in answer["answer"] or "[" in answer["answer"]
        assert answer["answered"] is True


def test_what_the_documents_do_not_say_is_said(ask: Ask) -> None:
    answers = [ask(one["question"]) for one in QUESTIONS["unanswerable"]]

    assert len(answers) == 5
    assert [answer["answer"] for answer in answers] == [NOT_IN_DOCUMENTS] * 5
    assert not any(answer["answered"] or answer["citations"] for answer in answers)


@pytest.mark.parametrize("one", QUESTIONS["filtered"], ids=lambda one: json.dumps(one["filter"]))
def test_a_filter_is_respected(one: dict[str, Any], ask: Ask, http: httpx.Client) -> None:
    answer = ask(one["question"], filter=one["filter"])
    found = http.post("/knowledge/retrieve", json={"query": one["question"], "filter": one["filter"], "results": 50})

    assert documents(answer)[:1] == ([one["document"]] if one["document"] else [])
    passages = found.json()["data"]
    assert all(_fits(passage["metadata"], one["filter"]) for passage in passages), passages
    assert bool(passages) == bool(one["document"])


def _fits(metadata: dict[str, Any], wanted: dict[str, Any]) -> bool:
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "eq": lambda has, asked: has == asked,
        "gt": lambda has, asked: has > asked,
        "gte": lambda has, asked: has >= asked,
        "lt": lambda has, asked: has < asked,
        "in": lambda has, asked: has in asked,
    }
    rules = {name: rule if isinstance(rule, dict) else {"eq": rule} for name, rule in wanted.items()}
    return all(compare[op](metadata[name], asked) for name, rule in rules.items() for op, asked in rule.items())


@pytest.mark.parametrize("one", QUESTIONS["injected"], ids=lambda one: one["question"])
def test_instructions_in_a_document_are_not_followed_and_it_stays_citable(one: dict[str, Any], ask: Ask) -> None:
    answer = ask(one["question"])

    assert documents(answer)[:1] == [one["document"]]
    for word in one["never"]:
        assert word not in answer["answer"]


@pytest.mark.parametrize("turns", QUESTIONS["sessions"], ids=lambda turns: turns[0]["question"])
def test_a_follow_up_question_is_understood_in_a_session(
    turns: list[dict[str, Any]], ask: Ask, http: httpx.Client
) -> None:
    session = http.post("/sessions", json={}).json()["id"]

    answers = [ask(turn["question"], session=session) for turn in turns]

    assert [documents(answer)[:1] for answer in answers] == [[turn["document"]] for turn in turns]
    assert answers[1]["search_query"] != turns[1]["question"]
    kept = http.get(f"/sessions/{session}").json()
    assert [turn["question"] for turn in turns] == [
        message["content"] for message in kept["messages"] if message["role"] == "user"
    ]


def test_a_stream_ends_with_the_citations(http: httpx.Client) -> None:
    body = {"question": QUESTIONS["answerable"][0]["question"], "stream": True}
    with http.stream("POST", "/knowledge/query", json=body) as reply:
        lines = [line.removeprefix("data: ") for line in reply.iter_lines() if line]

    assert lines[-1] == "[DONE]"
    *parts, last = [json.loads(line) for line in lines[:-1]]
    assert last["object"] == "knowledge.answer"
    assert documents(last)[0] == "travel.md"
    assert len(parts) > 2
    assert "".join(part["delta"] for part in parts) == last["answer"]


def test_chat_has_the_knowledge_by_an_extension(openai: OpenAI) -> None:
    asked = QUESTIONS["answerable"][0]["question"]
    extension: dict[str, Any] = {"quarry": {"knowledge": {}}}

    reply = openai.chat.completions.create(
        model="fast", messages=[{"role": "user", "content": asked}], extra_body=extension
    )
    stream = openai.chat.completions.create(
        model="fast", messages=[{"role": "user", "content": asked}], extra_body=extension, stream=True
    )
    told = [chunk.model_dump()["quarry"] for chunk in stream if "quarry" in chunk.model_dump()]

    assert reply.model_dump()["quarry"]["citations"][0]["document"] == "travel.md"
    assert [one["citations"][0]["document"] for one in told] == ["travel.md"]


def test_a_passage_has_score_place_and_metadata(http: httpx.Client) -> None:
    found = http.post("/knowledge/retrieve", json={"query": "booking a flight", "results": 3}).json()["data"]

    assert 1 <= len(found) <= 3
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    assert found[0]["location"].endswith(f"/documents/{found[0]['document']}")
    assert set(found[0]["metadata"]) == {"department", "year", "public"}


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("query", {"question": " "}, 400, "question"),
        ("query", {"question": "x", "filter": {"colour": "red"}}, 400, "filter.colour"),
        ("query", {"question": "x", "model": "nope"}, 404, "model"),
        ("query", {"question": "x", "session": "nope"}, 404, None),
        ("retrieve", {"query": "x", "results": 0}, 400, "results"),
    ],
)
def test_bad_questions_are_refused_by_name(
    path: str, body: dict[str, Any], status: int, param: str | None, http: httpx.Client
) -> None:
    reply = http.post(f"/knowledge/{path}", json=body)

    assert reply.status_code == status, reply.text
    if param:
        assert reply.json()["error"]["param"] == param


def test_a_field_that_there_is_not_is_named(http: httpx.Client) -> None:
    reply = http.post("/knowledge/retrieve", json={"query": "booking a flight", "colour": 1})

    assert (reply.status_code, reply.headers["x-quarry-dropped-parameters"]) == (200, "colour")


def test_an_answer_is_charged_to_the_key(platform: Platform, ask: Ask, http: httpx.Client) -> None:
    before = http.get("/usage").json()

    ask(QUESTIONS["answerable"][1]["question"])

    assert http.get("/usage").json() != before


def test_a_model_that_fails_leaves_an_error_and_no_reservation(model: ModelScript, http: httpx.Client) -> None:
    model.fault("access_denied")

    reply = http.post("/knowledge/query", json={"question": QUESTIONS["answerable"][0]["question"]})

    assert reply.status_code == 403, reply.text


def test_without_the_right_to_retrieve_the_answer_names_it(platform: Platform, http: httpx.Client) -> None:
    iam = platform.client("iam")
    role = next(role for role in iam.list_roles()["Roles"] if "-ChatRole" in role["RoleName"])["RoleName"]
    deny = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "bedrock:Retrieve", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="test", PolicyDocument=json.dumps(deny))
    try:
        reply = http.post("/knowledge/query", json={"question": "How early is a flight booked?"})
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="test")

    assert reply.status_code == 403
    assert "bedrock:Retrieve" in reply.json()["error"]["message"]
