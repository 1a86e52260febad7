"""What many people take of an account at once."""

import pytest

from lambdas.catalogue.models import find
from lambdas.model_access import demand


def test_tokens_are_reckoned_as_bedrock_takes_them_off() -> None:
    # One call begins (2,000 in and max_tokens), one has ended (2,000 in, 500 out at the model's rate).
    assert demand.tokens_per_minute(people=1, max_tokens=1_000, output_burndown=1) == 3_000 + 2_500
    assert demand.tokens_per_minute(people=10, max_tokens=1_000, output_burndown=5) == 10 * (4_500 + 4_500)
    # An answer cannot be longer than it may be; an embedding has none.
    assert demand.tokens_per_minute(people=1, max_tokens=100, output_burndown=5) == 2_500 + 2_500
    assert demand.tokens_per_minute(people=3, max_tokens=0, output_burndown=1) == 3 * 4_000


@pytest.mark.parametrize(
    ("model", "rate"),
    [
        ("amazon.nova-lite-v1:0", 1),
        ("amazon.titan-embed-text-v2:0", 1),
        ("openai.gpt-oss-120b-1:0", 1),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", 5),
        ("anthropic.claude-opus-4-7", 5),
        ("anthropic.claude-sonnet-5", 10),
        ("anthropic.claude-haiku-5-5", 10),
        ("anthropic.claude-opus-4-8", 15),
    ],
)
def test_output_burns_down_by_family(model: str, rate: int) -> None:
    assert find(model).output_burndown == rate


@pytest.mark.parametrize(("people", "executions"), [(1, 2), (9, 10), (10, 11), (40, 44)])
def test_a_stream_each_and_somebodys_key_is_looked_up(people: int, executions: int) -> None:
    assert demand.concurrent_executions(people=people) == executions
