"""How many tokens a text is taken to have. Nobody counts: no tokeniser is the same for all models.

There are three numbers, each for a purpose of its own.

- ``most``: no model's tokeniser makes more of it. All that are known fall back to bytes (byte-level BPE; SentencePiece
  with byte fallback), so a token has a byte at least; some normalise first (Claude's public one by NFKC), which makes
  eighteen characters of one like U+FDFA. Hence the UTF-8 bytes, before or after NFKC, whichever are more.
- ``likely``: about what it will be, rather more than less. A third of the bytes fits prose of most languages; a digit
  or a mark is a token by itself in the worst of the usual tokenisers, other scripts take two bytes in five, and words
  of a letter a token each. Measured with the public tokenisers of Claude 2, GPT-4, GPT-4o, Llama 3 and Mistral: 0.9 to
  1.5 times the largest count for prose, code, JSON and numbers, 0.7 for base64, a third for random characters.
- ``text_tokens``: a third of the bytes, by which texts are cut to a size: see ``lambdas.sessions.history``.
"""

import json
import string
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

BYTES_PER_TOKEN: Final = 3
# Of English, where a figure is wanted that is about right, and no limit. OpenAI's rule of thumb.
CHARACTERS_PER_TOKEN: Final = 4

# A byte's class: letters, which make words; digits, marks and control characters, a token each; the rest of ASCII,
# which goes with the word after it; other scripts' bytes.
_SMALL, _CAPITAL, _SINGLE, _SPACE, _OTHER = b"aA0 u"
_SINGLES: Final = frozenset((string.digits + string.punctuation).encode()) | {*range(32), 127} - set(b"\t\n\r")


def _class(byte: int) -> int:
    if byte in _SINGLES:
        return _SINGLE
    if byte > 127:
        return _OTHER
    if chr(byte).isalpha():
        return _SMALL if chr(byte).islower() else _CAPITAL
    return _SPACE


_CLASSES: Final = bytes(map(_class, range(256)))
_WORD_STARTS: Final = (b" a", b" A", b"0a", b"0A", b"aA")


@dataclass(frozen=True)
class Tokens:
    """How many tokens a text has: ``most`` in no case more, ``likely`` about so many."""

    most: int = 0
    likely: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        """Return both together."""
        return Tokens(self.most + other.most, self.likely + other.likely)

    @classmethod
    def of(cls, text: str) -> "Tokens":
        """Return a text's."""
        return cls(most_tokens(text), likely_tokens(text))

    @classmethod
    def of_json(cls, value: Any) -> "Tokens":
        """Return a value's that the model is shown as JSON, whether with or without escapes."""
        text = json.dumps(value, ensure_ascii=False, default=_as_long)
        escaped = len(text) if text.isascii() else len(json.dumps(value, default=_as_long))
        return cls(max(escaped, most_tokens(text)), likely_tokens(text))


def most_tokens(text: str) -> int:
    """Return the most tokens that any model makes of a text."""
    if text.isascii():
        return len(text)
    return max(len(_bytes(text)), len(_bytes(unicodedata.normalize("NFKC", text))))


def likely_tokens(text: str) -> int:
    """Return about how many tokens a model makes of a text."""
    classes = _bytes(text).translate(_CLASSES)
    single, other = classes.count(_SINGLE), classes.count(_OTHER)
    # A capital behind a small letter begins something, as in base64 and in names of programs.
    begun = classes.count(b"aA")
    fifteenths = 5 * len(classes) + 10 * (single + begun) + other
    words = sum(map(classes.count, _WORD_STARTS)) + (classes[:1] in (b"a", b"A"))
    return max(-(-fifteenths // 15), single + words)


def text_tokens(text: str) -> int:
    """Return a text's size, by which it is cut; ``most_tokens`` are at most ``BYTES_PER_TOKEN`` times as many."""
    return byte_tokens(most_tokens(text))


def byte_tokens(size: int) -> int:
    """Return the size, in tokens, of so many bytes of UTF-8."""
    return -(-size // BYTES_PER_TOKEN)


def cut_text(text: str, tokens: int) -> str:
    """Return the beginning of ``text`` of at most this size, whole lines where there are several."""
    encoded = _bytes(text)
    # Normalising a long text takes long, and of one that is too long already it tells nothing.
    if len(encoded) <= tokens * BYTES_PER_TOKEN and text_tokens(text) <= tokens:
        return text
    head = encoded[: tokens * BYTES_PER_TOKEN].decode("utf-8", "ignore")
    while text_tokens(head) > tokens:
        # It grows by normalising. In steps, because a part of it need not grow as the whole does.
        head = head[: len(head) * tokens // text_tokens(head)]
    return head.rsplit("\n", 1)[0]


def _bytes(text: str) -> bytes:
    # JSON carries halves of surrogate pairs; UTF-8 does not.
    return text.encode("utf-8", "surrogatepass")


def _as_long(value: Mapping[str, Any] | bytes) -> str:
    """Return a text in the place of bytes, which are no JSON."""
    return "x" * len(value)
