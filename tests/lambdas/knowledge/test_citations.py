"""Markers in answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.knowledge.citations import NOT_IN_DOCUMENTS, cited, place_of, says_nothing, without_unknown


@pytest.mark.parametrize(
    ("text", "number", "place"),
    [
        ("Second class [1].", 1, 13),
        ("Both [1, 3] and [3].", 3, 5),
        ("Twice [2] and again [2].", 2, 6),
        ("Nobody has [4].", 1, None),
        ("", 1, None),
    ],
)
def test_a_passage_is_cited_at_its_first_marker(text: str, number: int, place: int | None) -> None:
    assert place_of(text, number) == place


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Second class [1].", [1]),
        ("Second class [1][3]. Hotels [2].", [1, 3, 2]),
        ("Both [1, 3] and [ 3 ; 2 ].", [1, 3, 2]),
        ("Twice [2] and again [2].", [2]),
        ("Nobody has [4], [0], [17] or [1234].", []),
        ("Some [4, 1].", [1]),
        ("No marker: [a], [], [1-3], 1, (1).", []),
        ("", []),
    ],
)
def test_numbers_are_told_once_in_the_order_of_their_mention(text: str, numbers: list[int]) -> None:
    assert cited(text, passages=3) == numbers


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Second class [1].", "Second class [1]."),
        ("Second class [9].", "Second class."),
        ("Second class [1][9].", "Second class [1]."),
        ("Second class [1, 9, 2].", "Second class [1, 2]."),
        ("[7] first", " first"),
        ("a list[9] and [1] b", "a list and [1] b"),
        ("lines\n[9] stay", "lines\n stay"),
    ],
)
def test_what_no_passage_has_is_taken_out(text: str, mended: str) -> None:
    assert without_unknown(text, passages=3) == mended


_marker = st.lists(st.integers(0, 12), min_size=1, max_size=3).map(lambda numbers: f"[{', '.join(map(str, numbers))}]")


@given(parts=st.lists(_marker | st.sampled_from(["word", "\n", "[a]", "."]), max_size=6), passages=st.integers(0, 12))
def test_taking_out_changes_no_citation_and_leaves_nothing_unknown(parts: list[str], passages: int) -> None:
    text = " ".join(parts)

    mended = without_unknown(text, passages=passages)

    assert cited(mended, passages=999) == cited(text, passages=passages) == cited(mended, passages=passages)


@pytest.mark.parametrize(
    ("text", "cites", "nothing"),
    [
        (NOT_IN_DOCUMENTS, False, True),
        (f"  {NOT_IN_DOCUMENTS}\n", False, True),
        (f'"{NOT_IN_DOCUMENTS}"', False, True),
        ("**The documents do not answer this**", False, True),
        ("the documents do not answer this [1]", True, True),
        (f"I am sorry. {NOT_IN_DOCUMENTS}", False, True),
        (f"{NOT_IN_DOCUMENTS} In general, trains are slow.", False, True),
        (f"{NOT_IN_DOCUMENTS} But trains are second class [1].", True, False),
        ("", False, False),
        ("Yes [1].", True, False),
    ],
)
def test_the_sentence_is_known_however_it_is_dressed(text: str, cites: bool, nothing: bool) -> None:
    assert says_nothing(text, cites=cites) == nothing
