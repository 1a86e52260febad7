"""Token counts in OpenAI's words."""

from lambdas.api.usage import to_usage


def test_prompt_tokens_count_what_came_from_the_cache() -> None:
    usage = to_usage({"inputTokens": 5, "outputTokens": 2, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 10})

    assert usage["prompt_tokens"] == 115
    assert usage["total_tokens"] == 117
    assert usage["prompt_tokens_details"] == {"cached_tokens": 100}
