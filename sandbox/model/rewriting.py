"""Rewrites the last question of a conversation so that it can be searched for by itself.

Not by understanding it: the question before it is put behind it, so that the words that it leans on are there.
"""

from __future__ import annotations

import re

_ORDER = re.compile(r"\b(?:rewrite|rephrase|reformulate)s?\b[^.\n]{0,60}\bquestion\b", re.IGNORECASE)
_CONVERSATION = re.compile(r"<conversation>(.*?)</conversation>", re.DOTALL | re.IGNORECASE)
_USER = re.compile(r"^(?:user|human):\s*(.+)$", re.MULTILINE | re.IGNORECASE)


def is_asked_for(instructions: str) -> bool:
    """Return whether the system prompt orders to rewrite a question."""
    return _ORDER.search(instructions) is not None


def standalone(question: str, said: str) -> str:
    """Return ``question`` with the user's last one of the ``<conversation>`` in ``said`` behind it, on one line."""
    talk = _CONVERSATION.search(said)
    before = _USER.findall(talk[1]) if talk else []
    return " ".join(f"{question} ({before[-1]})".split()) if before else question
