"""An exchange whose answer is being given."""

from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.allowances import remaining
from lambdas.chat.answers import StreamedCompletion
from lambdas.chat.completion import to_usage
from lambdas.chat.stream import Chunk
from lambdas.exchange.ingredient import GivenAnswer
from lambdas.exchange.open_exchange import OpenExchange


class StreamedExchange:
    """An answer that is being given. Iterate once; ``close`` whatever happened, which settles what is not settled yet.

    Attributes:
        answered: who answers.
        headers: what was left of the allowance once this was reserved.
        told: the members of ``quarry`` that the ingredients gave the answer's chunks so far.
        not_recorded: what of the answer was not stored or settled, and why, as far as its last chunk tells.
    """

    def __init__(self, begun: OpenExchange, streamed: StreamedCompletion) -> None:
        self._begun = begun
        self._streamed = streamed
        self._closed = self._settled = False
        self.answered = streamed.answered
        self.headers = remaining.headers(begun.reservation.remaining)
        self.told: dict[str, Any] = {}
        self.not_recorded: Mapping[str, str] = {}

    @property
    def stop_reason(self) -> str:
        """Converse's, once the iteration has ended."""
        return self._streamed.state.stop_reason or ""

    @property
    def usage(self) -> dict[str, Any]:
        """OpenAI's, once the iteration has ended."""
        return to_usage(self._streamed.state.usage)

    def __iter__(self) -> Iterator[Chunk]:
        """Yield OpenAI's chunks, the one with the usage included where it was asked for.

        Raises:
            ApiError: Bedrock failed in mid-stream, or the time is up.
        """
        state, request = self._streamed.state, self._begun.asked.request
        yield from self._chunks() if self._begun.ingredients else self._streamed
        if self._closed:
            # Reading was stopped, which may look like an end: nothing of it is stored.
            return
        self._count()
        if self._begun.stores:
            self._settle()
            message = {"role": "assistant", "content": state.content()}
            blocked = self.stop_reason == "guardrail_intervened"
            self._begun.try_to_store(
                GivenAnswer(message=message, candidate=self.answered.candidate, usage=state.usage, blocked=blocked)
            )
        # The headers, which tell it of a whole answer, are gone.
        self.not_recorded = self._begun.not_recorded_codes
        options = request.stream_options
        with_usage = bool(options and options.include_usage)
        if with_usage or request.quarry.guardrail_trace or self.not_recorded:
            yield state.last_chunk(
                usage=with_usage, guardrail=request.quarry.guardrail_trace, not_recorded=self.not_recorded
            )

    def close(self) -> None:
        """Stop reading from Bedrock and charge what was taken, unless that was done already."""
        self._closed = True
        self._streamed.close()
        self._settle()

    def _chunks(self) -> Iterator[Chunk]:
        """Yield the answer's chunks as the ingredients tell them."""
        chunks = iter(self._streamed)
        for ingredient in self._begun.ingredients:
            chunks = ingredient.streamed(chunks, self._streamed)
        for chunk in chunks:
            if "quarry" in chunk:
                self.told |= chunk["quarry"]
            yield chunk

    def _settle(self) -> None:
        if self._settled:
            return
        self._settled = True
        self._count()
        self._begun.try_to_settle(self.answered, self._streamed.state.usage)

    def _count(self) -> None:
        """Count where nobody told the count: the caller hung up, or Bedrock broke off before its last event."""
        state = self._streamed.state
        if not state.usage:
            state.usage = self._begun.counted(self.answered, state.written())
