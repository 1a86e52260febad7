"""Finds the passages that a prompt carries as context, and the one that speaks most about the question.

Passages are only ever quoted. Nothing in them is looked at for tools to call, formats to use or tasks to do.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from sandbox.model import conversation, words
from sandbox.model.errors import Json

_ONE = "document|passage|search_result|searchresult|result|chunk|excerpt"
_MANY = "context|documents|passages|search_results|searchresults|results|knowledge|sources|references|summary|memory"
_MEMORY = "summary|conversation_summary|memory|history"
_TAGGED = re.compile(rf"<({_ONE})\b([^<>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_WRAPPED = re.compile(rf"<({_MANY}|conversation_summary|history)\b([^<>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_NUMBERED = re.compile(
    r"^[ \t]*(?:passage|source|document)?[ \t]*%?\[(\d{1,4})\]%?:?[ \t]*", re.MULTILINE | re.IGNORECASE
)
_NUMBER = re.compile(r"\b(?:index|id|number|n)\s*=\s*[\"']?(\d{1,4})\b", re.IGNORECASE)
_MARKUP = re.compile(r"</?[A-Za-z][\w-]*[^<>]*>")
_QUESTION = re.compile(r"<(question|query|user_question)\b[^<>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Passage:
    """A piece of context. ``number`` is how the prompt calls it, or its place; memory of a conversation has none."""

    number: int | None
    text: str


def of(request: Json) -> list[Passage]:
    """Return every passage in the system prompt and the user's messages, in order of appearance."""
    found: list[Passage] = []
    blocks = list(request.get("system") or [])
    for message in request.get("messages") or []:
        if message["role"] == "user":
            blocks += message["content"]
    for block in blocks:
        if (text := conversation.text_of([block])) and not _is_query(block):
            found += _in_text(text, len(found), whole=_is_source(block))
        elif "searchResult" in block:
            found.append(Passage(len(found) + 1, conversation.text_of(block["searchResult"]["content"])))
        elif "document" in block and (text := _document_text(block["document"])):
            found.append(Passage(len(found) + 1, text))
    return found


def _qualifiers(block: Json) -> list[str]:
    guarded = (block.get("guardContent") or {}).get("text") or {}
    return list(guarded.get("qualifiers") or [])


def _is_source(block: Json) -> bool:
    return "grounding_source" in _qualifiers(block)


def _is_query(block: Json) -> bool:
    return "query" in _qualifiers(block)


def _document_text(document: Json) -> str:
    source = document["source"]
    if "text" in source:
        return str(source["text"])
    if "content" in source:
        return conversation.text_of(source["content"])
    if "bytes" in source and document.get("format") in ("txt", "md", "csv", "html"):
        try:
            return base64.b64decode(source["bytes"]).decode("utf-8", errors="replace")
        except binascii.Error:
            return ""  # the request's validation has already judged the encoding; nothing can be quoted from it
    return ""


def _in_text(text: str, before: int, *, whole: bool) -> list[Passage]:
    tagged = list(_TAGGED.finditer(text))
    if tagged:
        numbers = [_NUMBER.search(match[2]) for match in tagged]
        return [
            Passage(int(number[1]) if number else before + place, _plain(match[3]))
            for place, (match, number) in enumerate(zip(tagged, numbers, strict=True), start=1)
        ]
    found: list[Passage] = []
    for match in _WRAPPED.finditer(text):
        if re.fullmatch(_MEMORY, match[1], re.IGNORECASE):
            found.append(Passage(None, _plain(match[3])))
        else:
            body = match[3].strip()
            found += _numbered(body) or [Passage(before + len(found) + 1, _plain(body))]
    if whole and not found:
        return [Passage(before + 1, text)]
    return found or _numbered(text)


def _plain(text: str) -> str:
    """Return ``text`` without markup, each element on a line of its own."""
    return _MARKUP.sub("\n", text).strip()


def _numbered(text: str) -> list[Passage]:
    marks = list(_NUMBERED.finditer(text))
    if not marks:
        return []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    found = []
    for mark, end in zip(marks, ends, strict=True):
        body = text[mark.end() : end].strip()
        # After the last passage a blank line separates the question from it.
        found.append(Passage(int(mark[1]), body.split("\n\n", 1)[0] if end == len(text) else body))
    return [passage for passage in found if passage.text]


def without(text: str) -> str:
    """Return ``text`` with every passage in it left out: what the user asks, as opposed to what was handed over."""
    question = _QUESTION.search(text)
    if question:
        return question[2].strip()
    bare = _WRAPPED.sub(" ", _TAGGED.sub(" ", text))
    for passage in _numbered(bare):
        bare = bare.replace(passage.text, " ")
    return _NUMBERED.sub(" ", bare).strip() or text.strip()


def best(found: list[Passage], question: str) -> tuple[Passage, str] | None:
    """Return the passage that shares most content words with ``question``, and the sentence of it that does.

    A word that fewer passages have counts for more; the earlier passage wins a tie. None when no passage shares one.
    """
    wanted = set(words.content_words(question))
    shared = [wanted & set(words.content_words(passage.text)) for passage in found]
    spread = {word: sum(word in one for one in shared) for word in wanted}
    scores = [sum(1 / spread[word] for word in sorted(one)) for one in shared]
    if not scores or max(scores) == 0:
        return None
    passage = found[scores.index(max(scores))]
    parts = words.sentences(passage.text)
    counts = [len(words.overlap(part, question)) for part in parts]
    return passage, parts[counts.index(max(counts))]
