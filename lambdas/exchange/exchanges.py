"""One exchange with the model: the allowance is reserved, the session read, the model asked, the bill settled.

Whole answers and streams take the same steps. What does not wait for each other is looked up side by side: the
allowance, the session and, for a question that stands alone, the documents.
"""

from collections.abc import Callable, Container, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lambdas.allowances.estimate import estimate, usage
from lambdas.allowances.ledger import Ledger
from lambdas.allowances.usage import Usage, dearest
from lambdas.chat import said
from lambdas.chat.candidates import Candidate
from lambdas.chat.converse import Spoken, to_converse, to_turns
from lambdas.chat.request import ChatRequest
from lambdas.chat.service import ChatService, Completion, StreamedCompletion
from lambdas.chat.side_calls import Expected, SideCalls
from lambdas.common.caller import Caller
from lambdas.exchange.open_exchange import OpenExchange
from lambdas.exchange.streamed_exchange import StreamedExchange
from lambdas.sessions import history
from lambdas.sessions.service import Sessions, Turn
from lambdas.sessions.summary import AliasSummariser

if TYPE_CHECKING:
    from lambdas.knowledge.asking import Found, Knowledge, Question

# A comparison asks five aliases at once.
_lookups: Final = ThreadPoolExecutor(max_workers=6, thread_name_prefix="lookup")


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """A whole answer, and what the headers tell of the allowance."""

    completion: Completion
    headers: dict[str, str]


class Exchanges:
    """Begins exchanges.

    Args:
        aside: gives what makes side calls.
        history_tokens: how many tokens a session's history may add to a request.
        summary_alias: who writes the summaries of long sessions.
        knowledge: gives what asks the documents; called only by requests that want it.
    """

    def __init__(
        self,
        *,
        service: ChatService,
        aside: Callable[[], ChatService],
        ledger: Ledger,
        sessions: Sessions,
        history_tokens: int,
        summary_alias: str,
        knowledge: "Callable[[], Knowledge]",
    ) -> None:
        self._service = service
        self._aside = aside
        self._ledger = ledger
        self._sessions = sessions
        self._history_tokens = history_tokens
        self._summary = Expected(
            alias=summary_alias,
            input_tokens=history_tokens,
            output_tokens=history.summary_tokens(history_tokens),
        )
        self._knowledge = knowledge

    def complete(self, request: ChatRequest, caller: Caller) -> Exchanged:
        """Answer one request, whole.

        Raises:
            ApiError: it was refused, here or by Bedrock; nothing is stored, and nothing charged but side calls.
        """
        begun = self._begin(request, caller)
        try:
            completion = self._completed(begun)
        except BaseException:
            begun.give_up()
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

    def stream(self, request: ChatRequest, caller: Caller) -> StreamedExchange:
        """Begin to answer one request; its first event has arrived.

        Raises:
            ApiError: as ``complete``.
        """
        begun = self._begin(request, caller)
        try:
            streamed = self._streamed(begun)
        except BaseException:
            begun.give_up()
            raise
        return StreamedExchange(begun, streamed)

    def _completed(self, begun: OpenExchange) -> Completion:
        found, request = begun.found, begun.request
        if found is None:
            return self._service.complete(request, begun.spoken)
        if begun.asks_model:
            return found.mended(self._service.complete(request, begun.spoken))
        text, stop_reason = self._without_model(found)
        candidate = self._service.candidates(request.model)[0]
        return found.mended(said.whole(text, request, candidate, stop_reason=stop_reason))

    def _streamed(self, begun: OpenExchange) -> StreamedCompletion:
        found, request = begun.found, begun.request
        if found is None or begun.asks_model:
            return self._service.stream(request, begun.spoken)
        text, stop_reason = self._without_model(found)
        candidate = self._service.candidates(request.model)[0]
        return said.streamed(text, request, candidate, stop_reason=stop_reason)

    def _without_model(self, found: "Found") -> tuple[str, str]:
        """Return what is answered where nothing was found, and Converse's stop reason for it.

        The guardrail sees the question all the same: stored unseen in a session, it would stop every later turn.
        """
        stopped = self._service.guardrail.stopped(found.question.text)
        return (found.nothing, "end_turn") if stopped is None else (stopped, "guardrail_intervened")

    def _begin(self, request: ChatRequest, caller: Caller) -> OpenExchange:
        candidates = self._service.candidates(request.model)
        session = request.quarry.session
        # Whether a tool's result answers a call of the session is known once that was read.
        spoken = to_turns(request, _ANY if session else frozenset())
        knowledge = question = None
        if request.quarry.knowledge is not None:
            knowledge = self._knowledge()
            question = knowledge.question(request, spoken)
        expected = self._expected(request, candidates, spoken, question)
        side = SideCalls(self._aside)
        reading: Future[Turn] | None = None
        finding: Future[Found] | None = None
        if session is not None:
            reading = _lookups.submit(self._sessions.begin, session, caller.key_id, summarise=self._summariser(side))
        elif knowledge and question and not question.earlier:
            finding = _lookups.submit(knowledge.find, question, complete=side.complete)
        reservation = self._ledger.reserve(caller, alias=request.model, estimate=expected)
        begun = OpenExchange(request=request, spoken=spoken, reservation=reservation, ledger=self._ledger, side=side)
        try:
            if reading is not None:
                _in_session(begun, reading.result())
            if finding is not None:
                begun.found = finding.result()
            elif knowledge and question:
                turn = begun.turn
                past, notes = (turn.past, turn.notes) if turn else ([], None)
                begun.found = knowledge.find(question, past=past, notes=notes, complete=side.complete)
            if begun.found is not None and begun.asks_model:
                begun.spoken = begun.found.spoken(begun.spoken)
        except BaseException:
            begun.give_up()
            raise
        return begun

    def _expected(
        self, request: ChatRequest, candidates: list[Candidate], spoken: Spoken, question: "Question | None"
    ) -> Usage:
        """Return what the request may take at most, with its side calls."""
        session = request.quarry.session is not None
        more = self._history_tokens if session else 0
        side: list[Expected] = [self._summary] if session else []
        if question is not None:
            more += question.most_tokens
            if session or question.earlier:
                side.append(question.rewriting)
        answer = dearest(
            *(
                estimate(
                    to_converse(request, candidate, spoken),
                    max_output_tokens=_wanted(request, candidate.model.max_output_tokens),
                    price=candidate.price,
                ).plus(usage(input_tokens=more, price=candidate.price))
                for candidate in candidates
            )
        )
        return answer.plus(*_usages(side, self._service))

    def _summariser(self, side: SideCalls) -> AliasSummariser:
        return AliasSummariser(
            complete=side.complete, alias=self._summary.alias, max_tokens=self._summary.output_tokens
        )


def _in_session(begun: OpenExchange, turn: Turn) -> None:
    """Put a session's past before what is said now."""
    request = begun.request
    spoken = to_turns(request, turn.open_calls)
    context = turn.context(spoken.turns, tools=bool(request.tools))
    begun.turn = turn
    begun.said = spoken.turns
    begun.spoken = Spoken(system=[*context.system, *spoken.system], turns=context.messages)


class _Anything(Container[str]):
    def __contains__(self, _: object) -> bool:
        return True


_ANY: Final = _Anything()


def _usages(side: Iterable[Expected], service: ChatService) -> list[Usage]:
    return [expected.usage(service) for expected in side]


def _wanted(request: ChatRequest, most: int) -> int:
    return min(request.max_completion_tokens or request.max_tokens or most, most)
