"""Tokens."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.model import tokens


@given(st.text())
def test_no_character_is_lost(text: str) -> None:
    assert "".join(tokens.pieces(text)) == text


def test_about_four_characters_a_token() -> None:
    text = "The committee approved the proposal after a long discussion about its financial consequences."
    assert 3 <= len(text) / tokens.count(text) <= 5
