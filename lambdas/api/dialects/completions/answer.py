"""Answers of completions: types, what is made of a ``Completion``, and of neutral events."""

import time
import uuid
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from lambdas.api.dialects.chat.completion import FinishReason, finish_reason
from lambdas.api.dialects.chat.wire import CHAT
from lambdas.api.dialects.server_sent import frame
from lambdas.api.usage import to_usage
from lambdas.chat.events import Counted, Ended, Event, TextDelta
from lambdas.chat.told import Completion
from lambdas.common.errors import ApiError

# OpenAI's, which is a dictionary; lambdas/api/openapi/openai.py describes it.
Usage = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/TokenUsage"})]


class CompletionChoice(Struct, frozen=True, kw_only=True):
    """The one answer, or a piece of it."""

    text: str
    index: int = 0
    logprobs: None = None
    finish_reason: FinishReason | None = None


class TextCompletion(Struct, tag_field="object", tag="text_completion", frozen=True, kw_only=True):
    """An answer, or a piece of one."""

    id: str
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Usage | UnsetType = UNSET
    quarry: dict[str, Any] | UnsetType = UNSET


def answer(completion: Completion) -> TextCompletion:
    """Return OpenAI's object for a whole answer."""
    finish = finish_reason(completion.stop_reason, has_calls=False)
    return TextCompletion(
        id=_new_id(),
        created=int(time.time()),
        model=completion.model,
        choices=[CompletionChoice(text=completion.text, finish_reason=finish)],
        usage=to_usage(completion.usage),
        quarry=dict(completion.quarry) or UNSET,
    )


class CompletionTable:
    """The pieces of one answer.

    Args:
        model: what it is said to be from.
        usage: whether the token counts are told, in a last piece.
    """

    def __init__(self, *, model: str, usage: bool) -> None:
        self._id = _new_id()
        self._created = int(time.time())
        self._model = model
        self._usage = usage

    def told(self, event: Event) -> bytes:
        """Return the pieces of an event."""
        match event:
            case TextDelta(_, text):
                return self._piece(CompletionChoice(text=text))
            case Ended(stop_reason):
                finish = finish_reason(stop_reason, has_calls=False)
                return self._piece(CompletionChoice(text="", finish_reason=finish))
            case Counted() if self._usage or event.not_recorded:
                told = event.charged if self._usage else {}
                if event.not_recorded:
                    told["not_recorded"] = dict(event.not_recorded)
                return self._piece(usage=to_usage(event.usage) if self._usage else UNSET, quarry=told or UNSET)
            case _:
                return b""

    def broken(self, error: ApiError, *, request_id: str) -> bytes:
        """Return the error as the stream's last event."""
        return CHAT.broken(error, request_id=request_id)

    def _piece(self, *choices: CompletionChoice, **members: Any) -> bytes:
        made = TextCompletion(id=self._id, created=self._created, model=self._model, choices=list(choices), **members)
        return frame(made)


def _new_id() -> str:
    return f"cmpl-{uuid.uuid4().hex}"
