"""A real model's answer on its way to the client: disclosed, judged by the guardrail, whole or as it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import replace

from sandbox.model import answer, proxy, stream, tokens
from sandbox.model.errors import AwsError, Json
from sandbox.model.guarded import Guard
from sandbox.model.pieces import Call, End, Input, Piece, Text, blocks
from sandbox.model.proxy import Upstream

Metadata = Callable[[End], Json]
"""Makes the last event's payload of how an answer ended."""

_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "\n")
_MOST_HELD = 20  # tokens that a guardrail looks at together where no sentence ends sooner


async def written(upstream: Upstream, request: Json, model_id: str) -> AsyncGenerator[Piece, None]:
    """Yield what the model writes, behind the sentence that says which model it is where people read the answer.

    Raises:
        AwsError: as :func:`sandbox.model.proxy.generate`.
    """
    disclosed = not answer.is_in_words(request)
    async with aclosing(proxy.generate(upstream, request)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Text) and not disclosed:
                yield Text(f"{answer.disclosure(model_id, upstream.name)} ")
            # Of a call the words before it, if any, say it.
            disclosed = disclosed or isinstance(piece, Text)
            yield piece


async def whole(pieces: AsyncGenerator[Piece, None]) -> tuple[list[Json], End]:
    """Return the content blocks of an answer and how it ended.

    Raises:
        AwsError: as ``pieces`` does; ModelErrorException, a tool was called with input that is no JSON object.
    """
    found = [piece async for piece in pieces]
    end = next((piece for piece in found if isinstance(piece, End)), End("end_turn"))
    return blocks(found, end.stop_reason), end


async def judged(pieces: AsyncGenerator[Piece, None], guard: Guard | None) -> AsyncGenerator[Piece, None]:
    """Yield ``pieces`` as the guardrail lets them through.

    In synchronous mode nothing is passed on that was not judged, with everything before it: a sentence at a time, or 20
    tokens; all at once where the answer is held against sources. In asynchronous mode words pass at once and are judged
    afterwards.
    """
    async with aclosing(pieces):
        if guard is None:
            async for piece in pieces:
                yield piece
            return
        held = _Held(guard)
        async for piece in pieces:
            if isinstance(piece, Text):
                held.add(piece.text)
                if guard.asynchronous:
                    yield piece
                if not held.is_due():
                    continue
            # In a thread: judging takes its time, and MiniStack serves everything from one loop.
            for text in await asyncio.to_thread(held.release, final=not isinstance(piece, Text)):
                yield Text(text)
            if held.blocked:
                # No calls either: a blocked answer hands out nothing the model wrote.
                yield End("guardrail_intervened")
                return
            if isinstance(piece, End) and held.masked:
                yield replace(piece, stop_reason="guardrail_intervened")
            elif not isinstance(piece, Text):
                yield piece


class _Held:
    """The words of an answer: what was passed on, and what waits to be judged."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._said = ""
        self._passed = ""
        self._waiting = 0
        self.blocked = False
        self.masked = False

    def add(self, text: str) -> None:
        self._said += text
        self._waiting += 1

    def is_due(self) -> bool:
        """Whether enough waits to be judged: a sentence, or so many tokens."""
        if self._guard.judges_wholes:
            return False
        ended = not self._guard.asynchronous and self._said.endswith(_SENTENCE_ENDS)
        return ended or self._waiting >= _MOST_HELD

    def release(self, *, final: bool) -> list[str]:
        """Judge everything so far, and return the tokens that may be passed on now: whole words, until the end."""
        if not self._waiting:
            return []
        self._waiting = 0 if final else 1
        verdict = self._guard.judge_output([self._said])
        if verdict.blocked:
            self.blocked = True
            return [self._guard.blocked_output()]
        if self._guard.asynchronous:
            return []  # they have passed, and are not masked either: AWS does not mask there
        ready = self._said if final else self._said[: _last_space(self._said)]
        if verdict.masked:
            self.masked = True
            ready = self._guard.judge_output([ready]).texts[0]
        # A mask that reaches back into what was passed on covers what was not.
        new = ready[len(self._passed) :]
        self._passed += new
        return tokens.pieces(new)


def _last_space(text: str) -> int:
    """Return where the last word of ``text`` begins, with the white space before it."""
    return len(text.rsplit(None, 1)[0]) if len(text.split()) > 1 else 0


async def events(
    first: Piece, rest: AsyncGenerator[Piece, None], guard: Guard | None, metadata: Metadata
) -> AsyncGenerator[stream.Part, None]:
    """Yield (encoded event, whether it carries a token) of an answer, judged, in AWS's order.

    A failure in the middle is an event too: the status was sent long before. The model stops with the stream, however
    early that ends.
    """
    blocks_written, end = _Blocks(), End("end_turn")
    async with aclosing(rest), aclosing(judged(_behind(first, rest), guard)) as pieces:
        yield stream.event("messageStart", {"role": "assistant"}), False
        try:
            async for piece in pieces:
                if isinstance(piece, End):
                    end = piece
                    continue
                for part in blocks_written.parts(piece):
                    yield part
        except AwsError as error:
            yield stream.exception("modelStreamErrorException", error.message), False
            return
    for part in blocks_written.close():
        yield part
    yield stream.event("messageStop", {"stopReason": end.stop_reason}), False
    yield stream.event("metadata", metadata(end)), False


async def _behind(first: Piece, rest: AsyncGenerator[Piece, None]) -> AsyncGenerator[Piece, None]:
    yield first
    async for piece in rest:
        yield piece


class _Blocks:
    """The events of content blocks: a new one begins with each call, and where words follow a call."""

    def __init__(self) -> None:
        self._index = 0
        self._is_open = False
        self._in_text = False

    def parts(self, piece: Text | Call | Input) -> Iterator[stream.Part]:
        if isinstance(piece, Call) or isinstance(piece, Text) is not self._in_text:
            yield from self.close()
        self._is_open, self._in_text = True, isinstance(piece, Text)
        if isinstance(piece, Call):
            start = {"toolUse": {"toolUseId": piece.tool_use_id, "name": piece.name}}
            yield stream.event("contentBlockStart", {"start": start, "contentBlockIndex": self._index}), False
            return
        delta = {"text": piece.text} if isinstance(piece, Text) else {"toolUse": {"input": piece.json}}
        yield stream.event("contentBlockDelta", {"delta": delta, "contentBlockIndex": self._index}), True

    def close(self) -> Iterator[stream.Part]:
        if self._is_open:
            yield stream.event("contentBlockStop", {"contentBlockIndex": self._index}), False
            self._index, self._is_open = self._index + 1, False
