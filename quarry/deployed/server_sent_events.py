"""Reading server-sent events as OpenAI sends them: ``data: {...}`` each, ``data: [DONE]`` at the end."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

DONE: Final = "[DONE]"


def objects(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield each event's JSON object up to the end that OpenAI marks.

    Raises:
        ValueError: an event is no JSON object, or the lines end before the mark.
    """
    for line in lines:
        name, _, value = line.partition(":")
        if name != "data":
            continue
        text = value.strip()
        if text == DONE:
            return
        event = json.loads(text)
        if not isinstance(event, dict):
            raise ValueError("an event is no JSON object")
        yield event
    raise ValueError("the answer broke off")
