"""An exchange between its reservation and its end: looked up, asked, and then settled or given up, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lambdas.allowances.estimate import actual, input_tokens
from lambdas.allowances.ledger import Ledger, Reservation
from lambdas.allowances.usage import Usage, usd
from lambdas.chat.told import Answered, Completion
from lambdas.exchange import unrecorded
from lambdas.exchange.ingredient import Asked, Draft, Ingredient

CHARGED: Final = "x-quarry-charged-usd"


@dataclass(kw_only=True)
class OpenExchange:
    """An exchange that was reserved for.

    Attributes:
        draft: what is asked, complete once the ingredients have looked up theirs.
    """

    asked: Asked
    ingredients: Sequence[Ingredient]
    draft: Draft
    reservation: Reservation
    ledger: Ledger
    _unrecorded: dict[str, str] = field(default_factory=dict, init=False)

    def look_up(self) -> Draft:
        """Let the ingredients complete the draft, and return it."""
        for ingredient in self.ingredients:
            self.draft = ingredient.look_up(self.draft)
        return self.draft

    def told(self, completion: Completion) -> Completion:
        """Return a whole answer as the caller is told it."""
        for ingredient in self.ingredients:
            completion = ingredient.whole(completion)
        return completion

    @property
    def stores(self) -> bool:
        """Whether an ingredient keeps something of the answer."""
        return any(ingredient.stores for ingredient in self.ingredients)

    def try_to_store(self, answer: Completion) -> None:
        """Let the ingredients keep what they keep of it; if one cannot, ``not_recorded`` tells."""
        try:
            for ingredient in self.ingredients:
                ingredient.store(answer)
        except unrecorded.TROUBLE as error:
            self._unrecorded["turn"] = unrecorded.log("turn", error, key_id=self.asked.caller.key_id)

    def try_to_settle(self, answered: Answered, converse_usage: Mapping[str, Any]) -> dict[str, str]:
        """Charge what the calls took and return the headers; if that fails, ``not_recorded`` tells."""
        taken = self.taken(answered, converse_usage)
        headers, codes = unrecorded.try_to_settle(self.ledger, self.reservation, taken)
        self._unrecorded |= codes
        return headers | ({CHARGED: usd(taken.micro_dollars)} if taken.priced else {})

    def taken(self, answered: Answered, converse_usage: Mapping[str, Any]) -> Usage:
        """Return what the answer and its side calls took, which is what the key is charged."""
        return actual(converse_usage, answered.candidate.price).plus(*self.asked.side.taken)

    @property
    def not_recorded_codes(self) -> Mapping[str, str]:
        """What of a given answer was not stored (``turn``) or settled (``charge``), and the code that says why."""
        return self._unrecorded

    @property
    def not_recorded(self) -> dict[str, str]:
        """The header that tells the same; none if all was."""
        return unrecorded.header(self._unrecorded)

    def counted(self, answered: Answered, written: int) -> dict[str, int]:
        """Return Converse's likely token counts of a call whose count Bedrock did not tell.

        Args:
            written: likely tokens of all that the model is known to have written.
        """
        asked = self._arguments(answered)
        read = input_tokens(asked).likely
        # More than it may write it has not written.
        output = min(written, asked["inferenceConfig"]["maxTokens"])
        return {"inputTokens": read, "outputTokens": output, "totalTokens": read + output}

    def likely_input(self, answered: Answered) -> int:
        """Return about how many tokens the model reads."""
        return input_tokens(self._arguments(answered)).likely

    def _arguments(self, answered: Answered) -> Mapping[str, Any]:
        return self.asked.service.arguments(self.asked.conversation, self.draft.spoken, answered.candidate)[0]

    def give_up(self) -> None:
        """End an exchange without an answer: charge its side calls if there were any, and nothing else.

        If that fails, what was reserved stays so until it is swept; the caller is told why there is no answer.
        """
        if self.asked.side.taken:
            unrecorded.try_to_settle(self.ledger, self.reservation, Usage().plus(*self.asked.side.taken))
        else:
            unrecorded.try_to_release(self.ledger, self.reservation)
