"""Parts of documents that are made from the code, between two markers; the rest is written by hand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Part:
    """What stands between the two markers of a document.

    Attributes:
        name: of the markers.
        document: its file, in this folder.
        command: that writes it anew.
        lines: makes it, as Markdown.
    """

    name: str
    document: str
    command: str
    lines: Callable[[], Iterable[str]]

    @property
    def text(self) -> str:
        """The document as it is."""
        return (DOCS / self.document).read_text(encoding="utf-8")

    def inserted(self, text: str) -> str:
        """Return a document with what is made now between its markers.

        Raises:
            ValueError: it has no such markers.
        """
        begin, end = f"<!-- {self.name}: written by `{self.command}` -->", f"<!-- /{self.name} -->"
        before, first, rest = text.partition(begin)
        _, last, after = rest.partition(end)
        if not first or not last:
            raise ValueError(f"the document has no {begin} followed by {end}")
        made = "\n".join(self.lines())
        return f"{before}{begin}\n\n{made}\n{end}{after}"

    def write(self) -> None:
        """Write the document anew."""
        (DOCS / self.document).write_text(self.inserted(self.text), encoding="utf-8")
