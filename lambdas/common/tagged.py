"""Text from outside as data in a prompt: between tags that the text itself can neither close nor open."""

import re
from collections.abc import Iterable


def tagged(name: str, text: str, *, also: Iterable[str] = ()) -> str:
    """Return ``<name>text</name>`` with every tag of that name inside the text defused.

    Args:
        also: names of the other tags in the same prompt, which the text must not forge either.
    """
    return f"<{name}>{defused(text, [name, *also])}</{name}>"


def defused(text: str, names: Iterable[str]) -> str:
    """Return ``text`` with the ``<`` of every opening or closing tag of these names written ``&lt;``.

    Case and white space do not matter, since a model does not mind them either. Other markup stays as it is: a text
    about HTML remains legible.
    """
    alternatives = "|".join(re.escape(name) for name in names)
    return re.sub(rf"<(?=\s*/?\s*(?:{alternatives})\b)", "&lt;", text, flags=re.IGNORECASE)
