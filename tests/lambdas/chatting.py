"""Requests and answers as OpenAI's clients write and read them, for tests of what lies beneath the dialects."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from lambdas.api.dialects.chat import reading
from lambdas.api.dialects.chat.chunks import ChunkTable
from lambdas.api.dialects.chat.completion import to_openai
from lambdas.api.dialects.chat.conversation import to_conversation
from lambdas.chat.conversation import Conversation
from lambdas.chat.events import Event
from lambdas.chat.told import Completion

Chunk = dict[str, Any]


def parse(body: bytes) -> Conversation:
    """Return what a chat request asks."""
    return to_conversation(reading.parse(body))


def body_of(completion: Completion) -> dict[str, Any]:
    """Return an answer as OpenAI has it."""
    return to_openai(completion)


def chunks(events: Iterable[Event], *, usage: bool = False) -> Iterator[Chunk]:
    """Yield OpenAI's chunks of events, as they come.

    Args:
        usage: whether the one with the token counts is asked for.
    """
    table = ChunkTable(model="fast", usage=usage)
    for event in events:
        yield from frames(table.told(event))


def frames(sent: bytes) -> list[Chunk]:
    """Return the data of server-sent events that have JSON."""
    return [json.loads(line.removeprefix("data: ")) for line in sent.decode().split("\n\n") if line]
