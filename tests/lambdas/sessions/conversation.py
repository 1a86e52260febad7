"""Messages in Converse's shape, to build conversations of."""

from typing import Any

from lambdas.sessions.session import Message, StoredTurn

USAGE = {"inputTokens": 10, "outputTokens": 5, "totalTokens": 15}


def user(text: str) -> Message:
    return {"role": "user", "content": [{"text": text}]}


def assistant(text: str) -> Message:
    return {"role": "assistant", "content": [{"text": text}]}


def call(*ids: str, **given: Any) -> Message:
    return {
        "role": "assistant",
        "content": [{"toolUse": {"toolUseId": one, "name": "get_weather", "input": given}} for one in ids],
    }


def result(*ids: str, text: str = "18 degrees") -> Message:
    return {
        "role": "user",
        "content": [{"toolResult": {"toolUseId": one, "content": [{"text": text}]}} for one in ids],
    }


def turn(number: int, *messages: Message, blocked: bool = False) -> StoredTurn:
    return StoredTurn(number=number, messages=list(messages), usage=USAGE, created_at=number, blocked=blocked)


def chat(number: int, length: int = 30) -> StoredTurn:
    """A turn of about ``length`` bytes a message."""
    return turn(
        number, user(f"question {number} ".ljust(length, "q")), assistant(f"answer {number} ".ljust(length, "a"))
    )


def text_of(messages: list[Message]) -> str:
    return "\n".join(block.get("text", "") for message in messages for block in message["content"])
