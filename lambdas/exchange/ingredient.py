"""What a request asks for besides a model's answer: its ingredients, as a session and documents.

One is made for each request that asks for it, and takes part in the four steps of the exchange:

reserve   start       what costs the key nothing begins to be looked up
          plan        what is known of what the model will be told, so that it can be reserved for
          expects     what may come on top of the plan, which is reserved with the answer
look up   look_up     the rest is looked up; it changes what the model is told, or who answers
ask       whole       it changes a whole answer
          streamed    or a stream, as that is given
settle    store       it stores what it keeps, once the answer was given to its end

All but ``look_up`` may be left out. A step takes the ingredients in the order of ``Exchanges``; a failure ends it.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, Protocol

from msgspec import Struct

from lambdas.chat.answers import StreamedCompletion
from lambdas.chat.conversation import Conversation
from lambdas.chat.events import Event
from lambdas.chat.service import ChatService
from lambdas.chat.side_calls import Expected, SideCalls
from lambdas.chat.spoken import Spoken
from lambdas.chat.told import Completion
from lambdas.common.caller import Caller
from lambdas.common.deadline import Deadline
from lambdas.common.tokens import Tokens

Message = dict[str, Any]


class Asked(Struct, frozen=True, kw_only=True):
    """What ingredients are made from.

    Attributes:
        conversation: what is asked, with what the request itself says.
        side: makes calls besides the answer, once the allowance is reserved.
        service: makes calls that are over by the deadline.
        deadline: when the answer has to be over, and so what is looked up for it.
    """

    conversation: Conversation
    caller: Caller
    side: SideCalls
    service: ChatService
    deadline: Deadline


class Expectation(Struct, frozen=True, kw_only=True):
    """What an ingredient may take besides what was planned.

    Attributes:
        input_tokens: what it may add to what the answering model reads.
        side: its side calls.
    """

    input_tokens: Tokens = Tokens()
    side: tuple[Expected, ...] = ()


class Answerer(Protocol):
    """Who answers: the service with the models of an alias, or what an ingredient has put in its place."""

    def complete(self, asked: Conversation, spoken: Spoken, /) -> Completion:
        """Answer, whole."""
        ...

    def stream(self, asked: Conversation, spoken: Spoken, /) -> StreamedCompletion:
        """Begin to answer."""
        ...


class Draft(Struct, frozen=True, kw_only=True):
    """What is to be asked, as far as it was looked up.

    Attributes:
        answerer: who is asked.
        spoken: what it is told.
        past: what was said before the request, oldest first, without what is in ``notes``.
        notes: what was said before ``past``, in short.
    """

    answerer: Answerer
    spoken: Spoken
    past: Sequence[Message] = ()
    notes: str | None = None


class Ingredient(Protocol):
    """One ingredient of one request. Derive from it: what a step does not need keeps its default.

    Attributes:
        stores: whether ``store`` does anything; the end of the answer waits for it then.
    """

    stores: bool = False

    def start(self, pool: Executor) -> None:  # noqa: ARG002
        """Begin what costs the key nothing and needs no other ingredient; a later step takes result or failure.

        It runs beside the reservation, if ``plan`` does not wait for it. Should that be refused, ``look_up`` is never
        called.
        """
        return

    def plan(self, draft: Draft) -> Draft:
        """Return the draft with what is known already of what ``look_up`` will make of it.

        It is only reserved for: ``look_up`` begins with another draft.

        Raises:
            ApiError: the request cannot be answered; nothing was reserved.
        """
        return draft

    def expects(self) -> Expectation:
        """Return what it may take besides what ``plan`` returned, which comes before."""
        return Expectation()

    def look_up(self, draft: Draft) -> Draft:
        """Return the draft with what was looked up.

        Raises:
            ApiError: the request cannot be answered; nothing is charged but side calls.
        """
        ...

    def whole(self, completion: Completion) -> Completion:
        """Return a whole answer as the caller is told it."""
        return completion

    def streamed(self, events: Iterator[Event], answer: StreamedCompletion) -> Iterator[Event]:  # noqa: ARG002
        """Return a stream's events as the caller is told them; they may be ended anywhere, if not by the caller.

        Args:
            answer: knows who answers, and what was said so far.
        """
        return events

    def store(self, answer: Completion) -> None:  # noqa: ARG002
        """Store what is kept of an answer that was given to its end.

        Raises:
            ApiError: it could not be; the answer is charged all the same.
        """
        return


# Returns the ingredient of a request that asks for it, or refuses what cannot be asked, before anything costs.
MakeIngredient = Callable[[Asked], Ingredient | None]
