"""One exchange with the model: the allowance is reserved, the session read, the model asked, the bill settled.

Whole answers and streams take the same steps. What needs a table's answer is looked up side by side.
"""

from collections.abc import Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from lambdas.allowances import remaining
from lambdas.allowances.estimate import actual, estimate, usage
from lambdas.allowances.ledger import Ledger, Reservation
from lambdas.allowances.usage import Usage, dearest
from lambdas.common.caller import Caller
from lambdas.inference.chat import ChatRequest
from lambdas.inference.completion import as_told, to_usage
from lambdas.inference.converse import Spoken, to_converse, to_turns
from lambdas.inference.service import Answered, ChatService, Completion, StreamedCompletion
from lambdas.sessions.service import Sessions, Turn

# A token is about this many characters: what was written when a caller hung up before Bedrock counted.
CHARACTERS_PER_TOKEN: Final = 4

_lookups: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="lookup")


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """A whole answer, and what the headers tell of the allowance."""

    completion: Completion
    headers: dict[str, str]


@dataclass(kw_only=True)
class _Open:
    """What is under way: to be settled, or released, once."""

    request: ChatRequest
    spoken: Spoken
    turn: Turn | None
    reservation: Reservation
    ledger: Ledger
    said: list[dict[str, Any]] = field(default_factory=list)

    def settle(self, answered: Answered, converse_usage: dict[str, Any]) -> dict[str, str]:
        """Charge what the call took and return the headers."""
        charged = actual(converse_usage, answered.candidate.price)
        return remaining.headers(self.ledger.settle(self.reservation, charged))

    def settle_unfinished(self, answered: Answered, characters: int) -> None:
        """Charge what was certainly taken of a call whose end nobody heard."""
        written = -(-characters // CHARACTERS_PER_TOKEN)
        charged = usage(
            input_tokens=self.reservation.estimate.input_tokens, output_tokens=written, price=answered.candidate.price
        )
        self.ledger.settle(self.reservation, charged)

    def commit(self, message: dict[str, Any], converse_usage: dict[str, Any], *, blocked: bool) -> None:
        """Add the turn to the session, if there is one."""
        if self.turn is None:
            return
        parallel = self.request.parallel_tool_calls is not False
        told = {"role": "assistant", "content": as_told(message["content"], parallel_tool_calls=parallel)}
        self.turn.commit(self.said, told, converse_usage, blocked=blocked)


class Exchanges:
    """Begins exchanges.

    Args:
        history_tokens: how many tokens a session's history may add to a request, for the estimate.
    """

    def __init__(self, *, service: ChatService, ledger: Ledger, sessions: Sessions, history_tokens: int) -> None:
        self._service = service
        self._ledger = ledger
        self._sessions = sessions
        self._history_tokens = history_tokens

    def complete(self, request: ChatRequest, caller: Caller) -> Exchanged:
        """Answer one request, whole.

        Raises:
            ApiError: it was refused, here or by Bedrock; nothing is charged and nothing stored.
        """
        begun = self._begin(request, caller)
        try:
            completion = self._service.complete(request, begun.spoken)
        except BaseException:
            begun.ledger.release(begun.reservation)
            raise
        reply = completion.reply
        if begun.turn is None:
            return Exchanged(completion=completion, headers=begun.settle(completion.answered, reply.get("usage", {})))
        settled = _lookups.submit(begun.settle, completion.answered, reply.get("usage", {}))
        message = reply.get("output", {}).get("message", {"role": "assistant", "content": []})
        try:
            begun.commit(message, reply.get("usage", {}), blocked=completion.stop_reason == "guardrail_intervened")
        finally:
            headers = settled.result()
        return Exchanged(completion=completion, headers=headers)

    def stream(self, request: ChatRequest, caller: Caller) -> "StreamedExchange":
        """Begin to answer one request; its first event has arrived.

        Raises:
            ApiError: as ``complete``.
        """
        begun = self._begin(request, caller)
        try:
            streamed = self._service.stream(request, begun.spoken)
        except BaseException:
            begun.ledger.release(begun.reservation)
            raise
        return StreamedExchange(begun, streamed)

    def _begin(self, request: ChatRequest, caller: Caller) -> _Open:
        candidates = self._service.candidates(request.model)
        session = request.quarry.session
        # Whether a tool's result answers a call of the session is known once that was read.
        spoken = to_turns(request, _ANY if session else frozenset())
        more = self._history_tokens if session else 0
        expected = dearest(
            *(
                _with_history(
                    estimate(
                        to_converse(request, candidate, spoken),
                        max_output_tokens=_wanted(request, candidate.model.max_output_tokens),
                        price=candidate.price,
                    ),
                    more,
                    candidate.price,
                )
                for candidate in candidates
            )
        )
        if session is None:
            reservation = self._ledger.reserve(caller, alias=request.model, estimate=expected)
            return _Open(request=request, spoken=spoken, turn=None, reservation=reservation, ledger=self._ledger)
        reading = _lookups.submit(self._sessions.begin, session, caller.key_id)
        reservation = self._ledger.reserve(caller, alias=request.model, estimate=expected)
        try:
            turn = reading.result()
            spoken = to_turns(request, turn.open_calls)
            context = turn.context(spoken.turns, tools=bool(request.tools))
        except BaseException:
            self._ledger.release(reservation)
            raise
        return _Open(
            request=request,
            spoken=Spoken(system=[*context.system, *spoken.system], turns=context.messages),
            turn=turn,
            reservation=reservation,
            ledger=self._ledger,
            said=spoken.turns,
        )


class StreamedExchange:
    """An answer that is being given. Iterate once; ``close`` whatever happened, which settles what is not settled yet.

    Attributes:
        answered: who answers.
        headers: what was left of the allowance once this was reserved.
    """

    def __init__(self, begun: _Open, streamed: StreamedCompletion) -> None:
        self._begun = begun
        self._streamed = streamed
        self._ended = self._closed = self._settled = False
        self.answered = streamed.answered
        self.headers = remaining.headers(begun.reservation.remaining)

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
        yield from self._streamed
        if self._closed:
            # Reading was stopped, which may look like an end: nothing of it is stored.
            return
        self._ended = True
        options = self._begun.request.stream_options
        if self._begun.turn is not None:
            self._settle()
            blocked = self.stop_reason == "guardrail_intervened"
            self._begun.commit({"role": "assistant", "content": state.content()}, state.usage, blocked=blocked)
        if options and options.include_usage:
            yield state.usage_chunk()

    def close(self) -> None:
        """Stop reading from Bedrock and charge what was taken, unless that was done already."""
        self._closed = True
        self._streamed.close()
        self._settle()

    def _settle(self) -> None:
        if self._settled:
            return
        self._settled = True
        if self._ended:
            self._begun.settle(self.answered, self._streamed.state.usage)
            return
        written = [block["toolUse"]["input"] if "toolUse" in block else block["text"] for block in self._said()]
        self._begun.settle_unfinished(self.answered, sum(map(len, written)))

    def _said(self) -> list[dict[str, Any]]:
        return self._streamed.state.content()


class _Anything(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


_ANY: Final = _Anything()


def _wanted(request: ChatRequest, most: int) -> int:
    return min(request.max_completion_tokens or request.max_tokens or most, most)


def _with_history(expected: Usage, tokens: int, price: Any) -> Usage:
    if not tokens:
        return expected
    added = usage(input_tokens=tokens, output_tokens=0, price=price)
    return Usage(
        input_tokens=expected.input_tokens + added.input_tokens,
        output_tokens=expected.output_tokens,
        micro_dollars=expected.micro_dollars + added.micro_dollars,
        input_micro_dollars=expected.input_micro_dollars + added.input_micro_dollars,
        priced=expected.priced,
    )
