"""An exchange whose answer is being given."""

from collections.abc import Iterator
from typing import Any

from lambdas.allowances import remaining
from lambdas.chat.completion import to_usage
from lambdas.chat.service import StreamedCompletion
from lambdas.exchange.open_exchange import OpenExchange


class StreamedExchange:
    """An answer that is being given. Iterate once; ``close`` whatever happened, which settles what is not settled yet.

    Attributes:
        answered: who answers.
        headers: what was left of the allowance once this was reserved.
        knowledge: what the caller is told about an answer from documents, once the answer has ended.
    """

    def __init__(self, begun: OpenExchange, streamed: StreamedCompletion) -> None:
        self._begun = begun
        self._streamed = streamed
        self._ended = self._closed = self._settled = False
        self.answered = streamed.answered
        self.headers = remaining.headers(begun.reservation.remaining)
        self.knowledge: dict[str, Any] | None = None

    @property
    def stop_reason(self) -> str:
        """Converse's, once the iteration has ended."""
        return self._streamed.state.stop_reason or ""

    @property
    def usage(self) -> dict[str, Any]:
        """OpenAI's, once the iteration has ended."""
        return to_usage(self._streamed.state.usage)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield OpenAI's chunks, the one with the usage included where it was asked for.

        Raises:
            ApiError: Bedrock failed in mid-stream, or the session was changed meanwhile.
        """
        state = self._streamed.state
        yield from self._chunks()
        if self._closed:
            # Reading was stopped, which may look like an end: nothing of it is stored.
            return
        self._ended = True
        if self._begun.turn is not None:
            self._settle()
            message = {"role": "assistant", "content": state.content()}
            self._begun.commit(message, state.usage, blocked=self._blocked)
        options = self._begun.request.stream_options
        with_usage = bool(options and options.include_usage)
        if with_usage or self._begun.request.quarry.guardrail_trace:
            yield state.last_chunk(usage=with_usage, guardrail=self._begun.request.quarry.guardrail_trace)

    def close(self) -> None:
        """Stop reading from Bedrock and charge what was taken, unless that was done already."""
        self._closed = True
        self._streamed.close()
        self._settle()

    @property
    def _blocked(self) -> bool:
        return self.stop_reason == "guardrail_intervened"

    def _chunks(self) -> Iterator[dict[str, Any]]:
        """Yield the answer's chunks; the last one tells what it was made from, if documents were asked."""
        found = self._begun.found
        if found is None:
            yield from self._streamed
            return
        for chunk in self._streamed:
            if chunk["choices"][0]["finish_reason"]:
                text = "".join(block.get("text", "") for block in self._said())
                self.knowledge = found.told(text, blocked=self._blocked)
                chunk["quarry"] = self.knowledge
            yield chunk

    def _settle(self) -> None:
        if self._settled:
            return
        self._settled = True
        if self._ended or not self._begun.asks_model:
            self._begun.settle(self.answered, self._streamed.state.usage)
            return
        written = [block["toolUse"]["input"] if "toolUse" in block else block["text"] for block in self._said()]
        self._begun.settle_unfinished(self.answered, sum(map(len, written)))

    def _said(self) -> list[dict[str, Any]]:
        return self._streamed.state.content()
