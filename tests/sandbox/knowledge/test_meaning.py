"""The samples' questions in other words than the documents': found by vectors, and how many of them by words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.knowledge import chunking, formats, sidecar
from sandbox.knowledge.passages import Passage, PassageIndex
from sandbox.model import word_vectors, words

SAMPLES = Path(__file__).parents[3] / "samples"
QUESTIONS: dict[str, Any] = yaml.safe_load((SAMPLES / "questions.yaml").read_text(encoding="utf-8"))
PARAPHRASED = [(one["question"], one["document"]) for one in QUESTIONS["paraphrased"]]
ANSWERABLE = [(one["question"], one["document"]) for one in QUESTIONS["answerable"]]


def _texts() -> dict[str, str]:
    root = SAMPLES / "documents"
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.name.endswith(sidecar.SUFFIX))
    return {str(path.relative_to(root)): formats.text_of(path.name, path.read_bytes()) for path in files}


def _filled(index: PassageIndex) -> PassageIndex:
    for name, text in _texts().items():
        index.replace("s", name, [Passage("s", name, each.text) for each in chunking.chunk(text, None)])
    return index


@pytest.fixture(scope="module")
def by_meaning() -> PassageIndex:
    return _filled(PassageIndex(word_vectors.embed, word_vectors.DIMENSIONS))


def _right(questions: list[tuple[str, str]], search: Callable[[str], list[tuple[float, Passage]]]) -> int:
    """Count the questions whose document is found first."""
    return sum([passage.uri for _, passage in search(question)[:1]] == [document] for question, document in questions)


def test_paraphrased_questions_are_found_by_vectors(
    by_meaning: PassageIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    by_words = _filled(PassageIndex())

    semantic = _right(PARAPHRASED, lambda question: by_meaning.search(question, most=1))
    hybrid = _right(PARAPHRASED, lambda question: by_meaning.search(question, most=1, hybrid=True))
    lexical = _right(PARAPHRASED, lambda question: by_words.search(question, most=1))

    with capsys.disabled():
        print(f"\nright document first, of 20: vectors {semantic}, vectors and words {hybrid}, words {lexical}")
    assert len(PARAPHRASED) == 20
    assert semantic >= 17
    assert hybrid >= 17
    assert lexical < 12, "the questions have become too like the documents"


def test_paraphrased_questions_share_few_words_with_their_documents() -> None:
    texts = _texts()
    shared = [len(words.overlap(question, texts[document])) for question, document in PARAPHRASED]
    asked = [len(set(words.content_words(question))) for question, _ in PARAPHRASED]

    assert sum(shared) <= 0.3 * sum(asked)
    assert max(shared) <= 5
    assert shared.count(0) >= 5


def test_questions_in_the_documents_words_are_found_as_well(by_meaning: PassageIndex) -> None:
    assert _right(ANSWERABLE, lambda question: by_meaning.search(question, most=1, hybrid=True)) >= 18


def test_the_sandboxs_threshold_tells_what_the_documents_do_not_say(by_meaning: PassageIndex) -> None:
    threshold = yaml.safe_load((SAMPLES.parent / "environments" / "sandbox.yaml").read_text())["knowledge"][
        "score_threshold"
    ]

    def best(question: str) -> float:
        return by_meaning.search(question, most=1, hybrid=True)[0][0]

    assert all(best(one["question"]) < threshold for one in QUESTIONS["unanswerable"])
    assert all(best(question) > threshold for question, _ in ANSWERABLE)
