"""The text of a document, by the format that its name says (Bedrock guide, "Supported document formats and limits").

Bedrock reads txt, md, html, csv, doc, docx, xls, xlsx and pdf. Here the first four are really read; the others are
refused with a reason that says that it is this machine that cannot read them.
"""

from __future__ import annotations

import csv
import html.parser
import io
from pathlib import PurePosixPath

MAX_BYTES = 50 * 1024 * 1024
"""Bedrock's limit for one document."""

_TEXT = (".txt", ".md")
_HTML = (".html", ".htm")
_NOT_HERE = (".doc", ".docx", ".xls", ".xlsx", ".pdf")
_HIDDEN = ("script", "style", "template", "head")
_INLINE = ("a", "abbr", "b", "code", "em", "i", "mark", "small", "span", "strong", "sub", "sup", "time", "u")


class UnreadableDocumentError(Exception):
    """A document cannot be indexed.

    ``summary`` completes "Ignored N files as ..." of a job's failure reasons, the text is the document's own reason.
    ``status`` is its status: IGNORED where Bedrock does not even open it, else FAILED.
    """

    def __init__(self, reason: str, *, summary: str, status: str = "FAILED") -> None:
        super().__init__(reason)
        self.summary = summary
        self.status = status


def check(key: str, size: int) -> None:
    """Check by its key and size in bytes that Bedrock would open a document.

    Raises:
        UnreadableDocumentError: the format is not supported, or the document too large.
    """
    suffix = _suffix(key)
    if suffix not in (*_TEXT, *_HTML, ".csv", *_NOT_HERE):
        raise UnreadableDocumentError(
            f"File format {suffix or 'without extension'} is not supported.",
            summary="their file format was not supported",
            status="IGNORED",
        )
    if size > MAX_BYTES:
        raise UnreadableDocumentError(
            f"The file has {size} bytes; the limit is {MAX_BYTES} (50 MB).",
            summary="their file size exceeded 50MB",
            status="IGNORED",
        )


def text_of(key: str, data: bytes) -> str:
    """Return the text of a document that passed ``check``.

    Raises:
        UnreadableDocumentError: it is empty, damaged, not UTF-8, or of a format that is not read here.
    """
    suffix = _suffix(key)
    if not data.strip():
        raise UnreadableDocumentError("The file is empty.", summary="they have no content")
    if suffix in _NOT_HERE:
        raise _not_here(suffix, data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _damaged(f"not UTF-8 text (byte {error.start})") from error
    if "\0" in text:
        raise _damaged("binary data, not text")
    if suffix in _HTML:
        text = _html_text(text)
    elif suffix == ".csv":
        text = _csv_text(text)
    if not text.strip():
        raise UnreadableDocumentError("The file holds no text.", summary="they have no content")
    return text


def _suffix(key: str) -> str:
    return PurePosixPath(key).suffix.lower()


def _damaged(what: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(f"The file could not be parsed: {what}.", summary="they could not be parsed")


def _not_here(suffix: str, data: bytes) -> UnreadableDocumentError:
    if suffix == ".pdf" and data.lstrip()[:5] != b"%PDF-":
        return _damaged("no PDF header")
    return UnreadableDocumentError(
        f"This local AWS cannot parse {suffix} files (Amazon Bedrock can).",
        summary=f"this local AWS cannot parse {suffix} files",
    )


def _csv_text(text: str) -> str:
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise _damaged(f"not CSV ({error})") from error
    return "\n".join(", ".join(row) for row in rows if row)


def _html_text(text: str) -> str:
    reader = _HtmlText()
    reader.feed(text)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)


class _HtmlText(html.parser.HTMLParser):
    """Collects what a reader sees: no scripts, no styles, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at a block, and look away from what is not shown."""
        del attrs
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag not in _INLINE:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """End a block's line, and look again where hidden content ends."""
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag not in _INLINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep text that is shown."""
        if not self._hidden:
            # Line breaks of the source mean nothing; those of blocks are added above.
            self.parts.append(data.replace("\n", " "))
