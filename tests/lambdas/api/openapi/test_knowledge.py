"""docs/knowledge.md: its requests are taken, its answers are what the code answers."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import lambdas
from lambdas.api.routes import knowledge_query, knowledge_retrieve
from lambdas.knowledge.citations import NOT_IN_DOCUMENTS
from lambdas.knowledge.filters import _TAKES, to_retrieval_filter
from tests.lambdas.api.openapi.test_document import misfits
from tests.lambdas.chatting import parse
from tests.lambdas.fakes import KNOWLEDGE
from tests.lambdas.stores import desk

TEXT = (Path(lambdas.__file__).parents[1] / "docs" / "knowledge.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)]
ANSWERS = {
    "knowledge.answer": "KnowledgeAnswer",
    "knowledge.answer.chunk": "KnowledgeAnswerEvent",
    "list": "PassageList",
}


def takes(example: dict[str, Any]) -> None:
    """Read an example as the route that it is for does."""
    body = json.dumps(example).encode()
    match example:
        case {"question": _}:
            knowledge_query.parse(body, KNOWLEDGE)
        case {"query": _}:
            knowledge_retrieve.READER.read(body)
        case {"messages": _}:
            asked = parse(body)
            with desk() as at:
                at.knowledge.question(asked)
        case {"filter": filter_}:
            assert to_retrieval_filter(filter_, KNOWLEDGE.metadata, param="filter")
        case _:
            raise AssertionError(f"nothing takes {example}")


def test_each_kind_is_there() -> None:
    assert {next(iter(example)) for example in EXAMPLES} == {"question", "id", "model", "filter", "query", "object"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: "-".join(example))
def test_an_example_is_taken_or_answered(example: dict[str, Any]) -> None:
    if example.get("object") in ANSWERS:
        schema = {"$ref": f"#/components/schemas/{ANSWERS[example['object']]}"}
        assert list(misfits(example, schema)) == []
    else:
        takes(example)


def test_the_sentence_and_the_comparisons_are_the_codes() -> None:
    assert f"> {NOT_IN_DOCUMENTS}" in TEXT
    for kind, comparisons in _TAKES.items():
        (row,) = re.findall(rf"^\| `{kind}` \|.*$", TEXT, re.MULTILINE)
        assert re.findall(r"`(\w+)`", row)[1:] == list(comparisons)
