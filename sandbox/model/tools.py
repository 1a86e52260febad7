"""Decides which tools the stand-in model calls, and with what input. Reads the user's own words, never a passage."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.model import json_schema, words
from sandbox.model.errors import Json

_PLACE = re.compile(
    r"\b(?:in|for|at|to|from|near)\s+((?:[A-Z][\w'’.-]*)(?:\s+[A-Z][\w'’-]*)*(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s+or\s+)"
    r"[A-Z][\w'’-]*(?:\s+[A-Z][\w'’-]*)*)*)"
)
_QUOTED = re.compile(r"[\"“'‘]([^\"”'’\n]{1,200})[\"”'’](?!\w)")
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\w)")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\b")
_URL = re.compile(r"https?://[^\s<>\"]+")
_SUM = re.compile(r"[\d(][\d\s.+*/()%^-]*[+*/%^-][\d\s.+*/()%^-]*[\d)]")

_PLACE_NAMES = {"location", "city", "place", "town", "region", "country", "destination", "origin", "address"}
_WHOLE_NAMES = {"query", "question", "text", "prompt", "message", "input", "search", "content", "topic", "q"}
_SUM_NAMES = {"expression", "formula", "calculation", "equation"}
_COMMON_VERBS = set(words.content_words("get list find search create fetch lookup run call set send"))
_MIN_SHARED = 2  # content words of a description that the user must use for it to count as a clear match


def specs(tool_config: Json | None) -> list[Json]:
    """Return the toolSpec of every tool that the caller runs itself."""
    return [tool["toolSpec"] for tool in (tool_config or {}).get("tools") or [] if "toolSpec" in tool]


def chosen(tool_config: Json | None, said: str, *, answered: bool) -> list[Json]:
    """Return the toolSpecs to call for what the user ``said``.

    ``toolChoice`` tool and any are obeyed always. Otherwise a tool is called when the user names it, uses a word of its
    name that is no common verb, or two words of its description; not again once results came back (``answered``).
    """
    offered = specs(tool_config)
    choice = (tool_config or {}).get("toolChoice") or {}
    if "tool" in choice:
        return [spec for spec in offered if spec["name"] == choice["tool"]["name"]]
    if answered and "any" not in choice:
        return []
    named = [spec for spec in offered if _named(spec, said)]
    fitting = named or [spec for spec in offered if _described(spec, said)]
    if "any" in choice and not fitting:
        return offered[:1]
    return fitting


def _named(spec: Json, said: str) -> bool:
    name = spec["name"]
    plain = re.sub(r"[_-]+|(?<=[a-z])(?=[A-Z])", " ", name)
    return any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", said, re.IGNORECASE) for form in {name, plain})


def _described(spec: Json, said: str) -> bool:
    used = set(words.content_words(said))
    plain = re.sub(r"[_-]+|(?<=[a-z])(?=[A-Z])", " ", spec["name"])
    if used & (set(words.content_words(plain)) - _COMMON_VERBS):
        return True
    described = set(words.content_words(spec.get("description", ""))) - _COMMON_VERBS
    return len(used & described) >= _MIN_SHARED


def calls(spec: Json, said: str, *, most: int) -> list[Json]:
    """Return the inputs to call a tool with: one, or one per place where the user names several."""
    schema = (spec.get("inputSchema") or {}).get("json") or {}
    places = _places(said)
    takes_place = any(_words_of(name) & _PLACE_NAMES for name in schema.get("properties") or {})
    each = places if takes_place and len(places) > 1 else places[:1] or [""]
    return [dict(json_schema.generate(schema, _Hints(said, place), most=most)) for place in each]


def blocks(called: list[tuple[str, Json]], seed: str) -> list[Json]:
    """Return toolUse blocks for (name, input) pairs; their ids depend only on ``seed`` and their place."""
    made = []
    for place, (name, value) in enumerate(called):
        digest = hashlib.sha256(f"{seed}|{place}|{name}|{json.dumps(value, sort_keys=True)}".encode()).hexdigest()[:22]
        made.append({"toolUse": {"toolUseId": f"tooluse_{digest}", "name": name, "input": value}})
    return made


def _places(said: str) -> list[str]:
    found = []
    for match in _PLACE.finditer(said):
        # A state's letters go with the town before them.
        whole = re.sub(r",\s*(?=[A-Z]{2}(?![\w’'-]))", "\0", match[1])
        parts = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+or\s+", whole)
        found += [part.strip(" .'’").replace("\0", ", ") for part in parts]
    return list(dict.fromkeys(part for part in found if part))


def _words_of(name: str) -> set[str]:
    return {part.lower() for part in re.split(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])", name) if part}


class _Hints:
    """Offers values for properties from the user's text. Each number is used once, in order."""

    def __init__(self, said: str, place: str) -> None:
        self._said = said
        self._place = place
        self._numbers = [float(text) for text in _NUMBER.findall(_DATE.sub(" ", said))]

    def __call__(self, name: str, schema: Mapping[str, Any]) -> Any:
        if "enum" in schema:
            return next((value for value in schema["enum"] if self._mentions(value)), None)
        kind = schema.get("type")
        if kind in ("integer", "number"):
            return json_schema.bounded(self._numbers.pop(0), schema) if self._numbers else None
        if kind == "string" and (text := self._string(name, str(schema.get("format", "")))):
            fits = int(schema.get("minLength", 0)) <= len(text)
            return text[: int(schema.get("maxLength", len(text)))] if fits else None
        return None

    def _mentions(self, value: object) -> bool:
        pattern = rf"(?<!\w){re.escape(str(value))}(?!\w)"
        return re.search(pattern, self._said, re.IGNORECASE) is not None

    def _string(self, name: str, form: str) -> str | None:
        called = _words_of(name)
        for needed, pattern in ((called | {form}, _DATE), (called | {form}, _EMAIL), (called | {form}, _URL)):
            wanted = {_DATE: {"date", "day"}, _EMAIL: {"email", "mail"}, _URL: {"url", "uri", "link"}}[pattern]
            if needed & wanted:
                match = pattern.search(self._said)
                return match[0] if match else None
        if called & _PLACE_NAMES:
            return self._place or None
        if called & _SUM_NAMES and (match := _SUM.search(self._said)):
            return match[0].strip()
        if match := _QUOTED.search(self._said):
            return match[1]
        return self._said.strip() if called & (_WHOLE_NAMES | _SUM_NAMES) else None
