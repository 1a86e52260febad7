"""What `make test` says at its end: what to know though nothing failed, and which files took longest.

A test gives notice with ``record_property(NOTICE, "...")``, which also comes through when tests run in several
processes.
"""

from collections import Counter
from collections.abc import Generator, Iterable
from typing import Final

import pytest

NOTICE: Final = "notice"
SHOWN: Final = 5


def longest(seconds: Iterable[tuple[str, float]]) -> str:
    """Return the line about files: (node id of a test, seconds of one of its parts) -> the longest files first."""
    files: Counter[str] = Counter()
    for node_id, duration in seconds:
        files[node_id.partition("::")[0]] += duration  # type: ignore[assignment]  # a Counter adds up seconds too
    return "longest: " + ", ".join(f"{file} {duration:.0f} s" for file, duration in files.most_common(SHOWN))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Print the lines after all that failed, before pytest's own last line."""
    yield
    reports = [
        report for found in terminalreporter.stats.values() for report in found if isinstance(report, pytest.TestReport)
    ]
    notices = [
        str(value)
        for report in reports
        if report.when == "teardown"  # where all properties are, and once
        for name, value in report.user_properties
        if name == NOTICE
    ]
    for notice in notices:
        terminalreporter.write_line(f"{NOTICE}: {notice}")
    if reports:
        terminalreporter.write_line(longest((report.nodeid, report.duration) for report in reports))
