"""The guardrail policies that MiniStack leaves out, judged by word lists: content filters, denied topics, profanity,
contextual grounding. See ``lexicon.yaml`` for what this is and is not.

Each function returns findings in the shape of GuardrailAssessment and whether one of them blocks.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.model import conversation, words
from sandbox.model.errors import Json

_PATH = Path(__file__).with_name("lexicon.yaml")
_LEVELS = ("NONE", "LOW", "MEDIUM", "HIGH")
_EXAMPLE_SHARE = 0.75  # of an example's content words that a text must use to be about a denied topic
_MIN_WORDS = 2  # fewer shared words than this say nothing about a topic


@cache
def _lexicon() -> Any:
    return yaml.safe_load(_PATH.read_text(encoding="utf-8"))


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    parts = [r"(?:[\w'’]+\W+){0,3}?" if part == "*" else re.escape(part) + r"\W+" for part in f"{phrase}".split()]
    return re.compile(r"(?<!\w)" + re.sub(r"\\W\+$", "", "".join(parts)) + r"(?!\w)", re.IGNORECASE)


def applies(config: Json, source: str) -> tuple[bool, str]:
    """Return whether a policy entry is enabled for INPUT or OUTPUT, and its action: BLOCK, ANONYMIZE or NONE."""
    side = "input" if source == "INPUT" else "output"
    action = config.get(f"{side}Action") or config.get("action") or "BLOCK"
    return bool(config.get(f"{side}Enabled", True)), str(action)


def content_filters(policy: Json | None, source: str, text: str) -> tuple[list[Json], bool]:
    """Judge the content filters. Strength HIGH acts on low confidence and above, LOW only on high confidence."""
    found = []
    side = "inputStrength" if source == "INPUT" else "outputStrength"
    for config in (policy or {}).get("filtersConfig") or []:
        enabled, action = applies(config, source)
        strength = config.get(side, "NONE")
        if not enabled or strength == "NONE":
            continue
        confidence = _confidence(config["type"], text)
        if _LEVELS.index(confidence) + _LEVELS.index(strength) > len(_LEVELS) - 1:
            found.append(
                {
                    "type": config["type"],
                    "confidence": confidence,
                    "filterStrength": strength,
                    "action": "BLOCKED" if action == "BLOCK" else "NONE",
                    "detected": True,
                }
            )
    return found, _blocks(found)


def _confidence(kind: str, text: str) -> str:
    phrases = _lexicon()["content"].get(kind, {})
    for level in reversed(_LEVELS):
        if any(_pattern(phrase).search(text) for phrase in phrases.get(level, [])):
            return level
    return "NONE"


def topics(policy: Json | None, source: str, text: str) -> tuple[list[Json], bool]:
    """Judge denied topics: the topic's name in the text, or most content words of one of its examples."""
    found = []
    used = set(words.content_words(text))
    for config in (policy or {}).get("topicsConfig") or []:
        enabled, action = applies(config, source)
        if enabled and any(_about(used, phrase) for phrase in [config["name"], *(config.get("examples") or [])]):
            done = "BLOCKED" if action == "BLOCK" else "NONE"
            found.append({"name": config["name"], "type": "DENY", "action": done, "detected": True})
    return found, _blocks(found)


def _about(used: set[str], phrase: str) -> bool:
    asked = set(words.content_words(re.sub(r"[_-]+|(?<=[a-z])(?=[A-Z])", " ", phrase)))
    shared = used & asked
    return len(shared) >= _MIN_WORDS and len(shared) >= _EXAMPLE_SHARE * len(asked)


def profanity(policy: Json | None, source: str, text: str) -> tuple[list[Json], bool]:
    """Judge the managed word list PROFANITY."""
    found = []
    for config in (policy or {}).get("managedWordListsConfig") or []:
        enabled, action = applies(config, source)
        match = re.search(rf"(?<!\w)({'|'.join(_lexicon()['profanity'])})(?!\w)", text, re.IGNORECASE)
        if enabled and match:
            done = "BLOCKED" if action == "BLOCK" else "NONE"
            found.append({"match": match[0], "type": config["type"], "action": done, "detected": True})
    return found, _blocks(found)


def grounding(policy: Json | None, text: str, sources: list[str], query: str) -> tuple[list[Json], bool]:
    """Judge an answer against what it was to be based on; nothing without a source and a query, as on AWS.

    The GROUNDING score is the share of the answer's content words that the sources have, RELEVANCE the share of the
    query's content words that the answer has. A score below the threshold is a finding. What the sandbox says of
    itself is not judged: it would be ungrounded in any document.
    """
    if not sources or not query:
        return [], False
    said = set(words.content_words(conversation.without_disclosure(text)))
    given = set(words.content_words(" ".join(sources)))
    asked = set(words.content_words(query))
    scores = {"GROUNDING": _share(said & given, said), "RELEVANCE": _share(asked & said, asked)}
    found = []
    for config in (policy or {}).get("filtersConfig") or []:
        if not config.get("enabled", True):
            continue
        score, threshold = scores[config["type"]], float(config["threshold"])
        low = score < threshold
        done = "BLOCKED" if low and config.get("action", "BLOCK") == "BLOCK" else "NONE"
        found.append({"type": config["type"], "threshold": threshold, "score": score, "action": done, "detected": low})
    return found, _blocks(found)


def _share(part: set[str], whole: set[str]) -> float:
    return round(len(part) / len(whole), 2) if whole else 1.0


def _blocks(found: list[Json]) -> bool:
    return any(finding["action"] == "BLOCKED" for finding in found)
