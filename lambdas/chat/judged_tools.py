"""Tools before the guardrail, which Converse does not show it: all there is of them going in, calls coming out.

So are users' documents that are text, and thoughts that go in unsigned: whoever sends a conversation may have written
them.

What is masked goes on masked. What is stopped is the policy's message in the answer's place, and an answer like every
other: with Converse's stop reason for it. Imported by requests that have any of them.
"""

import codecs
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from lambdas.chat.blocks import Block, thought, unsigned
from lambdas.chat.guardrail import Guardrail, Source
from lambdas.chat.shown_json import Shown, masked_text, masked_value, opened, shown, shown_input, shown_value
from lambdas.chat.spoken import Spoken
from lambdas.chat.telling import json_text

# Formats of documents that are read as they are.
TEXTUAL: Final = frozenset(("csv", "html", "md", "txt"))
INTERVENED: Final = "guardrail_intervened"
# The longer ones first: UTF-32's begins like UTF-16's.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def judged_rounds(guardrail: Guardrail, spoken: Spoken) -> tuple[Spoken, str | None]:
    """Return what is said with what Converse does not show masked, and the policy's message where one is stopped.

    All of them are judged, a session's and earlier steps' too: what was let through before is remembered, and not paid
    for again. A call that comes in is no model's word: whoever sends a conversation may have written it. Of a result
    its texts are judged, and its documents that are text, as a user's are; images are not.

    Raises:
        ApiError: the guardrail could not be asked.
    """
    judges = [one for turn in spoken.turns for block in turn["content"] for one in _shown(block)]
    texts = [text for one in judges for text in one.texts]
    judged = guardrail.let_through(texts, "INPUT")
    if judged.stopped is not None or list(judged.texts) == texts:
        return spoken, judged.stopped
    masked = iter(judged.texts)
    turns = [
        {**turn, "content": [_with_texts(guardrail, block, masked) for block in turn["content"]]}
        for turn in spoken.turns
    ]
    return msgspec.structs.replace(spoken, turns=turns), None


def _shown(block: Block) -> list[Shown]:
    """Return what is judged of a call, a result, a document or a thought; nothing of a call without input."""
    if "reasoningContent" in block:
        return [Shown(texts=[said])] if (said := unsigned(block)) is not None else []
    if "toolUse" in block:
        return [shown_value(block["toolUse"]["input"])] if block["toolUse"]["input"] else []
    parts = [block] if "document" in block else block.get("toolResult", {}).get("content", [])
    return [shown(text) for text in map(_text_of, parts) if text is not None]


def _text_of(part: Block) -> str | None:
    """Return the text of a result's part; None of an image, and of a document that is no text."""
    if "text" in part:
        return str(part["text"])
    if "json" in part:
        return json_text(part["json"])
    if "document" in part and part["document"]["format"] in TEXTUAL:
        return _read(part["document"]["source"]["bytes"])
    return None


def _read(content: bytes) -> str:
    """Return a text as far as it can be read: in two or four bytes a character, its Latin letters at least."""
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return str(content, codec, "replace")
    return str(content.replace(b"\0", b""), "utf-8", "replace")


def _with_text(guardrail: Guardrail, part: Block, masked: Iterator[str]) -> Block:
    text = _text_of(part)
    if text is None:
        return part
    given = shown(text)
    found = list(islice(masked, len(given.texts)))
    if found == given.texts:
        return part
    new = _masked_text(guardrail, given, found, "INPUT")
    if "document" in part:
        return {"document": {**part["document"], "source": {"bytes": new.encode("utf-8", "replace")}}}
    return {"text": new}


def _with_texts(guardrail: Guardrail, block: Block, masked: Iterator[str]) -> Block:
    if "toolUse" in block and block["toolUse"]["input"]:
        call = block["toolUse"]
        given = shown_value(call["input"])
        return {
            "toolUse": {**call, "input": _masked(guardrail, given, list(islice(masked, len(given.texts))), "INPUT")}
        }
    if unsigned(block) is not None:
        return thought(next(masked), None)
    if "document" in block:
        return _with_text(guardrail, block, masked)
    if "toolResult" not in block:
        return block
    result = block["toolResult"]
    parts = [_with_text(guardrail, part, masked) for part in result["content"]]
    return {"toolResult": {**result, "content": parts}}


def judged_descriptions(guardrail: Guardrail, specs: Sequence[Block]) -> str | None:
    """Return the policy's message where a tool's description or schema is stopped; masks change nothing of them.

    Raises:
        ApiError: the guardrail could not be asked.
    """
    told = (spec["toolSpec"] for spec in specs if "toolSpec" in spec)
    texts = [
        f"{one['name']}: {one['description']}\n{opened(json_text(_in_words(one['inputSchema']['json'])))}"
        for one in told
    ]
    return guardrail.let_through(texts, "INPUT").stopped


def _in_words(schema: Any) -> Any:
    """Return a schema without its numbers, which are bounds: the largest there is looks like that of a card."""
    if isinstance(schema, dict):
        return {name: _in_words(one) for name, one in schema.items() if not _is_number(one)}
    if isinstance(schema, list):
        return [_in_words(one) for one in schema if not _is_number(one)]
    return schema


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def judged_calls(guardrail: Guardrail, blocks: Sequence[Block]) -> tuple[list[Block], bool]:
    """Return an answer's blocks with its calls' inputs masked, and whether the guardrail intervened.

    Where one is stopped, the policy's message is all that is left, as where Converse stops a text.

    Raises:
        ApiError: the guardrail could not be asked.
    """
    inputs = [shown_value(block["toolUse"]["input"]) for block in blocks if "toolUse" in block]
    texts = [text for given in inputs for text in given.texts]
    judged = guardrail.let_through(texts, "OUTPUT")
    if judged.stopped is not None:
        return [{"text": judged.stopped}], True
    if list(judged.texts) == texts:
        return list(blocks), False
    masked = iter(judged.texts)
    new = iter([_masked(guardrail, given, list(islice(masked, len(given.texts))), "OUTPUT") for given in inputs])
    return [
        {"toolUse": {**block["toolUse"], "input": next(new)}} if "toolUse" in block else block for block in blocks
    ], True


def _masked(guardrail: Guardrail, given: Shown, masked: list[str], source: Source) -> Any:
    """Return an object or array as it was masked, which is one still."""

    def again(text: str) -> str:
        judged = guardrail.let_through([text], source)
        return judged.texts[0] if judged.stopped is None else judged.stopped

    return given.value if masked == given.texts else masked_value(given, masked, again)


def _masked_text(guardrail: Guardrail, given: Shown, masked: list[str], source: Source) -> str:
    """Return a text as it was masked: JSON still, where it was an object or array."""
    if given.value is None:
        return masked_text(given, masked)
    return json_text(_masked(guardrail, given, masked, source))


class JudgedEvents:
    """ConverseStream's events, of which each call is held back until it is whole and judged.

    Args:
        events: Bedrock's, to be read once and closed.
    """

    def __init__(self, events: Any, guardrail: Guardrail) -> None:
        self._events = events
        self._guardrail = guardrail
        # Converse's index of a call that is not over -> its start, and its input so far.
        self._held: dict[int, tuple[Block, list[str]]] = {}
        self._intervened = self._stopped = False

    def __iter__(self) -> Iterator[Block]:
        """Yield the events.

        Raises:
            ApiError: the guardrail could not be asked.
        """
        for event in self._events:
            if self._stopped:
                # Nothing of it is told any more; what it took comes last.
                if "metadata" in event:
                    yield event
            else:
                yield from self._judged(event)

    def close(self) -> None:
        """Stop reading."""
        self._events.close()

    def _judged(self, event: Block) -> Iterator[Block]:
        delta, start, stop = (
            event.get(name) for name in ("contentBlockDelta", "contentBlockStart", "contentBlockStop")
        )
        if delta is not None and delta["contentBlockIndex"] in self._held:
            self._held[delta["contentBlockIndex"]][1].append(delta["delta"].get("toolUse", {}).get("input", ""))
        elif start is not None and "toolUse" in start.get("start", {}):
            self._held[start["contentBlockIndex"]] = (event, [])
        elif stop is not None and stop["contentBlockIndex"] in self._held:
            yield from self._released(stop["contentBlockIndex"])
        elif "messageStop" in event:
            for index in list(self._held):
                yield from self._released(index)
            if not self._stopped:
                yield {"messageStop": {**event["messageStop"], "stopReason": INTERVENED}} if self._intervened else event
        else:
            yield event

    def _released(self, index: int) -> Iterator[Block]:
        """Yield a call that is whole, or the policy's message and the end of the answer."""
        if self._stopped:
            return
        start, parts = self._held.pop(index)
        text = "".join(parts)
        stop = {"contentBlockStop": {"contentBlockIndex": index}}
        given = shown_input(text)
        judged = self._guardrail.let_through(given.texts, "OUTPUT")
        if judged.stopped is not None:
            self._stopped = True
            yield {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"text": judged.stopped}}}
            yield stop
            yield {"messageStop": {"stopReason": INTERVENED}}
            return
        if list(judged.texts) != given.texts:
            self._intervened = True
            text = _masked_text(self._guardrail, given, list(judged.texts), "OUTPUT")
        yield start
        if text:
            yield {"contentBlockDelta": {"contentBlockIndex": index, "delta": {"toolUse": {"input": text}}}}
        yield stop
