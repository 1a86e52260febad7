"""Answers while they are given, and what a call that fails is told as."""

from collections.abc import Iterator
from typing import Any, Final, Self

from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import replace

from lambdas.chat.errors import broken_off, error_code, out_of_time, to_api_error
from lambdas.chat.events import Event
from lambdas.chat.stream import ToldStream
from lambdas.chat.telling import Telling
from lambdas.chat.told import Answered
from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.errors import MOST_SAID, ApiError, cut
from lambdas.common.observability import logger

# What an answer takes that no model gave.
NOTHING_USED: Final = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


class StreamedCompletion:
    """An answer that is being given. Iterate over it once; ``close`` ends the reading from Bedrock, whoever does it.

    Attributes:
        answered: who answers.
        state: what is known of the answer, complete once the iteration has ended.
    """

    def __init__(
        self,
        *,
        answered: Answered,
        events: Any,
        first: dict[str, Any],
        state: ToldStream,
        deadline: Deadline = NEVER,
    ) -> None:
        self.answered = answered
        self.state = state
        self._events = events
        self._first = first
        self._deadline = deadline
        self._closed = False

    @classmethod
    def of_text(cls, text: str, *, answered: Answered, stop_reason: str, telling: Telling) -> Self:
        """Return an answer of one piece that no model gave: nothing was used."""
        events = _Events(
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": text}}},
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {"messageStop": {"stopReason": stop_reason}},
        )
        # What is said is no model's answer by the JSON tool.
        state = ToldStream(replace(telling, by_answer_tool=False))
        # Known before the end, so that nothing is charged wherever the stream is ended.
        state.usage = dict(NOTHING_USED)
        return cls(answered=answered, events=events, first={"messageStart": {"role": "assistant"}}, state=state)

    def __iter__(self) -> Iterator[Event]:
        """Yield what happens, up to ``Ended``.

        Raises:
            UpstreamTimeoutError: the time is up, however fast the events come.
            ApiError: Bedrock failed in mid-stream, or ended it without saying why the answer ends.
        """
        try:
            yield from self.state.events(self._first)
            for event in self._events:
                yield from self.state.events(event)
                # What comes after the answer's end, the count, is there already or at once.
                if self.state.stop_reason is None and self._deadline.passed and not self._closed:
                    raise out_of_time(self.answered.alias)
        except (ClientError, BotoCoreError) as error:
            if self._closed:
                # Whoever reads in a thread notices the closing as a broken connection. Bedrock did not fail.
                return
            failure = told(error, alias=self.answered.alias, model_id=self.answered.candidate.callable_id)
            if self.state.stop_reason is None:
                raise failure from error
            # Bedrock has said that the answer is over: only its count, which came after that, is not known.
        if self.state.stop_reason is None and not self._closed:
            raise broken_off(self.answered.alias)

    def close(self) -> None:
        """Stop reading from Bedrock, which stops generating."""
        self._closed = True
        self._events.close()


class _Events:
    """Events as ConverseStream sends them; there is nothing to close."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._events)

    def close(self) -> None:
        """Do nothing."""


def told(error: ClientError | BotoCoreError, *, alias: str, model_id: str) -> ApiError:
    """Log a failed call and return what the caller is told."""
    made = to_api_error(error, alias=alias, model_id=model_id)
    # AWS's words about a refused request may quote it; about everything else they are what an operator needs.
    words = cut(str(error), MOST_SAID) if made.status != 400 else ""
    logger.warning(
        "bedrock failed", extra={"alias": alias, "model_id": model_id, "reason": error_code(error), "aws": words}
    )
    return made
