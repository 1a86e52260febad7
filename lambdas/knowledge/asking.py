"""One question to the documents, from the request to what the caller is told about it.

question = knowledge.question(conversation)              # refuses what cannot be asked, before anything costs
found = knowledge.find(question, past=..., ...)          # rewrites where there is a past, and searches
found.spoken(spoken)                                     # what the model is told; without passages none is asked
found.told(answer)                                       # the members of the answer's `quarry` object
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from lambdas.chat.conversation import Conversation
from lambdas.chat.side_calls import Expected
from lambdas.chat.spoken import Spoken
from lambdas.chat.told import Completion, Text, Thought
from lambdas.common.deadline import Deadline
from lambdas.common.errors import InvalidRequestError
from lambdas.common.observability import logger
from lambdas.common.tokens import Tokens
from lambdas.knowledge import citations, prompt, rewriting
from lambdas.knowledge.filter_shape import RetrievalFilter
from lambdas.knowledge.filters import to_retrieval_filter
from lambdas.knowledge.passages import Passage
from lambdas.knowledge.retrieval import MOST_CHARACTERS, Retriever
from lambdas.knowledge.settings import KnowledgeSettings

Message = dict[str, Any]

# How many tokens of size one of a passage's own counts for: a chunker's token may be six characters long, and the size
# has one for three bytes. Tags and names come out of the same.
ESTIMATED_PER_TOKEN: Final = 2


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a request asks the documents.

    Attributes:
        text: the caller's own words.
        blocks: how many of the last message's content blocks they are in.
        earlier: what the request itself says before, with Converse's blocks.
        results: how many passages are looked for.
        filter_param: where the caller has the filter.
        passage_tokens: what passages add to the request.
    """

    text: str
    blocks: int
    alias: str
    earlier: tuple[Message, ...]
    results: int
    filter_: RetrievalFilter | None
    filter_param: str
    passage_tokens: Tokens

    def rewriting(self, past: Sequence[Message], notes: str | None) -> Expected:
        """Return what it takes to rewrite the question after what was said before, as ``Knowledge.find`` has it."""
        read = rewriting.tokens(self.text, past=[*past, *self.earlier], notes=notes)
        return Expected(alias=self.alias, input_tokens=read, output_tokens=rewriting.MOST_OUTPUT_TOKENS)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found for a question.

    Attributes:
        search_query: what was searched for: the question, rewritten where it leaned on what was said before.
        passages: those that pass the threshold, in the order of their numbers.
    """

    question: Question
    search_query: str
    passages: tuple[Passage, ...]
    grounding: bool

    @property
    def nothing(self) -> str:
        """What is answered where there are no passages."""
        return citations.NOT_IN_DOCUMENTS

    def spoken(self, spoken: Spoken) -> Spoken:
        """Return what the model is told: the rules last, the passages in the last message."""
        *past, last = spoken.turns
        own = last["content"][-self.question.blocks :]
        before = last["content"][: -self.question.blocks]
        content = prompt.asked(
            [block for block in own if "text" not in block],
            self.question.text,
            self.passages,
            grounding=self.grounding,
        )
        turns = [
            {**turn, "content": prompt.guarded(turn["content"])} if turn["role"] == "user" else turn for turn in past
        ]
        turns.append({**last, "content": [*prompt.guarded(before), *content]})
        return Spoken(system=[*spoken.system, {"text": prompt.RULES}], turns=turns)

    def told(self, text: str, *, blocked: bool = False) -> dict[str, Any]:
        """Return what callers are told about an answer: ``citations``, ``answered`` and ``search_query``.

        Args:
            blocked: whether the guardrail intervened: then it is an answer only if it still cites something.
        """
        numbers = citations.cited(text, passages=len(self.passages))
        nothing = citations.says_nothing(text, cites=bool(numbers))
        return {
            "citations": [{"number": number, **self.passages[number - 1].told()} for number in numbers if not nothing],
            "answered": not nothing and (bool(numbers) or not blocked),
            "search_query": self.search_query,
        }

    def mended(self, completion: Completion) -> Completion:
        """Return a whole answer without numbers that no passage has, and with what callers are told about it."""
        known = len(self.passages)

        def mend(text: str) -> str:
            return citations.without_unknown(text, passages=known)

        text = mend(completion.text)
        told = self.told(text, blocked=completion.stop_reason == "guardrail_intervened")
        content = [
            {"text": mend(block["text"])} if "text" in block else block for block in completion.message["content"]
        ]
        return replace(
            completion,
            blocks=[*(block for block in completion.blocks if isinstance(block, Thought)), Text(text)],
            quarry={**completion.quarry, **told},
            message={**completion.message, "content": content},
        )


class Knowledge:
    """Asks the documents.

    Attributes:
        settings: the knowledge base's.
    """

    def __init__(self, *, settings: KnowledgeSettings, retriever: Retriever) -> None:
        self.settings = settings
        self.retriever = retriever

    def until(self, deadline: Deadline) -> "Knowledge":
        """Return this with searches that are over by then."""
        return Knowledge(settings=self.settings, retriever=self.retriever.until(deadline))

    def question(self, asked: Conversation) -> Question:
        """Return what a conversation that asks the documents asks them.

        Raises:
            InvalidRequestError: the last message is no user's or has no text, the filter is wrong, or what is wanted
                cannot be cited.
        """
        wanted, spoken = asked.documents, asked.spoken
        assert wanted is not None
        documents = asked.named("documents")
        if asked.toolbox.specs or asked.answer is not None:
            param = asked.named("tools" if asked.toolbox.specs else "answer")
            raise InvalidRequestError(
                f"`{param}` cannot be had together with `{documents}`: answers from documents are text with markers. "
                "Leave one of them out.",
                param=param,
            )
        parts = spoken.last
        own = spoken.turns[-1]["content"][-parts:] if parts else []
        text = "\n".join(block["text"] for block in own if "text" in block)
        if not text.strip():
            raise InvalidRequestError(
                f"With `{documents}` the last message must be a user's and have text: it is the question.",
                param=spoken.last_param,
            )
        if self.settings.grounding_check and len(text) > prompt.MOST_GROUNDED_QUESTION:
            raise InvalidRequestError(
                f"The question has {len(text):,} characters; the guardrail's grounding check takes at most "
                f"{prompt.MOST_GROUNDED_QUESTION:,}. Shorten the last message.",
                param=spoken.last_param,
            )
        results = self.results(wanted.results)
        filter_param = asked.names.get("filter", f"{documents}.filter")
        before = spoken.turns[-1]["content"][:-parts]
        return Question(
            text=text,
            blocks=parts,
            alias=asked.alias,
            earlier=(*spoken.turns[:-1], *([{"role": "user", "content": before}] if before else [])),
            results=results,
            filter_=to_retrieval_filter(wanted.filter, self.settings.metadata, param=filter_param),
            filter_param=filter_param,
            passage_tokens=prompt.tokens(self._most_passage_tokens(results), passages=results),
        )

    def without_passages(self, question: Question, spoken: Spoken) -> Spoken:
        """Return what the model is told but for the passages."""
        nothing = Found(question=question, search_query="", passages=(), grounding=self.settings.grounding_check)
        return nothing.spoken(spoken)

    def find(
        self,
        question: Question,
        *,
        past: Sequence[Message] = (),
        notes: str | None = None,
        complete: rewriting.Complete,
    ) -> Found:
        """Search for a question, rewritten first where something was said before.

        Args:
            past: what a session says before the request, without what is in its ``notes``.
            complete: asks a model to rewrite it.

        Raises:
            ApiError: the search failed; a failed rewriting only leaves the question as it is.
        """
        query = question.text[:MOST_CHARACTERS]
        said = [*past, *question.earlier]
        if said or notes:
            query = rewriting.standalone(query, past=said, notes=notes, alias=question.alias, complete=complete)
        found = self.retriever.find(
            query, results=question.results, filter_=question.filter_, filter_param=question.filter_param
        )
        good = [passage for passage in found if passage.score >= self.settings.score_threshold]
        grounding = self.settings.grounding_check
        kept = prompt.fitting(
            good,
            most_tokens=self._most_passage_tokens(question.results),
            most_characters=self.settings.grounding_characters if grounding else None,
        )
        logger.info("retrieved", extra={"found": len(found), "passed": len(good), "given": len(kept)})
        return Found(question=question, search_query=query, passages=tuple(kept), grounding=grounding)

    def results(self, wanted: int | None) -> int:
        """Return how many passages are looked for: what a request wants, else the environment's number."""
        return wanted or self.settings.results

    def _most_passage_tokens(self, results: int) -> int:
        """Return the size, by ``text_tokens``, that passages may have; what would be more is left out."""
        if self.settings.reranking is not None:
            results = min(results, self.settings.reranking.results)
        return results * self.settings.passage_tokens * ESTIMATED_PER_TOKEN
