"""What an answer took: token counts as the log and OpenAI's API have them."""

from collections.abc import Mapping
from typing import Any


def to_usage(usage: Mapping[str, Any], *, reasoning_tokens: int = 0) -> dict[str, Any]:
    """Return OpenAI's ``usage`` (token counts) for Converse's.

    Bedrock's ``inputTokens`` leave out what was read from or written to its prompt cache; OpenAI's ``prompt_tokens``
    are everything, with the cached part named in the details.

    Args:
        reasoning_tokens: of the output, those that were thought, by estimate; named in the details where there are any.
    """
    thought = {"completion_tokens_details": {"reasoning_tokens": reasoning_tokens}} if reasoning_tokens else {}
    cached = usage.get("cacheReadInputTokens", 0)
    prompt = usage.get("inputTokens", 0) + cached + usage.get("cacheWriteInputTokens", 0)
    completion = usage.get("outputTokens", 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        **thought,
    }
