"""What the guardrail is shown of JSON, and what becomes of it masked."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.chat.shown_json import LEVELS, MASKED, masked_text, masked_value, opened, shown, shown_input, shown_value
from lambdas.chat.telling import json_text
from lambdas.common.nesting import MOST

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n\r\t\\"/u'))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=10,
)


def never(text: str) -> str:
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"a": "see\\nnightshade"}', '{"a": "see\nnightshade"}'),
        ('{"a": "\\ttab\\rline\\fform\\bback\\/slash"}', '{"a": "\ttab\rline form back/slash"}'),
        ('{"a": "M\\u00fcller"}', '{"a": "Müller"}'),
        ('{"a": "\\ud83c\\udf3f and \\ud83c"}', '{"a": "🌿 and \ufffd"}'),
        # What ends a text, and what escapes, stays escaped; so does what is behind an escaped backslash.
        ('{"a": "\\u0022b\\u005c\\"\\\\nightshade \\\\u00fc"}', '{"a": "\\"b\\\\\\"\\\\nightshade \\\\u00fc"}'),
        ('{"a": "x\\u0000\\u0001y"}', '{"a": "x  y"}'),
        ('{"a": "cut \\u00', '{"a": "cut \\u00'),
        ("{}", "{}"),
    ],
)
def test_escapes_are_opened_but_for_what_ends_a_text(written: str, said: str) -> None:
    assert opened(written) == said
    assert shown_input(written).texts == [said]


@given(VALUES)
def test_json_that_was_opened_says_what_it_said(value: Any) -> None:
    assert json.loads(opened(json.dumps(value)), strict=False) == value


@given(st.dictionaries(TEXTS, VALUES))
def test_what_was_masked_in_nothing_is_what_it_was(value: dict[str, Any]) -> None:
    given = shown_value(value)

    assert masked_value(given, [*given.texts], never) == value


def test_text_that_is_no_json_is_judged_as_it_is() -> None:
    for text in ("C:\\new\\nightshade", "\\nightshade{x}", "fine", "5", ""):
        assert shown(text).texts == [text]


def test_what_only_looks_like_json_is_judged_either_way() -> None:
    lines = '{"a": "\\u00fc"}\n{"b": 1}'
    deep = "[" * (MOST + 1) + '"\\u00fc"' + "]" * (MOST + 1)

    assert shown(lines).texts == [lines, '{"a": "ü"}\n{"b": 1}']
    assert shown(deep).texts == [deep, deep.replace("\\u00fc", "ü")]
    assert shown('"\\u00fc"').texts == ['"\\u00fc"', '"ü"']
    assert masked_text(shown('"\\u00fc"'), ['"\\u00fc"', '"{NAME}"']) == '"{NAME}"'
    assert masked_text(shown("plain"), ["{NAME}"]) == "{NAME}"


@pytest.mark.parametrize("around", ["Result: {}", "```json\n{}\n```", "\ufeff{}", "/*x*/{}", "{} is what I found"])
def test_json_amid_words_is_judged_either_way_by_itself_and_within_a_value(around: str) -> None:
    text = around.replace("{}", '{"b": "\\u0070roject-nightshade"}')
    said = around.replace("{}", '{"b": "project-nightshade"}')

    assert shown(text).texts == [text, said]
    whole, within = shown_value({"a": text, "n": 1}).texts
    assert within == said
    hidden = masked_value(shown_value({"a": text}), [whole, "{SECRET}"], lambda text: text)
    assert "nightshade" not in json.dumps(hidden)


def test_json_within_json_is_judged_too_all_of_it_at_once() -> None:
    innermost = json.dumps({"c": "ü"})
    inner = json.dumps({"b": "x\nnightshade", "more": innermost})
    found = shown(json.dumps([{"text": inner}, {"text": '["\\u00e9"]'}]))

    _, within = found.texts
    assert "x\nnightshade" in within
    assert '{"c": "ü"}' in within
    assert '["é"]' in within


def test_a_name_that_is_written_twice_hides_nothing() -> None:
    assert shown('{"a": "\\u00fc", "a": "fine"}').texts == ['{"a": "ü", "a": "fine"}']


def test_what_is_masked_is_json_still() -> None:
    value = {"to": "ü@example.com", "note": 'one\ntwo "three"'}
    given = shown_value(value)
    masked = [given.texts[0].replace("ü@example.com", "{EMAIL}")]

    assert masked_value(given, masked, never) == {**value, "to": "{EMAIL}"}


def test_a_masked_number_and_json_within_are_masked_where_they_were() -> None:
    inner = json.dumps({"mail": "ü@example.com", "n": 5}, ensure_ascii=True)
    value = {
        "card": 4111111111111111,
        "one": 1.0,
        "inner": inner,
        "untouched": '{"a": "\\u00fc"}',
        "many": [True, None],
    }
    given = shown_value(value)

    def mask(text: str) -> str:
        return text.replace("4111111111111111", "{CARD}").replace("ü@example.com", "{EMAIL}")

    found = masked_value(given, [mask(text) for text in given.texts], mask)

    assert found == {**value, "card": "{CARD}", "inner": json_text({"mail": "{EMAIL}", "n": 5})}
    assert isinstance(found["one"], float)


def nested(value: Any, times: int) -> Any:
    for _ in range(times):
        value = {"in": json.dumps(value)}
    return value


@pytest.mark.parametrize("times", range(LEVELS + 1))
def test_json_stays_json_however_it_is_wrapped(times: int) -> None:
    given = shown_value(nested({"to": "a\nü@example.com", "n": 5}, times))

    def mask(text: str) -> str:
        return re.sub(r"\w+@example.com", "{EMAIL}", text)

    found = masked_value(given, [mask(text) for text in given.texts], mask)

    for _ in range(times):
        found = json.loads(found["in"])
    assert found == {"to": "a\n{EMAIL}", "n": 5}


def test_what_is_nested_as_deep_as_it_may_be_fits_the_stack() -> None:
    value: Any = "ü@example.com"
    for _ in range(LEVELS):
        for _ in range(19):
            value = [value]
        value = json.dumps({"a": value})
    for _ in range(MOST):
        value = [value]
    given = shown_value(value)

    found = masked_value(given, [*given.texts[:-1], "masked"], lambda text: text.replace("ü@example.com", "{EMAIL}"))

    assert "{EMAIL}" in json_text(found)


def test_a_mask_that_leaves_no_json_is_all_that_goes_on() -> None:
    for value, kind in (({"a": "x"}, {MASKED: "{SECRET}"}), (["x"], ["{SECRET}"])):
        assert masked_value(shown_value(value), ["{SECRET}"], lambda _: "{SECRET}") == kind
        # Judged again, it was let through: what was found before does not go out for that.
        assert masked_value(shown_value(value), ["{SECRET}"], lambda text: text) == kind
