"""How deep JSON may be nested: measured before anything walks it, without recursion.

Much that handles a value afterwards, here and in AWS's client, takes a step of Python's stack per level, which ends at
some hundreds. What gets past this bound is deep enough for every schema and far from that.
"""

import re
from itertools import accumulate
from typing import Final

# Levels of what a caller shapes freely: a tool's schema, its arguments.
MOST: Final = 100
# Levels that stand around a tool's schema in a request: the body, its tools, a tool, its function.
AROUND: Final = 4

_OPENING: Final = b"[{"
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STEP: Final = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_TOKEN: Final = re.compile(_STRING.pattern + rb"|[\[\]{},:]", re.DOTALL)


def is_too_deep(text: bytes, *, most: int) -> bool:
    """Tell whether arrays and objects of a JSON text lie more than ``most`` levels deep. It need not be valid."""
    if sum(text.count(one) for one in _OPENING) <= most:
        return False
    brackets = _STRING.sub(b"", text).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > most


def path_beyond(text: bytes, *, most: int) -> str:
    """Return where a JSON text that is too deep first is so: ``tools[0].function.parameters.a.a`` and so on."""
    steps: list[str | int] = []
    name = ""
    for token in _TOKEN.finditer(text):
        match token[0]:
            case b"{" | b"[":
                if len(steps) == most:
                    break
                steps.append(0 if token[0] == b"[" else "")
            case b"}" | b"]":
                del steps[-1:]
            case b":":
                if steps:
                    steps[-1] = name
            case b",":
                if steps and isinstance(last := steps[-1], int):
                    steps[-1] = last + 1
            case string:
                name = string.strip(b'"').decode(errors="replace")
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
