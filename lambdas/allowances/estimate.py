"""What a call may cost, before it, and what it did cost, after it. Pure functions.

A price is ``{"input", "output", "cache_read", "cache_write"}`` in US dollars per million tokens, which is micro-dollars
per token; a part that is missing or None is not billed (output) or billed as input (cache). No input price is no price.
Where it has parts ``long_prompt_...``, all tokens of a call are billed by these whose prompt has more than
``long_prompt_over_tokens``.

An estimate is two: the most that the call can take, which is held for it, and what it likely takes, by which it is let
through. Both reckon with the longest answer; they differ by what is known of the input's tokens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cache
from itertools import chain
from typing import Any, Final

from lambdas.allowances.usage import Usage, dearest
from lambdas.catalogue.prices import LONG_PROMPT
from lambdas.common.tokens import Tokens

Price = Mapping[str, float | None]

# Role markers and the like, per message and once for the system text.
MESSAGE_TOKENS: Final = 8
# The instructions that are added where tools or a schema of the answer are given. Source: Anthropic's documentation,
# "Tool use", pricing: 159 to 530 by model.
TOOLS_TOKENS: Final = 600
# Source: Anthropic's documentation, "Vision": images are scaled down to about 1,600 tokens, to 4,784 with new models.
IMAGE: Final = Tokens(most=4_800, likely=1_600)
# Of Converse's arguments, what the model reads as JSON.
_AS_JSON: Final = ("toolConfig", "outputConfig")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a call takes: at ``most`` and ``likely``."""

    most: Usage
    likely: Usage

    def plus(self, *others: "Estimate") -> "Estimate":
        """Return this and what goes with it."""
        return Estimate(
            most=self.most.plus(*(one.most for one in others)), likely=self.likely.plus(*(one.likely for one in others))
        )

    @classmethod
    def dearest(cls, *estimates: "Estimate") -> "Estimate":
        """Return what is enough for any of them.

        Raises:
            ValueError: there are none.
        """
        return cls(most=dearest(*(one.most for one in estimates)), likely=dearest(*(one.likely for one in estimates)))


def input_tokens(arguments: Mapping[str, Any]) -> Tokens:
    """Return how many tokens the model reads of Converse's arguments."""
    messages, system = arguments.get("messages", ()), arguments.get("system", ())
    blocks = chain(system, *(message["content"] for message in messages))
    marks = MESSAGE_TOKENS * (len(messages) + bool(system))
    tokens = sum(map(_of_block, blocks), Tokens(marks, marks))
    for name in _AS_JSON:
        if arguments.get(name):
            tokens += Tokens.of_json(arguments[name]) + Tokens(TOOLS_TOKENS, TOOLS_TOKENS)
    return tokens


def estimate(
    arguments: Mapping[str, Any], *, max_output_tokens: int, price: Price | None, more: Tokens | None = None
) -> Estimate:
    """Return what a call of Converse takes.

    Args:
        arguments: Converse's: ``messages``, ``system``, ``toolConfig``, ``outputConfig``.
        max_output_tokens: the most that the model may write.
        price: of the model that is called; None if nobody knows it.
        more: tokens that will be read besides.
    """
    read = input_tokens(arguments) + (more or Tokens())
    cached = _has_cache_point(arguments)

    def taken(tokens: int) -> Usage:
        plain = usage(input_tokens=tokens, output_tokens=max_output_tokens, price=price)
        if not cached:
            return plain
        return dearest(plain, usage(cache_write_tokens=tokens, output_tokens=max_output_tokens, price=price))

    return Estimate(most=taken(read.most), likely=taken(read.likely))


def _has_cache_point(arguments: Mapping[str, Any]) -> bool:
    contents = [message["content"] for message in arguments.get("messages", ())]
    blocks = chain(arguments.get("system", ()), arguments.get("toolConfig", {}).get("tools", ()), *contents)
    return any("cachePoint" in block for block in blocks)


def actual(converse_usage: Mapping[str, Any], price: Price | None) -> Usage:
    """Return what a call took, from the ``usage`` of Converse's answer.

    Bedrock's ``inputTokens`` leave out what was read from or written to its prompt cache; here all is input.
    """
    return usage(
        input_tokens=converse_usage.get("inputTokens", 0),
        output_tokens=converse_usage.get("outputTokens", 0),
        cache_read_tokens=converse_usage.get("cacheReadInputTokens", 0),
        cache_write_tokens=converse_usage.get("cacheWriteInputTokens", 0),
        price=price,
    )


def usage(
    *,
    input_tokens: int = 0,
    output_tokens: int = 0,
    cache_read_tokens: int = 0,
    cache_write_tokens: int = 0,
    price: Price | None,
) -> Usage:
    """Return the usage of these tokens, each kind at its own price, in micro-dollars rounded up."""
    per_token = _tier(price or {}, prompt_tokens=input_tokens + cache_read_tokens + cache_write_tokens)
    priced = per_token.get("input") is not None
    if priced:
        read = input_tokens * _rate(per_token, "input")
        if cache_read_tokens:
            read += cache_read_tokens * _rate(per_token, "cache_read", otherwise="input")
        if cache_write_tokens:
            read += cache_write_tokens * _rate(per_token, "cache_write", otherwise="input")
        written = output_tokens * _rate(per_token, "output")
    else:
        read = written = Decimal(0)
    return Usage(
        input_tokens=input_tokens + cache_read_tokens + cache_write_tokens,
        output_tokens=output_tokens,
        micro_dollars=_up(read + written),
        input_micro_dollars=_up(read),
        priced=priced,
    )


def _tier(price: Price, *, prompt_tokens: int) -> Price:
    """Return what the tokens of a call cost by how long its prompt is."""
    over = price.get(f"{LONG_PROMPT}over_tokens")
    if over is None or prompt_tokens <= over:
        return price
    return {name.removeprefix(LONG_PROMPT): rate for name, rate in price.items() if name.startswith(LONG_PROMPT)}


def _rate(price: Price, part: str, otherwise: str = "") -> Decimal:
    rate = price.get(part)
    if rate is None:
        rate = price.get(otherwise) or 0
    return _exact(rate)


@cache
def _exact(rate: float) -> Decimal:
    # By way of its digits, because 0.1 as a binary fraction is a little more than a tenth.
    return Decimal(str(rate))


def _up(amount: Decimal) -> int:
    return int(amount.to_integral_value(rounding=ROUND_CEILING))


def _of_block(block: Mapping[str, Any]) -> Tokens:
    if "text" in block:
        return Tokens.of(block["text"])
    if "image" in block:
        return IMAGE
    if "toolResult" in block:
        result = block["toolResult"]
        rest = {name: part for name, part in result.items() if name != "content"}
        return sum(map(_of_block, result["content"]), Tokens.of_json(rest))
    return Tokens.of_json(block)
