"""From pieces of bytes to whole lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.tuning.data_sets import lines
from lambdas.tuning.data_sets.lines import Overlong, opened, whole_lines
from lambdas.tuning.data_sets.source import PIECE
from tests.examples import examples


def pieces(content: bytes, size: int) -> list[bytes]:
    """The content, cut."""
    return [content[start : start + size] for start in range(0, len(content), size)]


@examples(200)
@given(st.lists(st.binary(max_size=20), max_size=20).map(b"\n".join), st.integers(1, 30))
def test_lines_are_the_same_however_they_come(content: bytes, size: int) -> None:
    found = [line for block in whole_lines(pieces(content, size)) if isinstance(block, list) for line in block]

    assert b"".join(line + b"\n" for line in found) == content + (
        b"" if content.endswith(b"\n") or not content else b"\n"
    )


@examples(100)
@given(st.binary(max_size=100_000), st.integers(1, 40_000))
def test_the_beginning_is_looked_at_and_not_lost(content: bytes, size: int) -> None:
    start, all_of_it = opened(pieces(content, size))

    assert content.startswith(start)
    assert len(start) >= min(len(content), 16 * 1024)
    assert b"".join(all_of_it) == content


@pytest.mark.parametrize("size", [1, 10, 64])
@pytest.mark.parametrize("end", [b"", b"\n", b"\nz", b"\n\n"])
def test_what_is_too_long_is_passed_over(monkeypatch: pytest.MonkeyPatch, size: int, end: bytes) -> None:
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)

    blocks = list(whole_lines(pieces(b"a\n" + b"x" * 300 + end, size)))

    assert blocks[0] == [b"a"]
    assert [block for block in blocks if isinstance(block, Overlong)] == [Overlong(300)]
    assert blocks[2:] == {b"": [], b"\n": [], b"\nz": [[b"z"]], b"\n\n": [[b""]]}[end]


def test_a_whole_file_in_one_piece_is_cut() -> None:
    content = b"line\n" * PIECE

    blocks = list(whole_lines([content]))

    assert all(isinstance(block, list) and len(block) <= PIECE // 5 + 1 for block in blocks)
