"""Bedrock's request metadata: labels of a call, for its invocation logs. Source: Converse's requestMetadata."""

import json
import re
import unicodedata
from typing import Any, Final

MOST_PAIRS: Final = 16
MOST_CHARACTERS: Final = 256
_FITS: Final = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,\-.]{0,256}", re.ASCII)
_OTHERS: Final = re.compile(r"[^a-zA-Z0-9\s:_@$#=/+,\-.]", re.ASCII)


def fits(text: str) -> bool:
    """Whether Bedrock takes a text as it is, as a name or a value."""
    return _FITS.fullmatch(text) is not None


def fitted(value: Any) -> str:
    """Return a value as Bedrock takes it: letters without their accents, ``_`` for every other sign it does not know.

    What is no text is told as JSON.
    """
    text = value if isinstance(value, str) else json.dumps(value)
    if fits(text):
        return text
    plain = (sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return _OTHERS.sub("_", "".join(plain))[:MOST_CHARACTERS]
