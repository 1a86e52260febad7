"""A prompt that is called by its name, as the chat request that asks what it asks."""

from collections.abc import Iterable, Mapping
from typing import Any

from lambdas.prompts.definition import Prompt
from lambdas.prompts.render import check, system_text, user_text


def chat_body(
    prompt: Prompt,
    values: Mapping[str, str],
    *,
    model: str | None = None,
    messages: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the body of ``POST /v1/chat/completions`` that asks what the prompt asks.

    Args:
        model: alias to use in place of the prompt's own.
        messages: what followed in the conversation, as OpenAI has it: the model's tool calls and their results.

    Raises:
        InvalidRequestError: as ``check``.
    """
    check(prompt, values)
    body: dict[str, Any] = {
        "model": model or prompt.alias,
        "messages": [
            {"role": "system", "content": system_text(prompt)},
            *(
                {"role": role, "content": text}
                for example in prompt.examples
                for role, text in (("user", example.user), ("assistant", example.assistant))
            ),
            {"role": "user", "content": user_text(prompt, values)},
            *messages,
        ],
    }
    given = {
        "temperature": prompt.inference.temperature,
        "top_p": prompt.inference.top_p,
        "max_tokens": prompt.inference.max_tokens,
        "stop": list(prompt.inference.stop) or None,
        "tools": tools(prompt) or None,
    }
    return body | {name: value for name, value in given.items() if value is not None}


def tools(prompt: Prompt) -> list[dict[str, Any]]:
    """Return the prompt's tools as OpenAI has them."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in prompt.tools
    ]
