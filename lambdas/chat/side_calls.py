"""Calls of models that a request needs besides its answer: a session's summary, a question rewritten for the search.

They are charged to the same key: what they may take is part of what is reserved, what they took of what is settled.
"""

from typing import Final

from msgspec import Struct

from lambdas.allowances.estimate import MESSAGE_TOKENS, Estimate, actual, usage
from lambdas.allowances.usage import Usage
from lambdas.chat.blocks import text
from lambdas.chat.candidates import Candidate
from lambdas.chat.conversation import Conversation
from lambdas.chat.service import ChatService
from lambdas.chat.spoken import Spoken
from lambdas.chat.told import Completion
from lambdas.common.deadline import Deadline
from lambdas.common.tokens import Tokens

# At most, and half of what is left: a side call that hangs must leave time for the answer.
MOST_SECONDS: Final = 30.0
SHARE: Final = 0.5


class Expected(Struct, frozen=True, kw_only=True):
    """What a side call may take: tokens that an alias reads, and writes at most."""

    alias: str
    input_tokens: Tokens
    output_tokens: int

    def estimate(self, service: ChatService) -> Estimate:
        """Return it at the dearest price of the alias."""
        return Estimate.dearest(*(self._answered_by(candidate) for candidate in service.candidates(self.alias)))

    def _answered_by(self, candidate: Candidate) -> Estimate:
        def taken(tokens: int) -> Usage:
            return usage(input_tokens=tokens, output_tokens=self.output_tokens, price=candidate.price)

        return Estimate(most=taken(self.input_tokens.most), likely=taken(self.input_tokens.likely))


def read_tokens(*messages: str) -> Tokens:
    """Return what a side call reads that consists of these messages, the system's included."""
    marks = MESSAGE_TOKENS * len(messages)
    return sum(map(Tokens.of, messages), Tokens(marks, marks))


def asking(alias: str, *, system: str, said: str, max_tokens: int) -> Conversation:
    """Return what is asked of an alias: one text, as soberly as it can be answered."""
    spoken = Spoken(system=text(system), turns=[{"role": "user", "content": text(said)}])
    return Conversation(alias=alias, spoken=spoken, max_tokens=max_tokens, temperature=0.0)


class SideCalls:
    """The side calls of one request.

    Args:
        service: makes them.
        deadline: the request's.

    Attributes:
        taken: what each took, in order.
    """

    def __init__(self, service: ChatService, *, deadline: Deadline) -> None:
        self._service = service
        self._deadline = deadline
        self.taken: list[Usage] = []

    def complete(self, asked: Conversation) -> Completion:
        """Answer what the platform itself asks.

        Raises:
            ApiError: as ``ChatService.complete``; nothing is charged for it.
        """
        soon = self._deadline.within(min(MOST_SECONDS, SHARE * self._deadline.left))
        completion = self._service.until(soon).complete(asked, asked.spoken)
        self.taken.append(actual(completion.usage, completion.answered.candidate.price))
        return completion
