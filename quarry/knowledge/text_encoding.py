"""Whether a text is UTF-8, which is what is read here; what it seems to be else, and how to make it UTF-8."""

import codecs
from typing import Final

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Utf8Text:
    """Reads a text part by part, and tells what is no UTF-8."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._begin = b""
        self._before = 0

    def add(self, part: bytes) -> None:
        """Read on.

        Raises:
            ValueError: it is no UTF-8; the message says what it seems to be and what to do.
        """
        self._decode(part, final=False)

    def end(self) -> None:
        """Tell the end, where a character may be cut.

        Raises:
            ValueError: as of ``add``.
        """
        self._decode(b"", final=True)

    def _decode(self, part: bytes, *, final: bool) -> None:
        self._begin = (self._begin + part[:4])[:4]
        waiting = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(part, final)
        except UnicodeDecodeError as error:
            raise ValueError(_told(self._begin, part, at=self._before - waiting + error.start)) from error
        if "\0" in text:
            raise ValueError(_told(self._begin, part, at=self._before + part.index(0)))
        self._before += len(part)


def _told(begin: bytes, part: bytes, *, at: int) -> str:
    encoding = _seems(begin, part)
    if encoding is None:
        return f"is no text, whatever its name says: byte {at} is none of UTF-8's, or NUL"
    return (
        f"is not UTF-8 (byte {at}); it seems to be {encoding}. Save it as UTF-8, as `iconv -f {encoding} -t UTF-8` does"
    )


def _seems(begin: bytes, part: bytes) -> str | None:
    """Return the encoding that a text which is no UTF-8 most likely has; None where it is no text."""
    if begin[:2] in _UTF_16:
        return "UTF-16"
    if len(begin) == 4 and begin[1] == begin[3] == 0 != begin[0]:
        return "UTF-16LE"
    if len(begin) == 4 and begin[0] == begin[2] == 0 != begin[1]:
        return "UTF-16BE"
    if 0 in part:
        return None
    # The letters of ISO-8859-1 begin above; what Windows has below are quotation marks, dashes and the euro.
    return "WINDOWS-1252" if any(0x80 <= byte < 0xA0 for byte in part) else "ISO-8859-1"
