"""What a call may cost and did cost, in whole micro-dollars."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.allowances.estimate import (
    IMAGE,
    TOOLS_TOKENS,
    Estimate,
    actual,
    estimate,
    input_tokens,
    usage,
)
from lambdas.allowances.usage import Usage, dearest, dollars
from lambdas.common.tokens import Tokens

PRICE = {"input": 0.8, "output": 3.2, "cache_read": 0.2, "cache_write": 1.0}


def asked(*content: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(content)}], **more}


def test_an_estimate_is_input_and_the_longest_answer() -> None:
    arguments = asked({"text": "x" * 3_000})
    tokens = input_tokens(arguments)
    assert 1_000 < tokens.likely < 1_030
    assert 3_000 < tokens.most < 3_030

    made = estimate(arguments, max_output_tokens=500, price=PRICE)

    for one, read in ((made.most, tokens.most), (made.likely, tokens.likely)):
        assert (one.input_tokens, one.output_tokens) == (read, 500)
        assert one.input_micro_dollars == -(-read * 8 // 10)
        assert one.micro_dollars == -(-(read * 8 + 500 * 32) // 10)
        assert one.priced


def test_what_will_be_read_besides_is_estimated_with_it() -> None:
    arguments = asked({"text": "x"})

    made = estimate(arguments, max_output_tokens=5, price=PRICE, more=Tokens(900, 300))

    alone = input_tokens(arguments)
    assert made.most.input_tokens == alone.most + 900
    assert made.likely.input_tokens == alone.likely + 300


RESULT = {
    "toolResult": {"toolUseId": "t", "content": [{"json": {"degrees": "z" * 300, "n": 1.5}}, {"text": "石" * 90}]}
}
TOOL = {"toolSpec": {"name": "weather", "description": "石" * 50, "inputSchema": {"json": {"type": "object"}}}}


@pytest.mark.parametrize(
    ("blocks", "more", "most", "likely"),
    [
        ([{"image": {"source": {"bytes": b"x" * 9_000_000}}}], {}, IMAGE.most, IMAGE.likely),
        ([], {"toolConfig": {"tools": [TOOL]}}, TOOLS_TOKENS + len(json.dumps(TOOL)), TOOLS_TOKENS + 60),
        ([], {"outputConfig": {"textFormat": {"a": "[" * 100}}}, TOOLS_TOKENS + 100, TOOLS_TOKENS + 100),
        ([], {"system": [{"text": "y" * 300}]}, 300, 100),
        ([RESULT], {}, 300 + 270, 100 + 90),
        ([{"toolUse": {"toolUseId": "t", "name": "weather", "input": {"z" * 300: "z" * 300}}}], {}, 600, 200),
        ([{"guardContent": {"text": {"text": "z" * 300, "qualifiers": ["query"]}}}], {}, 300, 100),
        ([{"document": {"source": {"bytes": b"x" * 300}}}], {}, 300, 100),
    ],
)
def test_everything_that_the_model_reads_counts(
    blocks: list[dict[str, Any]], more: dict[str, Any], most: int, likely: int
) -> None:
    plain = input_tokens(asked({"text": "hello"}))

    made = input_tokens(asked({"text": "hello"}, *blocks, **more))

    assert plain.most + most <= made.most <= plain.most + most + 150
    assert plain.likely + likely <= made.likely <= plain.likely + likely + 200


def test_what_the_model_does_not_read_does_not_count() -> None:
    plain = input_tokens(asked({"text": "hello"}))

    assert input_tokens(asked({"text": "hello"}, inferenceConfig={"maxTokens": 9}, requestMetadata={"a": "b"})) == plain


def test_what_may_go_into_the_cache_is_estimated_at_its_price() -> None:
    arguments = asked({"text": "x" * 3_000}, {"cachePoint": {"type": "default"}})

    made = estimate(arguments, max_output_tokens=0, price=PRICE).most

    assert made.micro_dollars == made.input_tokens == input_tokens(arguments).most


def test_a_text_about_cache_points_is_no_cache_point() -> None:
    arguments = asked({"text": "What is a cachePoint?"})

    made = estimate(arguments, max_output_tokens=0, price=PRICE)

    assert made.most == usage(input_tokens=input_tokens(arguments).most, price=PRICE)


def test_what_it_cost_counts_each_kind_of_token_at_its_own_price() -> None:
    converse = {"inputTokens": 10, "outputTokens": 5, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 7}

    assert actual(converse, PRICE) == Usage(
        input_tokens=117, output_tokens=5, micro_dollars=51, input_micro_dollars=35, priced=True
    )


def test_fractions_of_a_micro_dollar_are_rounded_up_once() -> None:
    assert actual({"inputTokens": 1, "outputTokens": 0}, {"input": 0.035, "output": 0.14}).micro_dollars == 1
    assert (
        actual({"inputTokens": 1_000_000, "outputTokens": 1_000_000}, {"input": 0.1, "output": 0.2}).micro_dollars
        == 300_000
    )


def test_an_unknown_price_of_the_cache_is_that_of_the_input() -> None:
    converse = {"cacheReadInputTokens": 100, "cacheWriteInputTokens": 100}

    assert actual(converse, {"input": 2.0, "output": None, "cache_read": None}).micro_dollars == 400


@pytest.mark.parametrize("price", [None, {}, {"input": None, "output": 3.0}])
def test_without_a_price_tokens_are_counted_and_money_is_not(price: Any) -> None:
    made = actual({"inputTokens": 10, "outputTokens": 5}, price)

    assert (made.tokens, made.micro_dollars, made.priced) == (15, 0, False)


@given(
    st.integers(0, 10**7),
    st.integers(0, 10**6),
    st.floats(0, 100).map(lambda price: round(price, 4)),
    st.floats(0, 100).map(lambda price: round(price, 4)),
)
def test_money_is_never_rounded_down(read: int, written: int, price_in: float, price_out: float) -> None:
    made = actual({"inputTokens": read, "outputTokens": written}, {"input": price_in, "output": price_out})

    exact = (read * round(price_in * 10_000) + written * round(price_out * 10_000)) / 10_000
    assert exact <= made.micro_dollars + 1e-6
    assert made.micro_dollars - exact < 1 + 1e-6


def test_of_several_models_the_dearest_counts() -> None:
    cheap = Usage(input_tokens=10, output_tokens=500, micro_dollars=5, input_micro_dollars=4)
    dear = Usage(input_tokens=10, output_tokens=100, micro_dollars=50, input_micro_dollars=3)

    assert dearest(cheap, dear) == Usage(input_tokens=10, output_tokens=500, micro_dollars=50, input_micro_dollars=4)
    assert not dearest(cheap, Usage(priced=False)).priced


def test_usage_is_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        Usage(input_tokens=-1)


@pytest.mark.parametrize(
    ("micro_dollars", "text"),
    [(0, "$0.00"), (4_200, "$0.0042"), (1_234_500_000, "$1,234.50"), (1, "$0.000001"), (-5_000_000, "-$5.00")],
)
def test_amounts_for_people(micro_dollars: int, text: str) -> None:
    assert dollars(micro_dollars) == text


def test_what_goes_with_a_call_is_added_to_it() -> None:
    call = Usage(input_tokens=1, output_tokens=2, micro_dollars=3, input_micro_dollars=1)
    side = Usage(input_tokens=10, output_tokens=20, micro_dollars=30, input_micro_dollars=10, priced=False)

    assert call.plus(side, side) == Usage(input_tokens=21, output_tokens=42, micro_dollars=63, input_micro_dollars=21)
    assert call.plus() == call


def test_estimates_are_added_and_chosen_part_by_part() -> None:
    cheap = Estimate(most=Usage(input_tokens=30, micro_dollars=5), likely=Usage(input_tokens=10, micro_dollars=4))
    dear = Estimate(most=Usage(input_tokens=20, micro_dollars=9), likely=Usage(input_tokens=15, micro_dollars=3))

    assert Estimate.dearest(cheap, dear) == Estimate(
        most=Usage(input_tokens=30, micro_dollars=9), likely=Usage(input_tokens=15, micro_dollars=4)
    )
    assert cheap.plus(dear) == Estimate(
        most=Usage(input_tokens=50, micro_dollars=14), likely=Usage(input_tokens=25, micro_dollars=7)
    )


LONG = {
    "input": 0.1,
    "output": 0.5,
    "cache_read": 0.01,
    "cache_write": 0.125,
    "long_prompt_over_tokens": 100_000,
    "long_prompt_input": 0.5,
    "long_prompt_output": 2.5,
    "long_prompt_cache_read": 0.05,
    "long_prompt_cache_write": 0.625,
}


@pytest.mark.parametrize(
    ("converse", "micro_dollars"),
    [
        ({"inputTokens": 100_000, "outputTokens": 1_000}, 10_000 + 500),
        # One token more, and all of them are dearer, the answer's too.
        ({"inputTokens": 100_001, "outputTokens": 1_000}, 50_001 + 2_500),
        # What is read from and written to the cache is part of the prompt.
        ({"inputTokens": 1, "cacheReadInputTokens": 100_000, "outputTokens": 0}, 5_001),
        ({"inputTokens": 0, "cacheWriteInputTokens": 100_000, "outputTokens": 0}, 12_500),
        ({"inputTokens": 0, "cacheWriteInputTokens": 100_001, "outputTokens": 0}, 62_501),
    ],
)
def test_a_long_prompt_makes_every_token_dearer(converse: dict[str, int], micro_dollars: int) -> None:
    assert actual(converse, LONG).micro_dollars == micro_dollars


def test_what_is_held_for_a_long_prompt_is_what_it_may_cost() -> None:
    made = estimate(asked({"text": "x" * 150_000}), max_output_tokens=1_000, price=LONG)

    assert made.likely.micro_dollars < 10_000
    assert made.most.micro_dollars > 75_000
