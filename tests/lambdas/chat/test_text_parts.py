"""Where long texts are cut: nothing is lost, nothing is too long, and words, numbers and sentences stay whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.chat.text_parts import SEAM, parts, seams


@given(st.text(alphabet='ab1 \n.,"}。', max_size=400), st.integers(2, 60))
def test_parts_are_the_text_and_none_is_too_long(text: str, most: int) -> None:
    cut = parts(text, most)

    assert "".join(cut) == text
    assert all(0 < len(part) <= most for part in cut) or text == ""


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a" * 30 + "\nline two. And" + "b" * 60, "a" * 30 + "\n"),
        ("a" * 30 + " end. Another one " + "b" * 60, "a" * 30 + " end. "),
        ("a" * 30 + "。" + "b" * 60, "a" * 30 + "。"),
        ('{"' + "a" * 30 + '","' + "b" * 60 + '"}', '{"' + "a" * 30 + '"'),
        ("a" * 30 + " card 4111 1111 1111 1111", "a" * 30 + " "),
        ("1 " * 60, "1 " * 24),
        ("c" * 90, "c" * 48),
    ],
)
def test_a_text_is_cut_at_the_best_place_before_the_end(text: str, first: str) -> None:
    assert parts(text, 48)[0] == first


def test_a_seam_has_both_sides_of_a_cut() -> None:
    one, two, three = "a" * 500, "b" * 500, "c" * 5

    assert list(seams([one, two, three])) == ["a" * SEAM + "b" * SEAM, "b" * SEAM + "ccccc"]
    assert list(seams([one])) == []
