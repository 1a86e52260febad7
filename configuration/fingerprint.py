"""The fingerprint in the names of what AWS cannot change but only make anew: another content, another name."""

import hashlib
import json
from typing import Any, Final

_DIGITS: Final = 8


def of_text(text: str) -> str:
    """Return 8 hex digits that change when the text does."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def of_json(value: Any) -> str:
    """Return 8 hex digits that change when a value does that JSON carries; the order of keys does not count."""
    return of_text(json.dumps(value, sort_keys=True))
