"""What is told below an answer."""

from typing import Any

import pytest

from quarry.deployed.footnote import footnote

USAGE = {"prompt_tokens": 12, "completion_tokens": 40, "total_tokens": 52}


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"model": "fast", "usage": USAGE, "finish_reason": "stop"}, "fast  12 + 40 tokens"),
        ({"model": "fast", "usage": USAGE, "finish_reason": "length"}, "fast  12 + 40 tokens  cut at the token limit"),
        ({"model": "fast", "usage": None, "finish_reason": "content_filter"}, "fast  stopped by the guardrail"),
        ({"model": None, "usage": None, "finish_reason": None}, ""),
        (
            {"model": "fast", "usage": None, "finish_reason": "stop", "not_recorded": {"turn": "session_conflict"}},
            "fast  not kept in the session (session_conflict)",
        ),
        ({"model": "fast", "usage": None, "finish_reason": "stop", "not_recorded": {"charge": "busy"}}, "fast"),
    ],
)
def test_a_footnote_says_what_is_known(given: dict[str, Any], note: str) -> None:
    assert footnote(**given) == note
