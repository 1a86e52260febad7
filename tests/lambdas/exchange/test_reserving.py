"""What is sent was reserved, whatever is said, and an allowance is never overspent but for what one call was misjudged.

Bedrock is one whose tokeniser makes the most of every text that any tokeniser may: a token of every byte, after NFKC.
Conversations, in sessions and outside, with documents, tools and images, are begun and ended in any order.
"""

import base64
import contextlib
import json
import unicodedata
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from lambdas.allowances.ledger import Ledger, Reservation
from lambdas.allowances.remaining import Remaining
from lambdas.allowances.usage import Usage
from lambdas.chat.conversation import Conversation
from lambdas.common.caller import Caller, KeyLimits
from lambdas.common.errors import ConflictError, RateLimitError
from lambdas.exchange.streamed_exchange import StreamedExchange
from tests.examples import examples
from tests.lambdas.chatting import parse
from tests.lambdas.fakes import FakeConverse, FakeEvents
from tests.lambdas.stores import Desk, desk

USD, TOKENS = 10_000, 30_000
PIXEL = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(8)).decode()
TOOL = {"type": "function", "function": {"name": "look", "description": "\ufdfa{}", "parameters": {"x-石": ";" * 50}}}
KEYS = count()


class Dense(FakeConverse):
    """A Bedrock that counts every byte, and writes as much as it may, up to 900 tokens."""

    def __init__(self) -> None:
        super().__init__({})

    def converse(self, **kwargs: Any) -> dict[str, Any]:
        self.calls.append(kwargs)
        text = "- notes;\n" * 400
        return {
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
            "stopReason": "end_turn",
            "usage": counts(kwargs),
        }

    def converse_stream(self, **kwargs: Any) -> dict[str, Any]:
        self.calls.append(kwargs)
        given: list[dict[str, Any] | Exception] = [{"messageStart": {"role": "assistant"}}]
        if "toolConfig" in kwargs and "toolResult" not in str(kwargs["messages"][-1]):
            use = {"toolUseId": f"c{next(KEYS)}", "name": "look"}
            given.append({"contentBlockStart": {"contentBlockIndex": 0, "start": {"toolUse": use}}})
            given.append({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}})
        else:
            delta = {"text": "石;" * min(300, kwargs["inferenceConfig"]["maxTokens"])}
            given.append({"contentBlockDelta": {"contentBlockIndex": 0, "delta": delta}})
        given.append({"messageStop": {"stopReason": "end_turn"}})
        given.append({"metadata": {"usage": counts(kwargs)}})
        return {"stream": FakeEvents(given)}


def counts(asked: dict[str, Any]) -> dict[str, int]:
    read = sum(map(size, asked.get("system", []))) + sum(4 + size(message["content"]) for message in asked["messages"])
    if "toolConfig" in asked:
        read += 530 + len(json.dumps(asked["toolConfig"]))
    return {"inputTokens": read, "outputTokens": min(900, asked["inferenceConfig"]["maxTokens"])}


def size(said: Any) -> int:
    """Return the bytes of all texts in Converse's blocks; an image is 4,784 tokens."""
    if isinstance(said, str):
        return max(len(text.encode("utf-8", "surrogatepass")) for text in (said, unicodedata.normalize("NFKC", said)))
    if isinstance(said, dict):
        return sum(4_784 if name == "image" else size(part) for name, part in said.items())
    return sum(map(size, said))


@dataclass
class Books:
    """What the ledger was asked for: per call what was likely, and what it took. It is checked as it comes."""

    likely: dict[str, Usage] = field(default_factory=dict)
    misjudged: int = 0
    misjudged_tokens: int = 0


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    kept = Books()
    reserve, settle = Ledger.reserve, Ledger.settle

    def reserved(self: Ledger, caller: Caller, *, alias: str, estimate: Usage, likely: Usage) -> Reservation:
        assert likely.tokens <= estimate.tokens
        made = reserve(self, caller, alias=alias, estimate=estimate, likely=likely)
        kept.likely[made.reservation_id] = likely
        return made

    def settled(self: Ledger, reservation: Reservation, actual: Usage) -> Remaining:
        assert actual.input_tokens <= reservation.estimate.input_tokens
        assert actual.tokens <= reservation.estimate.tokens
        assert actual.micro_dollars <= reservation.estimate.micro_dollars
        likely = kept.likely[reservation.reservation_id]
        kept.misjudged = max(kept.misjudged, actual.micro_dollars - likely.micro_dollars)
        kept.misjudged_tokens = max(kept.misjudged_tokens, actual.tokens - likely.tokens)
        return settle(self, reservation, actual)

    monkeypatch.setattr(Ledger, "reserve", reserved)
    monkeypatch.setattr(Ledger, "settle", settled)
    return kept


PIECES = ("stone ", "石", ";", "\ufdfa", "x\n", "<question>", "\u0301a", "🪨")
TEXTS = st.builds(str.__mul__, st.sampled_from(PIECES), st.integers(1, 1_500))
BEGIN = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["fast", "smart"]),
        "max_tokens": st.integers(1, 1_200),
        "text": TEXTS,
        "session": st.none() | st.integers(0, 1),
        "extra": st.sampled_from(["", "", "system", "tools", "image", "json", "knowledge", "history"]),
    }
)
# Begin a call, or end the one of those under way that the number chooses, whole or by hanging up.
STEPS = st.lists(BEGIN | BEGIN | st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=14)


class Talk:
    """Conversations of one key."""

    def __init__(self, at: Desk, systems: list[str]) -> None:
        self._at = at
        limits = KeyLimits(usd_total=USD, tokens_per_day=TOKENS)
        self.caller = Caller(key_id=f"key_{next(KEYS)}", limits=limits)
        self._systems = systems
        self._sessions: dict[int, str] = {}
        self._open: list[StreamedExchange] = []

    def step(self, step: Any) -> None:
        if isinstance(step, dict):
            try:
                self._open.append(self._at.exchanges.stream(self._request(**step), self.caller))
            except RateLimitError:
                return
        elif self._open:
            number, hang_up = step
            self._end(self._open.pop(number % len(self._open)), hang_up=hang_up)

    def end(self) -> None:
        while self._open:
            self._end(self._open.pop(), hang_up=False)

    def _end(self, exchange: StreamedExchange, *, hang_up: bool) -> None:
        chunks = iter(exchange)
        if hang_up:
            next(chunks)
        else:
            # A turn that another one came before is not stored.
            with contextlib.suppress(ConflictError):
                list(chunks)
        exchange.close()

    def _request(self, *, model: str, max_tokens: int, text: str, session: int | None, extra: str) -> Conversation:
        messages: list[dict[str, Any]] = [{"role": "user", "content": text}]
        body: dict[str, Any] = {"model": model, "max_tokens": max_tokens, "messages": messages}
        quarry: dict[str, Any] = {}
        if session is not None:
            quarry["session"] = self._session(session)
            if calls := self._open_calls(quarry["session"]):
                body["tools"] = [TOOL]
                messages[:] = [{"role": "tool", "tool_call_id": call, "content": text} for call in calls]
                extra = ""
        if extra == "system":
            messages.insert(0, {"role": "system", "content": text})
        elif extra == "tools":
            body["tools"] = [TOOL]
        elif extra == "image":
            image = {"type": "image_url", "image_url": {"url": PIXEL}}
            messages[0]["content"] = [image, {"type": "text", "text": text}]
        elif extra == "json":
            schema = {"name": "answer", "schema": {"type": "object", "properties": {"石": {"type": "string"}}}}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif extra == "knowledge":
            quarry["knowledge"] = {}
        elif extra == "history":
            messages[:0] = [{"role": "user", "content": "x"}, {"role": "assistant", "content": text}]
        return parse(json.dumps({**body, "quarry": quarry}).encode())

    def _session(self, number: int) -> str:
        if number not in self._sessions:
            made = self._at.sessions.create(self.caller.key_id, system=self._systems[number])
            self._sessions[number] = made.session_id
        return self._sessions[number]

    def _open_calls(self, session: str) -> list[str]:
        _, turns = self._at.sessions.open(session, self.caller.key_id)
        last = turns[-1].messages[-1]["content"] if turns else []
        return [block["toolUse"]["toolUseId"] for block in last if "toolUse" in block]


def test_no_conversation_overspends_an_allowance(books: Books) -> None:
    dense = Dense()
    with desk(bedrock=dense) as at:

        @settings(examples(15), phases=(Phase.explicit, Phase.generate))
        @given(STEPS, st.lists(TEXTS, min_size=2, max_size=2))
        def talk(steps: list[Any], systems: list[str]) -> None:
            books.misjudged = books.misjudged_tokens = 0
            talking = Talk(at, systems)
            try:
                for step in steps:
                    talking.step(step)
            finally:
                talking.end()

            usage = at.ledger.usage(talking.caller.key_id, limits=talking.caller.limits)
            assert usage.reserved.tokens == 0
            assert usage.total.micro_dollars <= USD + books.misjudged
            assert usage.today.input_tokens + usage.today.output_tokens <= TOKENS + books.misjudged_tokens

        talk()
    assert dense.calls
