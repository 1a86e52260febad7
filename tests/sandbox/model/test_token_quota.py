"""Bedrock's quota of tokens per minute: ``maxTokens`` is taken when a call begins."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.model import token_quota
from sandbox.quotas import applied, model_tokens

MICRO, HAIKU = "L-CFA4FA0D", "L-58BE175A"
HAIKU_ID = "us.anthropic.claude-haiku-4-5-20251001-v1:0"

Ask = Callable[..., Any]


class Clock:
    """Seconds that go on only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    model_tokens.install()
    clock = Clock()
    take = token_quota.take

    def taken(*arguments: Any, now: float) -> None:
        del now
        take(*arguments, now=clock.monotonic())

    monkeypatch.setattr(token_quota, "take", taken)
    yield clock
    applied.replace({})


def most(tokens: int) -> dict[str, Any]:
    return {"inferenceConfig": {"maxTokens": tokens}}


def test_a_call_that_could_write_more_than_is_left_is_throttled(ask: Ask) -> None:
    applied.replace({MICRO: 1_000})

    refused = ask("Hello", **most(1_000))

    assert (refused.status, refused.error) == (
        429,
        "ThrottlingException: Too many tokens, please wait before trying again.",
    )
    assert ask("Hello", **most(900)).status == 200


def test_a_call_that_does_not_say_takes_what_its_model_can_write(ask: Ask) -> None:
    # Nova Micro writes 5,000 tokens at most.
    applied.replace({MICRO: 5_000})

    assert ask("Hello").status == 429
    assert ask("Hello", **most(4_000)).status == 200


def test_what_was_not_written_is_there_again_once_the_call_has_ended(ask: Ask) -> None:
    applied.replace({MICRO: 1_000})

    assert [ask("Hello", **most(900)).status for _ in range(2)] == [200, 200]


def test_output_counts_by_the_models_rate_and_the_minute_ends(
    ask: Ask, script: Callable[..., None], clock: Clock
) -> None:
    applied.replace({HAIKU: 1_000})
    script({"do": "answer", "text": "word " * 150})

    # 150 tokens of output burn 750 of the quota.
    assert ask("Hello", HAIKU_ID, **most(200)).status == 200
    assert ask("Hello", HAIKU_ID, **most(300)).status == 429
    clock.now = 61
    assert ask("Hello", HAIKU_ID, **most(300)).status == 200


def test_a_refused_call_takes_nothing(ask: Ask, script: Callable[..., None]) -> None:
    applied.replace({MICRO: 1_000})
    script({"do": "model_error", "times": 3})

    assert {ask("Hello", **most(900)).status for _ in range(3)} == {424}
    assert ask("Hello", **most(900)).status == 200


def test_models_have_quotas_of_their_own_and_some_none(ask: Ask) -> None:
    applied.replace({MICRO: 0})

    assert ask("Hello").status == 429
    assert ask("Hello", HAIKU_ID).status == 200
    assert ask("Hello", "qwen.qwen3-32b-v1:0").status == 200


def test_a_stream_takes_as_a_whole_answer_does(ask: Ask) -> None:
    applied.replace({MICRO: 1_000})

    assert ask("Hello", operation="converse-stream", **most(1_000)).status == 429
    assert ask("Hello", operation="converse-stream", **most(900)).events[-1][0] == "metadata"
    assert ask("Hello", operation="converse-stream", **most(900)).status == 200
