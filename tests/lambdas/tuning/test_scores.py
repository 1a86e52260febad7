"""Scores are what the field's own evaluations give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.tuning import scores

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=12).map(" ".join)


@pytest.mark.parametrize(
    ("answer", "reference", "same"),
    [
        ("Complaint.", "complaint", 1),
        ("The complaint", "complaint", 1),
        ("  a\tcomplaint\n", "Complaint", 1),
        ("complaints", "complaint", 0),
        ("", "complaint", 0),
        ("", "", 1),
        ("the", "an", 1),
        ("été", "ÉTÉ!", 1),
        ("snake_case", "snakecase", 1),
    ],
)
def test_exact_match_is_squads(answer: str, reference: str, same: int) -> None:
    assert scores.exact_match(answer, reference) == same


@pytest.mark.parametrize(
    ("answer", "reference", "score"),
    [
        ("the cat sat", "the cat sat", 1),
        ("cat sat here", "the cat sat", 0.8),  # 2 of 3 said, 2 of 2 wanted
        ("cat cat", "cat", 2 / 3),
        ("sat cat", "cat sat", 1),
        ("dog", "cat", 0),
        ("", "cat", 0),
        ("cat", "", 0),
        ("", "", 1),
    ],
)
def test_token_f1_is_squads(answer: str, reference: str, score: float) -> None:
    assert scores.token_f1(answer, reference) == pytest.approx(score)


@pytest.mark.parametrize(
    ("answer", "reference", "score"),
    [
        # The example of rouge-score's own README: precision 0.625, recall 0.5556.
        ("The quick brown dog jumps on the log.", "The quick brown fox jumps over the lazy dog", 0.5882352941176471),
        ("sat cat", "cat sat", 0.5),
        ("the the the", "the", 0.5),
        ("Grüße aus Köln", "grüße aus köln!", 1),
        ("", "x", 0),
        ("...", "!!!", 0),
    ],
)
def test_rouge_l_is_rouge_scores(answer: str, reference: str, score: float) -> None:
    assert scores.rouge_l(answer, reference) == pytest.approx(score)


@given(WORDS, WORDS)
def test_rouge_l_goes_by_the_longest_common_subsequence(answer: str, reference: str) -> None:
    said, wanted = answer.split(), reference.split()
    table = [[0] * (len(wanted) + 1) for _ in range(len(said) + 1)]
    for i, one in enumerate(said):
        for j, other in enumerate(wanted):
            table[i + 1][j + 1] = table[i][j] + 1 if one == other else max(table[i][j + 1], table[i + 1][j])
    common = table[-1][-1]
    expected = 2 * common / (len(said) + len(wanted)) if common else 0.0

    assert scores.rouge_l(answer, reference) == pytest.approx(expected)


@given(st.text(max_size=40), st.text(max_size=40))
def test_every_score_is_between_0_and_1(answer: str, reference: str) -> None:
    found = scores.of(answer, reference)

    assert set(found) == {"exact_match", "token_f1", "rouge_l"}
    assert all(0 <= value <= 1 for value in found.values())
    assert scores.token_f1(answer, answer) == 1
