"""How many tokens a text is taken to have: never fewer than any model makes of it, and about so many."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common.tokens import BYTES_PER_TOKEN, Tokens, cut_text, likely_tokens, most_tokens, text_tokens

# A letter that NFKC, by which some models' tokenisers normalise, makes eighteen of.
LIGATURE = "\ufdfa"
ANY_TEXT = st.text(alphabet=f"aB 1;{{\n\0石é🪨\u0301\ud800{LIGATURE}", max_size=80)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("abc", 1), ("abcd", 2), ("日本", 2), ("石切場", 3), ("🪨", 2), ("\ud800", 1)]
)
def test_a_text_has_a_third_of_its_bytes(text: str, tokens: int) -> None:
    assert text_tokens(text) == tokens


# The largest count of five public tokenisers: @anthropic-ai/tokenizer 0.0.4 (Claude 2), gpt-tokenizer 4.0.0 (o200k,
# cl100k), llama3-tokenizer-js 1.2.0, mistral-tokenizer-js 1.0.0.
COUNTED = {
    "granite " * 400: 802,
    ";" * 3000: 1500,
    '{"a":[1,2,3]},' * 60: 660,
    "Wie tief ist der Steinbruch? Granit und Marmor werden seit Jahrtausenden im Tagebau gewonnen. " * 20: 602,
    "石切り場はどれくらい深いのですか。日本の採石場について教えてください。花崗岩と大理石の違いは何ですか。" * 20: 1160,
    "Насколько глубок карьер? Гранит и мрамор добывают открытым способом уже тысячи лет. " * 20: 961,
    "a b c d e f g h " * 100: 801,
    "😀🎉👩\u200d👩\u200d👧\u200d👦🚀🇩🇪" * 50: 1600,
    LIGATURE * 100: 1500,
}


@pytest.mark.parametrize("text", COUNTED)
def test_no_tokeniser_makes_more_of_a_text_than_the_most(text: str) -> None:
    assert COUNTED[text] <= most_tokens(text)


@pytest.mark.parametrize("text", list(COUNTED)[:-2])
def test_what_is_likely_of_ordinary_text_is_about_what_tokenisers_make_of_it(text: str) -> None:
    assert COUNTED[text] * 0.9 <= likely_tokens(text) <= COUNTED[text] * 2


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("abc", 1),
        ("abcd ", 2),
        ("1234", 4),
        ("{[;]}", 5),
        ("a b c", 3),
        ("石", 2),
        ("石石石石石", 6),
        ("aBcDe", 3),
    ],
)
def test_digits_marks_and_single_letters_are_a_token_each(text: str, tokens: int) -> None:
    assert likely_tokens(text) == tokens


@given(ANY_TEXT)
def test_what_is_likely_is_never_more_than_the_most(text: str) -> None:
    tokens = Tokens.of(text)

    assert 0 <= tokens.likely <= tokens.most
    assert tokens.most >= len(text.encode("utf-8", "surrogatepass"))
    assert tokens.most <= text_tokens(text) * BYTES_PER_TOKEN


@pytest.mark.parametrize("text", ["石" * 10, LIGATURE, '"\x00"', "é"])
def test_json_counts_with_its_escapes(text: str) -> None:
    made = Tokens.of_json({"a": text, "b": b"12345"})

    for ascii_only in (True, False):
        shown = json.dumps({"a": text, "b": "12345"}, ensure_ascii=ascii_only)
        assert made.most >= max(len(shown.encode()), len(unicodedata.normalize("NFKC", shown).encode()))
    assert made.likely <= made.most


def test_a_text_is_cut_at_a_line() -> None:
    assert cut_text("- one\n- two\n- three", 100) == "- one\n- two\n- three"
    assert cut_text("- one\n- two\n- three", 5) == "- one\n- two"
    assert cut_text("日本語日本語", 4) == "日本語日"


@given(st.text(alphabet=f"ab 日🪨\n{LIGATURE}", max_size=60), st.integers(0, 40))
def test_what_is_cut_is_a_beginning_that_fits(text: str, tokens: int) -> None:
    head = cut_text(text, tokens)

    assert text_tokens(head) <= tokens
    assert text.startswith(head)
