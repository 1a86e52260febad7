"""Reserved words are found wherever they stand, whichever way a text is searched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.tuning.data_sets.reserved import searcher, words_in
from tests.examples import examples

WORDS = ("User:", "Bot:", "Assistant:", "System:", "Thought:", "<image>", "<video>", "<unk>", "[EOS]")
PIECES = st.sampled_from(
    ["r:", ":", "<", "[", "user", "USER:", "bot", "<image", ">", "[eos", "]", "x" * 600, "é", "why: "]
)


@examples(300)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_a_text_has_a_word_exactly_if_it_contains_one(text: str) -> None:
    assert searcher(WORDS)(text) == any(word.lower() in text.lower() for word in WORDS)


@pytest.mark.parametrize("word", [*WORDS, *map(str.upper, WORDS), *map(str.lower, WORDS)])
@pytest.mark.parametrize("around", ["", "why: where: ", "x" * 5000, "a: <b> [c] " * 500])
def test_each_word_is_found(word: str, around: str) -> None:
    has = searcher(WORDS)

    assert not has(around)
    # Many marks before it, of this text and the one before, are no reason to overlook it.
    assert has(f"{around}{word}{around}")
    assert has(f"{around}{word}")
    assert has(f"{word}{around}")


def test_without_words_nothing_is_found() -> None:
    assert not searcher(())("User: hi")


def test_which_words_a_text_has() -> None:
    assert words_in("a bot: and the USER: said [eos]", WORDS) == ("User:", "Bot:", "[EOS]")
