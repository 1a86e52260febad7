"""How many tokens a text is taken to have: never too few where it has to fit, about right where it is charged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.tokens import cut_text, likely_tokens, text_tokens


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("abc", 1), ("abcd", 2), ("日本", 2), ("石切場", 3), ("🪨", 2), ("\ud800", 1)]
)
def test_a_text_has_a_third_of_its_bytes(text: str, tokens: int) -> None:
    assert text_tokens(text) == tokens


@pytest.mark.parametrize(("characters", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2), (400, 100)])
def test_what_was_written_is_a_quarter_of_its_characters(characters: int, tokens: int) -> None:
    assert likely_tokens(characters) == tokens


def test_a_text_is_cut_at_a_line() -> None:
    assert cut_text("- one\n- two\n- three", 100) == "- one\n- two\n- three"
    assert cut_text("- one\n- two\n- three", 5) == "- one\n- two"
    assert cut_text("日本語日本語", 4) == "日本語日"


@given(st.text(alphabet="ab 日🪨\n", max_size=60), st.integers(0, 40))
def test_what_is_cut_is_a_beginning_that_fits(text: str, tokens: int) -> None:
    head = cut_text(text, tokens)

    assert text_tokens(head) <= tokens
    assert text.startswith(head)
