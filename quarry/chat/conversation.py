"""A conversation with the endpoint: held on this side, or in a session on the endpoint's."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from quarry.deployed.endpoint import Endpoint


@dataclass
class Answer:
    """An answer, as far as it has come.

    Attributes:
        model: the model that answers.
        text: what it has said so far.
        finish_reason: why it ended; None until then.
        usage: OpenAI's token counts; None if they were not told.
        calls: tools that it wants called, as ``name(arguments)``.
        not_recorded: what of it was not kept, and why, as the endpoint's ``quarry.not_recorded``.
    """

    model: str = ""
    text: str = ""
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    calls: list[str] = field(default_factory=list)
    not_recorded: dict[str, str] = field(default_factory=dict)

    @classmethod
    def whole(cls, completion: dict[str, Any]) -> "Answer":
        """Return the answer that OpenAI's chat.completion holds."""
        choice = completion["choices"][0]
        functions = [call["function"] for call in choice["message"].get("tool_calls") or []]
        return cls(
            model=completion["model"],
            text=choice["message"].get("content") or "",
            finish_reason=choice["finish_reason"],
            usage=completion.get("usage"),
            calls=[f"{function['name']}({function['arguments']})" for function in functions],
        )

    def add(self, chunk: dict[str, Any]) -> str:
        """Take a chunk in and return what it says."""
        self.model = chunk.get("model") or self.model
        self.usage = chunk.get("usage") or self.usage
        self.not_recorded = (chunk.get("quarry") or {}).get("not_recorded") or self.not_recorded
        said = ""
        for choice in chunk["choices"]:
            said += choice["delta"].get("content") or ""
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
        self.text += said
        return said

    @property
    def blocked(self) -> bool:
        """Whether the guardrail stopped the question or the answer."""
        return self.finish_reason == "content_filter"


class Conversation:
    """Questions and answers.

    Attributes:
        model: alias that is asked.
        session: id of the session that holds the history; None while all of it is sent from here with each question.
    """

    def __init__(self, endpoint: Endpoint, *, model: str, system: str | None) -> None:
        self.endpoint = endpoint
        self.model = model
        self.session: str | None = None
        self._system = [{"role": "system", "content": system}] if system else []
        self._turns: list[dict[str, str]] = []

    def complete(self, question: str) -> dict[str, Any]:
        """Ask once and return OpenAI's chat.completion object, whole. It is not remembered."""
        return self.endpoint.chat(self._messages(question), model=self.model, session=self.session)

    def ask(self, question: str, answer: Answer) -> Generator[str, None, None]:
        """Ask, and yield the answer in parts as it comes; ``answer`` is filled in with them.

        Both turns are remembered once the answer is complete. One that the guardrail stopped is not: sent again, it
        would stop everything after it. Neither is one that broke off.
        """
        messages = self._messages(question)
        with closing(self.endpoint.stream(messages, model=self.model, session=self.session)) as chunks:
            for chunk in chunks:
                yield answer.add(chunk)
        if self.session is None and not answer.blocked:
            self._turns += [{"role": "user", "content": question}, {"role": "assistant", "content": answer.text}]

    def clear(self) -> None:
        """Forget all turns and leave the session, which stays as it is."""
        self._turns = []
        self.session = None

    def _messages(self, question: str) -> list[dict[str, Any]]:
        turns = self._turns if self.session is None else []
        return [*self._system, *turns, {"role": "user", "content": question}]
