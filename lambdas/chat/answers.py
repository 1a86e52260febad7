"""Answers of chat requests, whole and while they are given, and what is told about them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypedDict

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.chat.candidates import Candidate
from lambdas.chat.completion import Telling
from lambdas.chat.errors import broken_off, error_code, out_of_time, to_api_error
from lambdas.chat.stream import ChunkStream
from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.errors import MOST_SAID, ApiError, cut
from lambdas.common.observability import logger


class Told(TypedDict):
    """How an answer is told, as what makes it of Converse's is given it."""

    model: str
    parallel_tool_calls: bool
    telling: Telling


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Who answers, and what headers, log and metrics are told about it.

    Attributes:
        alias: what was asked for.
        candidate: who answered.
        fallbacks: how many candidates were asked in vain before.
        dropped: parameters, in OpenAI's words, that the model does not take and was not given.
    """

    alias: str
    candidate: Candidate
    fallbacks: int
    dropped: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A whole answer: ``body`` in OpenAI's shape, ``reply`` in Converse's."""

    answered: Answered
    body: dict[str, Any]
    reply: dict[str, Any]

    @property
    def stop_reason(self) -> str:
        """Converse's."""
        return str(self.reply["stopReason"])


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
        state: ChunkStream,
        deadline: Deadline = NEVER,
    ) -> None:
        self.answered = answered
        self.state = state
        self._events = events
        self._first = first
        self._deadline = deadline
        self._closed = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield OpenAI's chunks.

        Raises:
            UpstreamTimeoutError: the time is up, however fast the events come.
            ApiError: Bedrock failed in mid-stream, or ended it without saying why the answer ends.
        """
        try:
            yield from self.state.chunks(self._first)
            for event in self._events:
                yield from self.state.chunks(event)
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


def told(error: ClientError | BotoCoreError, *, alias: str, model_id: str) -> ApiError:
    """Log a failed call and return what the caller is told."""
    made = to_api_error(error, alias=alias, model_id=model_id)
    # AWS's words about a refused request may quote it; about everything else they are what an operator needs.
    words = cut(str(error), MOST_SAID) if made.status != 400 else ""
    logger.warning(
        "bedrock failed", extra={"alias": alias, "model_id": model_id, "reason": error_code(error), "aws": words}
    )
    return made


def new_id() -> str:
    """Return an answer's id."""
    return f"chatcmpl-{uuid.uuid4().hex}"
