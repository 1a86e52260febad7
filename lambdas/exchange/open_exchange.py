"""What of an exchange is under way: to be settled or given up, once, and stored in its session."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdas.allowances import remaining
from lambdas.allowances.estimate import actual, input_tokens, usage
from lambdas.allowances.ledger import Ledger, Reservation
from lambdas.allowances.usage import Usage
from lambdas.chat.completion import as_told
from lambdas.chat.converse import Spoken, to_converse
from lambdas.chat.request import ChatRequest
from lambdas.chat.service import Answered
from lambdas.chat.side_calls import SideCalls
from lambdas.common.tokens import likely_tokens
from lambdas.sessions.service import Turn

if TYPE_CHECKING:
    from lambdas.knowledge.asking import Found


@dataclass(kw_only=True)
class OpenExchange:
    """An exchange between its reservation and its end.

    Attributes:
        spoken: what the model is told.
        turn: of the session, if there is one.
        said: the new messages as the caller sent them, for the session.
        found: what was found in the documents, if they are asked.
    """

    request: ChatRequest
    spoken: Spoken
    reservation: Reservation
    ledger: Ledger
    side: SideCalls
    turn: Turn | None = None
    said: list[dict[str, Any]] = field(default_factory=list)
    found: "Found | None" = None

    @property
    def asks_model(self) -> bool:
        """Whether a model is asked: not if nothing was found in the documents."""
        return self.found is None or bool(self.found.passages)

    def settle(self, answered: Answered, converse_usage: dict[str, Any]) -> dict[str, str]:
        """Charge what the calls took and return the headers."""
        return remaining.headers(self._charge(actual(converse_usage, answered.candidate.price)))

    def settle_unfinished(self, answered: Answered, characters: int) -> None:
        """Charge what was certainly taken of a call whose end nobody heard."""
        read = input_tokens(to_converse(self.request, answered.candidate, self.spoken))
        written = likely_tokens(characters)
        self._charge(usage(input_tokens=read, output_tokens=written, price=answered.candidate.price))

    def give_up(self) -> None:
        """End an exchange without an answer: charge its side calls if there were any, and nothing else."""
        if self.side.taken:
            self._charge(Usage())
        else:
            self.ledger.release(self.reservation)

    def commit(self, message: dict[str, Any], converse_usage: dict[str, Any], *, blocked: bool) -> None:
        """Add the turn to the session, if there is one."""
        if self.turn is None:
            return
        parallel = self.request.parallel_tool_calls is not False
        told = {"role": "assistant", "content": as_told(message["content"], parallel_tool_calls=parallel)}
        self.turn.commit(self.said, told, converse_usage, blocked=blocked)

    def _charge(self, charged: Usage) -> remaining.Remaining:
        return self.ledger.settle(self.reservation, charged.plus(*self.side.taken))
