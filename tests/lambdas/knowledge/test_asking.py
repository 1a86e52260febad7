"""One question: what is refused, what is searched for, what the model and the caller are told."""

import json
from typing import Any

import msgspec
import pytest

from lambdas.chat.conversation import Conversation
from lambdas.chat.spoken import Spoken
from lambdas.chat.told import Completion
from lambdas.common.errors import InvalidRequestError
from lambdas.common.tokens import BYTES_PER_TOKEN
from lambdas.knowledge.asking import ESTIMATED_PER_TOKEN, Found, Knowledge, Question
from lambdas.knowledge.citations import NOT_IN_DOCUMENTS
from lambdas.knowledge.prompt import RULES
from lambdas.knowledge.retrieval import Retriever
from lambdas.knowledge.settings import LONGEST_PASSAGE, Reranking
from tests.lambdas.chatting import parse
from tests.lambdas.fakes import KNOWLEDGE
from tests.lambdas.knowledge.fakes import FakeRetrieve, result

PIXEL = "data:image/png;base64,iVBORw0KGgo="
RERANK = Reranking(model_arn="arn:aws:bedrock:us-east-1::foundation-model/cohere.rerank-v3-5:0", results=2)


def knowledge(documents: FakeRetrieve | None = None, **changes: Any) -> Knowledge:
    settings = msgspec.structs.replace(KNOWLEDGE, **changes)
    retrieve = documents or FakeRetrieve()
    return Knowledge(settings=settings, retriever=Retriever(settings=settings, client=lambda: retrieve))


def request(*messages: Any, **fields: Any) -> Conversation:
    said = [{"role": "user", "content": one} if isinstance(one, str | list) else one for one in messages]
    quarry = {"knowledge": fields.pop("knowledge", {})}
    return parse(json.dumps({"model": "fast", "messages": said, "quarry": quarry, **fields}).encode())


def question(*messages: Any, at: Knowledge | None = None, **fields: Any) -> Question:
    asked = request(*messages, **fields)
    return (at or knowledge()).question(asked)


def never(_: Conversation) -> Completion:
    raise AssertionError("nobody was to be asked")


def find(at: Knowledge, asked: Conversation) -> tuple[Found, Spoken]:
    spoken = asked.spoken
    found = at.find(at.question(asked), complete=never)
    return found, found.spoken(spoken)


def test_the_last_message_is_the_question() -> None:
    asked = question("Which class?", knowledge={"results": 7, "filter": {"year": 2024}})

    assert (asked.text, asked.alias, asked.results, asked.earlier) == ("Which class?", "fast", 7, ())
    assert asked.filter_ == {"equals": {"key": "year", "value": 2024}}


def test_what_was_said_before_is_known_even_where_messages_are_joined() -> None:
    earlier = ["Hello.", {"role": "assistant", "content": "Hi."}, "I travel."]

    asked = question(*earlier, [{"type": "text", "text": "Which class?"}, {"type": "text", "text": "By train."}])

    assert asked.text == "Which class?\nBy train."
    assert [[block["text"] for block in message["content"]] for message in asked.earlier] == [
        ["Hello."],
        ["Hi."],
        ["I travel."],
    ]


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f"}}


@pytest.mark.parametrize(
    ("messages", "fields", "param"),
    [
        (["x", {"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "c1", "content": "y"}],
         {}, "messages[2]"),
        ([[{"type": "image_url", "image_url": {"url": PIXEL}}]], {}, "messages[0]"),
        (["x"], {"tools": [TOOL]}, "tools"),
        (["x"], {"response_format": {"type": "json_object"}}, "response_format"),
        (["x"], {"knowledge": {"filter": {"colour": "red"}}}, "quarry.knowledge.filter.colour"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_by_name(messages: Any, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        question(*messages, **fields)

    assert refused.value.param == param


def test_the_grounding_check_bounds_the_question() -> None:
    with pytest.raises(InvalidRequestError, match="1,000") as refused:
        question("x" * 1_001, at=knowledge(grounding_check=True))

    assert refused.value.param == "messages[0]"
    assert question("x" * 1_001).text == "x" * 1_001


@pytest.mark.parametrize(
    ("changes", "wanted", "passages"),
    [
        ({}, {}, 5 * 300),
        ({}, {"results": 10}, 10 * 300),
        ({"reranking": RERANK}, {}, 2 * 300),
        ({"passage_tokens": LONGEST_PASSAGE}, {}, 5 * 8192),
    ],
)
def test_what_passages_may_add_is_known_before(changes: Any, wanted: Any, passages: int) -> None:
    added = question("x", at=knowledge(**changes), knowledge=wanted).passage_tokens

    size = passages * ESTIMATED_PER_TOKEN
    assert size < added.likely < size + 1_100
    assert size * BYTES_PER_TOKEN < added.most < size * BYTES_PER_TOKEN + 1_100


def test_the_model_is_told_rules_passages_and_the_question_and_nothing_weak() -> None:
    asked = request({"role": "system", "content": "Be brief."}, "Which class?")

    found, spoken = find(knowledge(), asked)

    assert [block["text"] for block in spoken.system] == ["Be brief.", RULES]
    (message,) = spoken.turns
    assert message["role"] == "user"
    text = message["content"][0]["text"]
    assert '<passage number="1" document="travel.md">\nTrains are booked' in text
    assert '<passage number="2" document="hr/leave.md">' in text
    assert "Soup" not in text
    assert [passage.document for passage in found.passages] == ["travel.md", "hr/leave.md"]


def test_everything_that_the_caller_said_is_judged_by_the_guardrail_and_no_passage() -> None:
    image = {"type": "image_url", "image_url": {"url": PIXEL}}
    asked = request("First.", {"role": "assistant", "content": "Yes."}, "Also.", [image, {"type": "text", "text": "?"}])
    at = knowledge()
    spoken = asked.spoken
    plain = json.dumps(spoken.turns[0])
    found = Found(question=at.question(asked), search_query="?", passages=(), grounding=False)

    told = found.spoken(spoken).turns

    assert told[0]["content"] == [{"guardContent": {"text": {"text": "First.", "qualifiers": ["guard_content"]}}}]
    assert told[1] == {"role": "assistant", "content": [{"text": "Yes."}]}
    also, picture, _passages, own = told[2]["content"]
    assert also["guardContent"]["text"]["text"] == "Also."
    assert "image" in picture
    assert own["guardContent"]["text"]["text"] == "<question>?</question>"
    # What the session keeps is what was said.
    assert json.dumps(spoken.turns[0]) == plain


def test_the_caller_is_told_what_is_cited_in_the_order_of_its_mention() -> None:
    found, _ = find(knowledge(), request("Which class?"))

    told = found.told("28 days [2], second class [1][7].")

    assert [citation["number"] for citation in told["citations"]] == [2, 1]
    assert told["citations"][0] == {
        "number": 2,
        "document": "hr/leave.md",
        "location": "s3://data-bucket/documents/hr/leave.md",
        "passage": "There are 28 days of leave.",
        "score": 0.6,
        "metadata": {"department": "People", "year": 2026},
    }
    assert (told["answered"], told["search_query"]) == (True, "Which class?")


@pytest.mark.parametrize(
    ("text", "blocked", "answered", "citations"),
    [
        (NOT_IN_DOCUMENTS, False, False, 0),
        (f"{NOT_IN_DOCUMENTS} [1]", False, False, 0),
        ("An answer without markers.", False, True, 0),
        ("Stopped by policy.", True, False, 0),
        ("Write to {EMAIL} [1].", True, True, 1),
    ],
)
def test_what_is_an_answer(text: str, blocked: bool, answered: bool, citations: int) -> None:
    found, _ = find(knowledge(), request("x"))

    told = found.told(text, blocked=blocked)

    assert (told["answered"], len(told["citations"])) == (answered, citations)


def test_nothing_above_the_threshold_leaves_nothing() -> None:
    found, _ = find(knowledge(score_threshold=0.9), request("x"))

    assert found.passages == ()
    assert found.nothing == NOT_IN_DOCUMENTS


def test_passages_beyond_what_was_reserved_are_left_out() -> None:
    many = [result(f"{number}.md", "word " * 500, 0.9) for number in range(5)]

    found, _ = find(knowledge(FakeRetrieve(many)), request("x"))

    assert 0 < len(found.passages) < 5


def test_a_question_that_stands_alone_is_not_rewritten() -> None:
    documents = FakeRetrieve()

    find(knowledge(documents), request("x" * 5_000))

    assert documents.queries == ["x" * 1_000]
