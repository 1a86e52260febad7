"""Token counts as the log and OpenAI's API have them."""

from collections.abc import Mapping
from typing import Any


def to_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return OpenAI's ``usage`` (token counts) for Converse's.

    Bedrock's ``inputTokens`` leave out what was read from or written to its prompt cache; OpenAI's ``prompt_tokens``
    are everything, with the cached part named in the details.
    """
    cached = usage.get("cacheReadInputTokens", 0)
    prompt = usage.get("inputTokens", 0) + cached + usage.get("cacheWriteInputTokens", 0)
    completion = usage.get("outputTokens", 0)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
