"""The vectors of this machine: what they are made of, and what happens without them."""

import math

import pytest

from sandbox.model import embeddings, word_vectors


def _cosine(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True)) / math.hypot(*left) / math.hypot(*right)


def test_the_wheel_is_part_of_the_sandbox() -> None:
    assert word_vectors.available()
    assert word_vectors.name() == "WordLlama 0.3.9 (256 numbers)"


def test_a_vector_is_the_mean_of_its_tokens() -> None:
    once, twice = word_vectors.embed("piano"), word_vectors.embed("piano piano")

    assert len(once) == word_vectors.DIMENSIONS
    assert _cosine(once, twice) == pytest.approx(1, abs=1e-5)
    ticket = word_vectors.embed("a plane ticket")
    assert _cosine(ticket, word_vectors.embed("flights")) > _cosine(ticket, word_vectors.embed("radiators")) + 0.1


@pytest.mark.parametrize("text", ["", " ", "\0", "🪗", "有給休暇", "x" * 100_000])
def test_every_text_has_a_vector(text: str) -> None:
    assert any(word_vectors.embed(text))


def test_they_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = embeddings.vector("piano", 256)
    monkeypatch.setenv(word_vectors.SWITCH, "off")

    assert not word_vectors.available()
    assert word_vectors.name() is None
    assert embeddings.vector("piano", 256) != real


def test_a_machine_without_the_wheel_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_vectors, "_PACKAGE", "no_such_wheel")
    word_vectors._folder.cache_clear()
    try:
        assert not word_vectors.available()
        assert len(embeddings.vector("piano", 512)) == 512
    finally:
        word_vectors._folder.cache_clear()
