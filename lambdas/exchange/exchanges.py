"""One exchange with the model, in four steps: reserve, look up, ask, settle.

Whole answers and streams take the same steps, and what a request asks for besides the answer takes part in each:
see ``lambdas.exchange.ingredient``. What does not wait for each other is done side by side.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from lambdas.allowances.estimate import Estimate, Price, estimate
from lambdas.allowances.ledger import Ledger
from lambdas.allowances.usage import Usage
from lambdas.chat.candidates import Candidate
from lambdas.chat.conversation import Conversation
from lambdas.chat.service import ChatService
from lambdas.chat.side_calls import SideCalls
from lambdas.chat.told import Completion
from lambdas.common.caller import Caller
from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.tokens import Tokens
from lambdas.exchange.ingredient import Asked, Draft, Ingredient, MakeIngredient
from lambdas.exchange.open_exchange import OpenExchange
from lambdas.exchange.streamed_exchange import StreamedExchange

# A comparison asks five aliases at once.
_beside: Final = ThreadPoolExecutor(max_workers=6, thread_name_prefix="beside")


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """A whole answer, and what the headers tell of the allowance."""

    completion: Completion
    headers: dict[str, str]


class Exchanges:
    """Makes exchanges.

    Args:
        ingredients: make what a request asks for besides the answer, in the order in which they are looked up: who
            needs what another one has found comes after it.
        longest: tells how many tokens an answer may have for the sake of what it is put together with; None: as many as
            are asked for.
    """

    def __init__(
        self,
        *,
        service: ChatService,
        ledger: Ledger,
        ingredients: Sequence[MakeIngredient],
        longest: Callable[[Conversation], int | None] = lambda _: None,
    ) -> None:
        self._service = service
        self._ledger = ledger
        self._ingredients = ingredients
        self._longest = longest

    def complete(
        self,
        conversation: Conversation,
        caller: Caller,
        *,
        deadline: Deadline = NEVER,
        first: Sequence[MakeIngredient] = (),
    ) -> Exchanged:
        """Answer, whole.

        Args:
            deadline: when the answer has to be made; to settle and to store it takes time after that.
            first: make what only this request has besides the answer; it is looked up before everything else.

        Raises:
            ApiError: it was refused, here or by Bedrock; nothing is stored, and nothing charged but side calls.
                An answer that was made is given, though: its headers tell if it could not be charged or stored.
        """
        conversation = self._bounded(conversation)
        begun = self._reserve(conversation, caller, deadline, first)
        try:
            draft = begun.look_up()
            completion = begun.told(draft.answerer.complete(conversation, draft.spoken))
        except BaseException:
            begun.give_up()
            raise
        return Exchanged(completion=completion, headers=_settle(begun, completion))

    def stream(
        self,
        conversation: Conversation,
        caller: Caller,
        *,
        deadline: Deadline = NEVER,
        first: Sequence[MakeIngredient] = (),
    ) -> StreamedExchange:
        """Begin to answer; its first event has arrived. Its end is settled by what is returned.

        Args:
            deadline: when the answer has to be over, as in ``complete``.
            first: as in ``complete``.

        Raises:
            ApiError: as ``complete``.
        """
        conversation = self._bounded(conversation)
        begun = self._reserve(conversation, caller, deadline, first)
        try:
            draft = begun.look_up()
            streamed = draft.answerer.stream(conversation, draft.spoken)
        except BaseException:
            begun.give_up()
            raise
        return StreamedExchange(begun, streamed)

    def _bounded(self, conversation: Conversation) -> Conversation:
        """Return what is asked with how long its answer may be."""
        bounded = self._service.bounded(conversation)
        longest = self._longest(bounded)
        if longest is None or (bounded.max_tokens is not None and bounded.max_tokens <= longest):
            return bounded
        return replace(bounded, max_tokens=longest)

    def _reserve(
        self, conversation: Conversation, caller: Caller, deadline: Deadline, first: Sequence[MakeIngredient]
    ) -> OpenExchange:
        """Reserve what it will take; beside that, its ingredients begin to be looked up."""
        service = self._service.until(deadline)
        candidates = service.candidates(conversation.alias)
        asked = Asked(
            conversation=conversation,
            caller=caller,
            side=SideCalls(service, deadline=deadline),
            service=service,
            deadline=deadline,
        )
        made = [make(asked) for make in (*first, *self._ingredients)]
        ingredients = [ingredient for ingredient in made if ingredient is not None]
        for ingredient in ingredients:
            ingredient.start(_beside)
        draft = Draft(answerer=service, spoken=conversation.spoken)
        planned = draft
        for ingredient in ingredients:
            planned = ingredient.plan(planned)
        expected = self._expected(asked, candidates, planned, ingredients)
        reservation = self._ledger.reserve(
            caller, alias=conversation.alias, estimate=expected.most, likely=expected.likely
        )
        return OpenExchange(
            asked=asked,
            ingredients=ingredients,
            draft=draft,
            reservation=reservation,
            ledger=self._ledger,
        )

    def _expected(
        self, asked: Asked, candidates: Sequence[Candidate], planned: Draft, ingredients: Sequence[Ingredient]
    ) -> Estimate:
        """Return what it takes, with its side calls; nothing where nobody counts, which saves the time."""
        # What one of them cannot do is refused before anything costs.
        made = [asked.service.arguments(asked.conversation, planned.spoken, candidate)[0] for candidate in candidates]
        calls = [(arguments, candidate.price) for arguments, candidate in zip(made, candidates, strict=True)]
        if not asked.caller.limits.counted:
            return Estimate(most=Usage(), likely=Usage())
        expected = [ingredient.expects() for ingredient in ingredients]
        more = sum((one.input_tokens for one in expected), Tokens())

        def taken(arguments: dict[str, Any], price: Price | None) -> Estimate:
            longest = arguments["inferenceConfig"]["maxTokens"]
            return estimate(arguments, max_output_tokens=longest, price=price, more=more)

        answer = Estimate.dearest(*(taken(*call) for call in calls))
        return answer.plus(*(call.estimate(self._service) for one in expected for call in one.side))


def _settle(begun: OpenExchange, completion: Completion) -> dict[str, str]:
    """Charge what the calls took and return the headers; beside that, store what is kept of the answer."""
    taken = completion.usage
    if not begun.stores:
        headers = begun.try_to_settle(completion.answered, taken)
        return headers | begun.not_recorded
    settled = _beside.submit(begun.try_to_settle, completion.answered, taken)
    try:
        begun.try_to_store(completion)
    finally:
        # Whatever becomes of the turn, Lambda may not stop the function before the charge.
        headers = settled.result()
    return headers | begun.not_recorded
