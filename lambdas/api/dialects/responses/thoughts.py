"""What ``encrypted_content`` holds: what has to come back to us unchanged, and nobody else can read anything from.

It is told by its first letters, so that what another provider made of a conversation that is brought along is known for
that. It is no secret from the caller, and none has to be kept: Bedrock checks a thought's signature itself.
"""

import base64
import binascii
from typing import Any, Final

import msgspec
from msgspec import Struct

from lambdas.chat.blocks import redacted, thought

_MARK: Final = "qr1."


class Thinking(Struct, tag="thought", frozen=True):
    """A block of thoughts with its signature, or one that is redacted."""

    text: str = ""
    signature: str | None = None
    redacted: bytes | None = None


class Notes(Struct, tag="notes", frozen=True):
    """What was said before, in short."""

    text: str


_decoder: Final = msgspec.json.Decoder(Thinking | Notes)


def sealed(content: Thinking | Notes) -> str:
    """Return what is handed to the caller."""
    return _MARK + base64.urlsafe_b64encode(msgspec.json.encode(content)).decode()


def opened(text: str | None) -> Thinking | Notes | None:
    """Return what was handed out; None of what is another provider's, or damaged."""
    if text is None or not text.startswith(_MARK):
        return None
    try:
        found: Thinking | Notes = _decoder.decode(
            base64.urlsafe_b64decode(text.removeprefix(_MARK).encode("utf-8", "surrogatepass"))
        )
    except (binascii.Error, ValueError, RecursionError):
        return None
    return found


def thinking(text: str | None) -> dict[str, Any] | None:
    """Return Converse's block of a thought that was handed out.

    None where nothing could be given back: without a signature the model would refuse it.
    """
    found = opened(text)
    if not isinstance(found, Thinking):
        return None
    if found.redacted is not None:
        return redacted(found.redacted) if found.redacted else None
    return thought(found.text, found.signature) if found.signature and found.text else None
