"""JSON as the guardrail is shown it: what it says, and not how JSON writes it.

To a model, ``\\nsecret`` is a line's end and a word; to a filter of words, another word. ``\\u00fc`` is a letter to the
one alone, as are escapes within a text that is JSON itself. What is masked becomes JSON again.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.chat.telling import json_text
from lambdas.common.nesting import MOST, is_too_deep

# So often JSON within JSON is masked where it was, and each may be nested so deep: Python's stack takes all of them.
LEVELS: Final = 4
_DEPTH_WITHIN: Final = 20
# A member for what is masked in a way that leaves no JSON.
MASKED: Final = "masked"
_ESCAPES: Final = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\[^u]", re.DOTALL)
# JSON amid words, as in a fence: a text in an object or an array, or behind a name.
_JSON_AMID: Final = re.compile(r'[\[{,:]\s*"')
_SIGNS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": " ", "f": " ", "/": "/"}
_WRITTEN: Final = {'"': '\\"', "\\": "\\\\"}
_CLOSED: Final = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})


class Shown(Struct, frozen=True, kw_only=True):
    """What is judged of a text.

    Attributes:
        texts: the text, its escapes opened; behind it, together, what texts within it say by escapes, if any do.
        value: what its JSON says; None of a text that is none.
    """

    texts: list[str]
    value: Any = None


def shown(text: str) -> Shown:
    """Return what is judged of any text: what it says too, where there are escapes as JSON has them."""
    if "\\" not in text or not (text.lstrip().startswith(("{", "[", '"')) or _JSON_AMID.search(text)):
        return Shown(texts=[text])
    value = _container(text)
    if value is not None:
        return shown_value(value, text)
    # Words may stand before JSON or around it, or it is several lines, or too deep: then it is judged either way.
    return Shown(texts=list(dict.fromkeys((text, opened(text)))))


def shown_input(text: str) -> Shown:
    """Return what is judged of a call's input as it was written; it may be cut, and is JSON all the same."""
    value = _container(text)
    return Shown(texts=[opened(text)]) if value is None else shown_value(value, text)


def shown_value(value: Any, text: str | None = None) -> Shown:
    """Return what is judged of an object or array.

    Args:
        value: the object or array.
        text: as it was written, which may say more than a value: the same name twice.
    """
    within = "\n".join(_within(value))
    return Shown(texts=[opened(json_text(value) if text is None else text), *([within] if within else [])], value=value)


def opened(text: str) -> str:
    """Return a JSON text, whole or cut, with signs for escapes, but for quotation marks and backslashes."""
    return _ESCAPES.sub(_sign, text) if "\\" in text else text


def masked_text(given: Shown, masked: list[str]) -> str:
    """Return a text that is no value of JSON as it was masked."""
    return masked[-1] if masked[-1] != given.texts[-1] else masked[0]


def masked_value(given: Shown, masked: list[str], again: Callable[[str], str]) -> Any:
    """Return an object or array as it was masked, of the same kind.

    Args:
        given: what was judged, and not all of which was let through.
        masked: what became of its texts.
        again: judges a text and returns it masked.
    """
    value, kind = given.value, type(given.value)
    found = _decoded(masked[0].translate(_CLOSED)) if masked[1:] == given.texts[1:] else None
    if isinstance(found, kind):
        return found
    # A mask has no quotation marks, so in the place of a number it is no JSON: judged as texts, then.
    plain = _plain(value)
    found = _decoded(again(opened(json_text(plain))).translate(_CLOSED))
    if isinstance(found, kind) and found != plain:
        return _restored(value, found)
    # What was found within stands in the whole as well, behind escapes.
    text = masked[0] if masked[1:] == given.texts[1:] else "\n".join(masked[1:])
    return {MASKED: text} if kind is dict else [text]


def _container(text: str, *, most: int = MOST) -> Any:
    """Return the object or array that a text is; None of every other, and of one that is nested too deep."""
    if not text.lstrip().startswith(("{", "[")) or is_too_deep(text.encode("utf-8", "replace"), most=most):
        return None
    found = _decoded(text)
    return found if isinstance(found, dict | list) else None


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _within(value: Any) -> Iterator[str]:
    """Yield the texts within that have escapes, opened; without recursion, for they may be JSON with texts again."""
    open_ = [value]
    while open_:
        one = open_.pop()
        if isinstance(one, dict):
            open_ += one.values()
        elif isinstance(one, list):
            open_ += one
        elif isinstance(one, str) and "\\" in one:
            if (found := _container(one)) is not None:
                open_.append(found)
            said = _said(one) if found is None else opened(one)
            if found is not None or said != one:
                yield said


def _said(text: str) -> str:
    """Return what a text says that is no JSON itself: opened, if there is JSON amid its words."""
    return opened(text) if "\\" in text and _JSON_AMID.search(text) else text


def _sign(found: re.Match[str]) -> str:
    escape = found[0]
    if escape[1] != "u":
        return _SIGNS.get(escape[1], escape)
    said = bytes.fromhex(escape.replace("\\u", "")).decode("utf-16-be", "replace")
    return "".join(_WRITTEN.get(one) or (one if one in "\n\r\t" or one >= " " else " ") for one in said)


def _plain(value: Any, within: int = LEVELS) -> Any:
    """Return a value with texts for its numbers, and with what its texts say that are JSON."""
    if isinstance(value, dict):
        return {name: _plain(one, within) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, within) for one in value]
    if isinstance(value, str):
        found = _container(value, most=_DEPTH_WITHIN) if within else None
        return _said(value) if found is None else _plain(found, within - 1)
    return value if value is None or isinstance(value, bool) else json_text(value)


def _restored(value: Any, masked: Any, within: int = LEVELS) -> Any:
    """Return what was masked of a value's plain form in the value's own."""
    if isinstance(value, dict) and isinstance(masked, dict):
        return {name: _restored(value[name], one, within) if name in value else one for name, one in masked.items()}
    if isinstance(value, list) and isinstance(masked, list) and len(value) == len(masked):
        return [_restored(*both, within) for both in zip(value, masked, strict=True)]
    if isinstance(value, str) and isinstance(masked, dict | list):
        found = _container(value)
        restored = _restored(found, masked, within - 1)
        return value if restored == found else json_text(restored)
    if isinstance(value, str):
        return value if masked == _said(value) else masked
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and masked == json_text(value) else masked
