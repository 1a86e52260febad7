"""What a call may cost at most, before it, and what it did cost, after it. Pure functions.

A price is ``{"input", "output", "cache_read", "cache_write"}`` in US dollars per million tokens, which is micro-dollars
per token; a part that is missing or None is not billed (output) or billed as input (cache). No input price is no price.

The estimate is meant to be too high rather than too low, because what it lacks could be overspent.
"""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from functools import cache
from itertools import chain
from typing import Any, Final

from lambdas.allowances.usage import Usage, dearest
from lambdas.common.tokens import byte_tokens, text_tokens

Price = Mapping[str, float | None]

# Role markers and the like, per message and once for the system text.
MESSAGE_TOKENS: Final = 8
# The instructions for tool use that Bedrock adds where tools are given: 300 to 600 with Claude.
TOOLS_TOKENS: Final = 600
# Claude scales an image down to about 1,600 tokens; twice that leaves room for families that do not say.
IMAGE_TOKENS: Final = 3_200
# What of Converse's arguments the model reads.
_READ: Final = ("system", "messages", "toolConfig", "outputConfig")


def input_tokens(arguments: Mapping[str, Any]) -> int:
    """Return the most tokens that the model is taken to read of Converse's arguments."""
    tokens = sum(_tokens(arguments[name]) for name in _READ if name in arguments)
    tokens += MESSAGE_TOKENS * (len(arguments.get("messages", [])) + bool(arguments.get("system")))
    return tokens + (TOOLS_TOKENS if arguments.get("toolConfig") else 0)


def estimate(arguments: Mapping[str, Any], *, max_output_tokens: int, price: Price | None) -> Usage:
    """Return what a call of Converse takes at most.

    Args:
        arguments: Converse's: ``messages``, ``system``, ``toolConfig``, ``outputConfig``.
        max_output_tokens: the most that the model may write; for embeddings 0.
        price: of the model that is called; None if nobody knows it.
    """
    tokens = input_tokens(arguments)
    plain = usage(input_tokens=tokens, output_tokens=max_output_tokens, price=price)
    if not _has_cache_point(arguments):
        return plain
    return dearest(plain, usage(cache_write_tokens=tokens, output_tokens=max_output_tokens, price=price))


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
    per_token = price or {}
    priced = per_token.get("input") is not None
    if priced:
        read = input_tokens * _rate(per_token, "input")
        read += cache_read_tokens * _rate(per_token, "cache_read", otherwise="input")
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


def _tokens(value: Any) -> int:
    """Count the text in a nested value: keys too, because those of a tool's arguments and schema are read as well."""
    if isinstance(value, str):
        return text_tokens(value)
    if isinstance(value, Mapping):
        return sum(IMAGE_TOKENS if key == "image" else text_tokens(key) + _tokens(part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return sum(_tokens(part) for part in value)
    if isinstance(value, bytes | bytearray):
        return byte_tokens(len(value))
    return text_tokens(str(value))
