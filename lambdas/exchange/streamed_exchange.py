"""An exchange whose answer is being given."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from lambdas.allowances import remaining
from lambdas.chat.answers import StreamedCompletion
from lambdas.chat.events import Counted, Ended, Event
from lambdas.chat.told import Completion
from lambdas.exchange.open_exchange import OpenExchange


class StreamedExchange:
    """An answer that is being given. Iterate once; ``close`` whatever happened, which settles what is not settled yet.

    Attributes:
        answered: who answers.
        headers: what was left of the allowance once this was reserved.
        model: what the answer is said to be from.
        told: what the ingredients have told of it so far, which no API has a word for.
    """

    def __init__(self, begun: OpenExchange, streamed: StreamedCompletion) -> None:
        self._begun = begun
        self._streamed = streamed
        self._closed = self._settled = False
        self.answered = streamed.answered
        self.headers = remaining.headers(begun.reservation.remaining)
        self.model = streamed.state.telling.model
        self.told: Mapping[str, Any] = {}

    @property
    def stop_reason(self) -> str:
        """Converse's, once the iteration has ended."""
        return self._streamed.state.stop_reason or ""

    @property
    def usage(self) -> Mapping[str, Any]:
        """Converse's token counts, once the iteration has ended."""
        return self._streamed.state.usage

    @property
    def likely_input(self) -> int:
        """About how many tokens the model reads. What it did read, Bedrock tells at the end."""
        return self._begun.likely_input(self.answered)

    def __iter__(self) -> Iterator[Event]:
        """Yield what happens, up to ``Counted``.

        Raises:
            ApiError: Bedrock failed in mid-stream, or the time is up.
        """
        state = self._streamed.state
        yield from self._events() if self._begun.ingredients else self._streamed
        if self._closed:
            # Reading was stopped, which may look like an end: nothing of it is stored.
            return
        self._count()
        traced = self._begun.asked.conversation.guardrail_trace
        taken = self._begun.taken(self.answered, state.usage)
        counted = Counted(
            state.usage,
            reasoning_tokens=state.thought_tokens(),
            guardrail=state.trace(state.guardrail) if traced else None,
            # The headers, which tell it of a whole answer, are gone.
            micro_dollars=taken.micro_dollars if taken.priced else None,
            answered_by=self.answered.candidate.base_model_id,
        )
        if self._begun.stores:
            self._settle()
            self._begun.try_to_store(self._completion(counted))
        yield replace(counted, not_recorded=self._begun.not_recorded_codes)

    def _completion(self, counted: Counted) -> Completion:
        """Return the answer as if it had been given whole, with what its last event tells."""
        state = self._streamed.state
        content = state.content()
        return Completion(
            answered=self.answered,
            model=self.model,
            blocks=state.telling.told(state.telling.kept(content)),
            stop_reason=self.stop_reason,
            usage=state.usage,
            reasoning_tokens=counted.reasoning_tokens,
            quarry={**self.told, **counted.quarry},
            message={"role": "assistant", "content": content},
        )

    def close(self) -> None:
        """Stop reading from Bedrock and charge what was taken, unless that was done already."""
        self._closed = True
        self._streamed.close()
        self._settle()

    def _events(self) -> Iterator[Event]:
        """Yield what happens as the ingredients tell it."""
        events = iter(self._streamed)
        for ingredient in self._begun.ingredients:
            events = ingredient.streamed(events, self._streamed)
        for event in events:
            if isinstance(event, Ended):
                self.told = event.quarry
            yield event

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
