"""The table of docs/operations.md about what was never seen on an account, from quarry/prove: ``make api``.

What stands between the markers is replaced; the rest of the document is written by hand.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from docs.generated import between
from quarry.prove.uncertainties import UNCERTAINTIES

BEGIN: Final = "<!-- unproven: written by `make api` -->"
END: Final = "<!-- /unproven -->"
PATH: Final = Path(__file__).with_name("operations.md")


def table() -> str:
    """Return the table as Markdown."""
    return "\n".join(_lines())


def inserted(text: str) -> str:
    """Return a document with the table between its markers.

    Raises:
        ValueError: it has no such markers.
    """
    return between(text, BEGIN, END, made=table())


def _lines() -> Iterator[str]:
    yield "| uncertain | so it is written | proof | does | costs at most, USD |"
    yield "| --- | --- | --- | --- | --- |"
    for one in UNCERTAINTIES:
        yield f"| {one.uncertain} | {one.written} | `{one.by}` | {one.does} | {one.usd:g} |"
    yield ""


def main() -> int:
    """Write the document anew."""
    PATH.write_text(inserted(PATH.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
