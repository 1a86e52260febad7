"""Text for a terminal, without what a terminal would obey.

What a model, a document's name or AWS says may hold escape sequences that retitle the window, write to the clipboard,
hide text or turn its direction. They are shown as JSON would write them, ``\\u001b`` or ``\\u202e``: JSON stays JSON.
"""

import unicodedata
from typing import Final

_KEPT: Final = frozenset("\n\t")
# Left-to-right and right-to-left marks, embeddings, overrides and isolates, the Arabic letter mark.
_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Line and paragraph separator, which some terminals break lines at.
_SEPARATORS: Final = frozenset("\u2028\u2029")
# Halves of surrogate pairs, which cannot be written at all.
_HALVES: Final = frozenset(map(chr, range(0xD800, 0xE000)))
_CONTROLS: Final = frozenset(one for one in map(chr, range(0x100)) if unicodedata.category(one) == "Cc")
_ESCAPED: Final = {ord(one): f"\\u{ord(one):04x}" for one in (_CONTROLS - _KEPT) | _DIRECTIONS | _SEPARATORS | _HALVES}


def shown(text: str) -> str:
    """Return a text as it can be shown: line feeds and tabs stay, a line's end of Windows becomes a line feed."""
    return text.replace("\r\n", "\n").translate(_ESCAPED)


def shown_on_a_line(text: str) -> str:
    """Return a text as it can be shown in a line of a table."""
    return shown(text).replace("\n", "\\n").replace("\t", "\\t")
