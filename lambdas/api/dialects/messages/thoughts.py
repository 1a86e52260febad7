"""What a model thought, as callers of the Messages API hold it between two requests: in a block with a signature.

Who asks for ``display: omitted`` wants the signature without the text. Bedrock wants both back, so the text travels in
the signature, which is opaque to callers by Anthropic's own word: ours is an envelope with both.
"""

import base64
import binascii
from typing import Final

import msgspec

from lambdas.chat.blocks import Block, redacted, thought
from lambdas.common.errors import InvalidRequestError

# No signature of Anthropic's begins so: they are base64.
_SEALED: Final = "quarry."
_envelope: Final = msgspec.json.Decoder(tuple[str, str | None])


def sealed(text: str, signature: str | None) -> str:
    """Return a signature that carries the text."""
    return _SEALED + base64.urlsafe_b64encode(msgspec.json.encode((text, signature))).decode()


def opened(text: str, signature: str, *, param: str) -> list[Block]:
    """Return the block of a thought that comes back; none without a signature, which would prove nothing.

    Args:
        param: where the caller has the block.

    Raises:
        InvalidRequestError: the signature is an envelope that was changed.
    """
    if not signature:
        return []
    if not signature.startswith(_SEALED):
        return [thought(text, signature)]
    try:
        inside, own = _envelope.decode(base64.urlsafe_b64decode(signature.removeprefix(_SEALED)))
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise InvalidRequestError(
            "The thought's signature is damaged. Send blocks of thinking back as they came.", param=f"{param}.signature"
        ) from error
    return [thought(inside, own)]


def hidden(data: str, *, param: str) -> list[Block]:
    """Return the block of a redacted thought that comes back.

    Raises:
        InvalidRequestError: it is not as it came.
    """
    try:
        return [redacted(base64.b64decode(data, validate=True))]
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError(
            "The redacted thought is damaged. Send it back as it came.", param=f"{param}.data"
        ) from error


def shown(data: bytes) -> str:
    """Return a redacted thought as callers get it."""
    return base64.b64encode(data).decode()
