"""The table of docs/operations.md about what was never seen on an account, from quarry/prove: ``make api``."""

from collections.abc import Iterator
from typing import Final

from docs.generated import Part
from quarry.prove.uncertainties import UNCERTAINTIES


def _lines() -> Iterator[str]:
    yield "| uncertain | so it is written | proof | does | costs at most, USD |"
    yield "| --- | --- | --- | --- | --- |"
    for one in UNCERTAINTIES:
        yield f"| {one.uncertain} | {one.written} | `{one.by}` | {one.does} | {one.usd:g} |"
    yield ""


PART: Final = Part(name="unproven", document="operations.md", command="make api", lines=_lines)

if __name__ == "__main__":
    PART.write()
