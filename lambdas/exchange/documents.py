"""The documents as an ingredient: passages go before the question, and the answer names those that it cites.

What asks the documents is imported by who gives it, on the first request that does: see ``from_documents``.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING

from msgspec.structs import replace

from lambdas.chat.answers import StreamedCompletion
from lambdas.chat.conversation import Conversation
from lambdas.chat.events import Ended, Event
from lambdas.chat.said import Said
from lambdas.chat.told import Completion
from lambdas.exchange.ingredient import Asked, Draft, Expectation, Ingredient, MakeIngredient
from lambdas.knowledge.settings import MOST_GROUNDED_TOKENS, KnowledgeSettings

if TYPE_CHECKING:
    from lambdas.knowledge.asking import Found, Knowledge


def from_documents(knowledge: "Callable[[], Knowledge]") -> MakeIngredient:
    """Return what makes the ingredient of requests that ask the documents.

    Args:
        knowledge: gives what asks them; called only by requests that do.
    """

    def make(asked: Asked) -> Ingredient | None:
        return DocumentsIngredient(asked, knowledge()) if asked.conversation.documents is not None else None

    return make


def longest_grounded(settings: Callable[[], KnowledgeSettings | None]) -> Callable[[Conversation], int | None]:
    """Return what tells how long an answer may be so that the guardrail can hold it against the passages.

    Thoughts count as output and are not held against them: of a model that is asked to think nothing is told.
    """

    def longest(asked: Conversation) -> int | None:
        if asked.documents is None or (asked.reasoning is not None and asked.reasoning.is_asked_for):
            return None
        configured = settings()
        return MOST_GROUNDED_TOKENS if configured and configured.grounding_check else None

    return longest


class DocumentsIngredient(Ingredient):
    """The question that one request asks the documents.

    Raises:
        InvalidRequestError: it cannot be asked.
    """

    def __init__(self, asked: Asked, knowledge: "Knowledge") -> None:
        self._knowledge = knowledge.until(asked.deadline)
        # Whose guardrail sees a question that nothing was found for.
        self._service = asked.service
        self._complete = asked.side.complete
        self._question = knowledge.question(asked.conversation)
        # What leans on something that was said before is rewritten, with the key's money.
        conversation = asked.conversation
        self._alone = conversation.session is None and not conversation.goes_on and not self._question.earlier
        self._finding: Future[Found] | None = None
        self._planned: Draft
        self._found: Found

    def start(self, pool: Executor) -> None:
        """Search for a question that stands alone."""
        if self._alone:
            self._finding = pool.submit(self._knowledge.find, self._question, complete=self._complete)

    def plan(self, draft: Draft) -> Draft:
        """Put the rules and the question as they will be told, without passages."""
        self._planned = draft
        return replace(draft, spoken=self._knowledge.without_passages(self._question, draft.spoken))

    def expects(self) -> Expectation:
        """Return the passages' tokens, and the rewriting's."""
        past, notes = self._planned.past, self._planned.notes
        said = past or notes or self._question.earlier
        rewriting = (self._question.rewriting(past, notes),) if said else ()
        return Expectation(input_tokens=self._question.passage_tokens, side=rewriting)

    def look_up(self, draft: Draft) -> Draft:
        """Put the passages before the question; without any, no model is asked."""
        if self._finding is not None:
            self._found = found = self._finding.result()
        else:
            self._found = found = self._knowledge.find(
                self._question, past=draft.past, notes=draft.notes, complete=self._complete
            )
        if not found.passages:
            return replace(draft, answerer=Said(found.nothing, question=found.question.text, service=self._service))
        return replace(draft, spoken=found.spoken(draft.spoken))

    def whole(self, completion: Completion) -> Completion:
        """Take out the numbers that no passage has, and tell what is cited."""
        return self._found.mended(completion)

    def streamed(self, events: Iterator[Event], answer: StreamedCompletion) -> Iterator[Event]:
        """Tell what is cited, at the end."""
        for event in events:
            if isinstance(event, Ended):
                text = "".join(block.get("text", "") for block in answer.state.content())
                told = self._found.told(text, blocked=event.stop_reason == "guardrail_intervened")
                yield replace(event, quarry={**event.quarry, **told})
            else:
                yield event
