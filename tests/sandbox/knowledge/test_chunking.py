"""Chunking strategies, on their own and through a data source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.knowledge import chunking
from sandbox.knowledge.chunking import Chunk
from sandbox.model import tokens
from tests.sandbox.knowledge import bases
from tests.sandbox.knowledge.conftest import Base
from tests.sandbox.resources.examples import Template

# Each sentence: five words and a full stop, six tokens.
SENTENCES = [f"Word{chr(97 + n)} one two six ten." for n in range(10)]
TEXT = " ".join(SENTENCES)


def _fixed(most: int, percent: int) -> dict[str, Any]:
    return {
        "chunkingStrategy": "FIXED_SIZE",
        "fixedSizeChunkingConfiguration": {"maxTokens": most, "overlapPercentage": percent},
    }


def _texts(text: str, configuration: dict[str, Any] | None) -> list[str]:
    return [each.text for each in chunking.chunk(text, configuration)]


def test_sentences_lose_nothing() -> None:
    text = "One. Two!  Three?\nA line without end\n\n3.14 is pi. 終わり。次"

    assert "".join(chunking.sentences(text)) == text
    assert [each.strip() for each in chunking.sentences(text)] == [
        "One.",
        "Two!",
        "Three?",
        "A line without end",
        "3.14 is pi.",
        "終わり。",
        "次",
    ]


def test_no_chunking_keeps_the_document_whole() -> None:
    assert chunking.chunk(f"\n{TEXT}\n", {"chunkingStrategy": "NONE"}) == [Chunk(TEXT)]


def test_fixed_chunks_end_with_sentences_and_overlap() -> None:
    found = _texts(TEXT, _fixed(20, 40))

    assert found[0] == " ".join(SENTENCES[:3])
    assert found[1] == " ".join(SENTENCES[2:5])
    assert all(tokens.count(each) <= 20 for each in found)
    assert found[-1].endswith(SENTENCES[-1])


def test_a_long_sentence_is_cut() -> None:
    found = _texts("one " * 50, _fixed(20, 10))

    assert [tokens.count(each) for each in found] == [20, 20, 12]  # no room for an overlap but in the last
    text = "Short one. " + "long " * 30
    assert all(tokens.count(each) <= 16 for each in _texts(text, _fixed(16, 50)))


def test_an_overlap_shorter_than_a_sentence_is_the_end_of_it() -> None:
    assert _texts(TEXT, _fixed(14, 20))[1].startswith("ten. " + SENTENCES[2])


def test_nothing_said_is_300_tokens_and_20_percent() -> None:
    text = TEXT * 12

    assert _texts(text, None) == _texts(text, _fixed(300, 20))
    assert 280 < tokens.count(_texts(text, None)[0]) <= 300


def test_hierarchical_children_know_their_parents() -> None:
    levels = {"levelConfigurations": [{"maxTokens": 30}, {"maxTokens": 12}], "overlapTokens": 6}
    found = chunking.chunk(TEXT, {"chunkingStrategy": "HIERARCHICAL", "hierarchicalChunkingConfiguration": levels})

    parents = list(dict.fromkeys(each.parent for each in found))
    assert parents[0] == " ".join(SENTENCES[:5])
    assert parents[1] == " ".join(SENTENCES[4:9])
    assert all(each.parent is not None and each.text in each.parent for each in found)
    assert found[0].text == " ".join(SENTENCES[:2])
    assert found[1].text == " ".join(SENTENCES[1:3])


def test_semantic_chunks_break_where_the_subject_changes() -> None:
    lutes = ["Lutes have strings.", "Strings of lutes are tuned.", "Tuned lutes have courses of strings."]
    bread = ["Bread needs flour.", "Flour for bread is ground.", "Ground flour makes bread."]
    settings = {"maxTokens": 100, "bufferSize": 0, "breakpointPercentileThreshold": 90}

    found = _texts(" ".join(lutes + bread), {"chunkingStrategy": "SEMANTIC", "semanticChunkingConfiguration": settings})

    assert found == [" ".join(lutes), " ".join(bread)]


def test_semantic_chunks_have_a_limit() -> None:
    settings = {"maxTokens": 13, "bufferSize": 1, "breakpointPercentileThreshold": 99}
    configuration = {"chunkingStrategy": "SEMANTIC", "semanticChunkingConfiguration": settings}

    assert all(tokens.count(each) <= 13 for each in _texts(TEXT, configuration))
    assert _texts("Only one.", configuration) == ["Only one."]


@pytest.mark.parametrize(("words", "status"), [(8192, "INDEXED"), (8193, "FAILED")])
def test_a_chunk_that_is_too_long_for_the_model_fails(
    deploy: Callable[[Template], Base], words: int, status: str
) -> None:
    base = deploy(bases.on_vectors(ChunkingConfiguration={"ChunkingStrategy": "NONE"}))
    base.put("a.txt", " ".join(["word"] * words))
    base.sync()

    found, reason = base.documents()["a.txt"]
    assert found == status
    assert reason == (
        f"Too many input tokens. Max input tokens: 8192, request input token count: {words}"
        if status == "FAILED"
        else ""
    )


@pytest.mark.usefixtures("by_words")
def test_parents_are_answered_once(deploy: Callable[[Template], Base]) -> None:
    levels = {"LevelConfigurations": [{"MaxTokens": 60}, {"MaxTokens": 12}], "OverlapTokens": 1}
    chunks = {"ChunkingStrategy": "HIERARCHICAL", "HierarchicalChunkingConfiguration": levels}
    base = deploy(bases.on_vectors(ChunkingConfiguration=chunks))
    base.put("a.md", TEXT)
    base.put("b.md", "Worda is elsewhere too.")
    base.sync()

    found = base.retrieve("wordc wordd worde wordf", numberOfResults=3)

    assert [each["content"]["text"] for each in found] == [TEXT]  # three children of one parent
    assert len(base.retrieve("worda wordb wordc", numberOfResults=10)) == 2
