"""The index of vectors, and passages ranked by it."""

from __future__ import annotations

import pytest

from sandbox.knowledge.passages import WORDS_WEIGHT, Passage, PassageIndex
from sandbox.knowledge.vectors import VectorIndex

# Two numbers for a text: how much it is about water, how much about fire.
VECTORS = {
    "river": [1.0, 0.0],
    "kettle": [1.0, 1.0],
    "oven": [0.0, 1.0],
    "drought": [-1.0, 0.0],
    "What flows?": [1.0, 0.0],
    "Where is the oven?": [1.0, 0.0],
}


def _passage(text: str, source: str = "s") -> Passage:
    return Passage(source, text, text)


@pytest.fixture
def index() -> PassageIndex:
    found = PassageIndex(VECTORS.__getitem__, 2)
    for text in ("oven", "kettle", "river", "drought"):
        found.replace("s", text, [_passage(text)])
    return found


def test_neighbours_come_with_their_cosine_nearest_first() -> None:
    index = VectorIndex(2)
    for number, vector in enumerate(VECTORS.values(), start=1):
        index.add(number, vector)
    index.remove(5)

    found = index.nearest([3.0, 0.0], among=[2, 3, 4, 5])

    assert list(found) == [2, 3, 4]
    assert list(found.values()) == pytest.approx([0.7071, 0.0, -1.0], abs=1e-3)
    assert VectorIndex(2).nearest([1.0, 0.0], among=[]) == {}


def test_the_score_is_the_cosine_and_never_negative(index: PassageIndex) -> None:
    found = index.search("What flows?", most=10)

    assert [passage.text for _, passage in found] == ["river", "kettle", "oven", "drought"]
    assert [score for score, _ in found] == pytest.approx([1.0, 0.7071, 0.0, 0.0], abs=1e-3)


def test_hybrid_is_the_weighted_mean_with_the_lexical_score(index: PassageIndex) -> None:
    by_words = PassageIndex()
    for text in ("oven", "kettle", "river", "drought"):
        by_words.replace("s", text, [_passage(text)])
    (lexical, _), *others = by_words.search("Where is the oven?", most=10)

    found = {passage.text: score for score, passage in index.search("Where is the oven?", most=10, hybrid=True)}

    assert not others
    assert found["oven"] == pytest.approx(WORDS_WEIGHT * lexical, abs=1e-5)
    assert found["river"] == pytest.approx(1 - WORDS_WEIGHT, abs=1e-5)
    assert index.search("Where is the oven?", most=1)[0][1].text == "river"


def test_what_does_not_fit_takes_no_place(index: PassageIndex) -> None:
    found = index.search("What flows?", most=1, fits=lambda passage: passage.text in ("oven", "kettle"))

    assert [passage.text for _, passage in found] == ["kettle"]
    assert index.search("What flows?", most=1, fits=lambda _: False) == []


def test_what_was_replaced_or_removed_is_not_found(index: PassageIndex) -> None:
    index.replace("s", "river", [_passage("kettle")])
    index.replace("other", "oven", [_passage("oven", source="other")])
    index.remove_source("s")

    assert [passage.data_source_id for _, passage in index.search("What flows?", most=10)] == ["other"]


def test_a_document_that_has_no_vector_leaves_the_index_as_it_was(index: PassageIndex) -> None:
    with pytest.raises(KeyError):
        index.replace("s", "river", [_passage("unheard of")])

    assert index.search("What flows?", most=1)[0][1].text == "river"
