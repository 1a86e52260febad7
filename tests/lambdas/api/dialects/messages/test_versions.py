"""The headers that say which of Anthropic's API is spoken."""

import re

import pytest

from lambdas.api.dialects.messages.versions import BETAS, VERSIONS, dropped
from lambdas.common.errors import InvalidRequestError

# What Claude Code 2.1.332 sends.
CLAUDE_CODE = (
    "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,"
    "mid-conversation-tool-changes-2026-07-01,thinking-token-count-2026-05-13,advanced-tool-use-2025-11-20,"
    "effort-2025-11-24"
)


def test_what_is_honoured_is_not_named() -> None:
    assert dropped({}) == ()
    for version in VERSIONS:
        assert dropped({"anthropic-version": version, "anthropic-beta": " prompt-caching-2024-07-31 ,, "}) == ()


def test_what_claude_code_names_is_known() -> None:
    assert dropped({"anthropic-beta": CLAUDE_CODE}) == (
        "anthropic-beta.interleaved-thinking-2025-05-14",
        "anthropic-beta.context-management-2025-06-27",
    )
    assert set(CLAUDE_CODE.split(",")) <= {beta.name for beta in BETAS}


def test_what_nobody_knows_is_dropped_and_named() -> None:
    assert dropped({"anthropic-beta": "later-2030-01-01"}) == ("anthropic-beta.later-2030-01-01",)


def test_what_is_named_fits_into_a_header_whatever_was_asked_for() -> None:
    """API Gateway refuses an answer whose headers have more than 10,240 bytes."""
    asked = ",".join([*(f"beta-{number}" for number in range(500)), "x" * 5_000])

    assert len(", ".join(dropped({"anthropic-beta": asked}))) < 2_500


def test_a_version_that_came_later_is_dropped_and_named() -> None:
    assert dropped({"anthropic-version": "2031-01-01"}) == ("anthropic-version",)


@pytest.mark.parametrize("version", ["2023-01-01", "latest", "2026-10-21x", "٢٠٢٦-10-21"])
def test_an_older_version_or_none_is_refused(version: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        dropped({"anthropic-version": version})

    assert refused.value.param == "anthropic-version"


def test_a_beta_stands_in_the_table_once_and_with_its_date() -> None:
    names = [beta.name for beta in BETAS]

    assert len(set(names)) == len(names)
    assert all(re.search(r"-\d{4}-?\d{2}-?\d{2}$", name) for name in names)
