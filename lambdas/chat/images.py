"""Images of a chat request: data URLs become Converse's image blocks; everything else is refused with a reason.

The format is told by the first bytes and not by the label, which clients guess from a file's name; Claude refuses an
image that is not what it is said to be.
"""

import base64
import binascii
import re
from typing import Any, Final

from lambdas.common.errors import InvalidRequestError

# Source: Converse's ImageBlock (png, jpeg, gif, webp) and its limit of 3.75 MB.
MAX_BYTES: Final = 3_750_000
_DATA_URL: Final = re.compile(r"data:[^,]*;base64,(?P<data>.*)", re.DOTALL | re.IGNORECASE)
_FORMATS: Final = (
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpeg", re.compile(rb"\xff\xd8\xff")),
    ("gif", re.compile(rb"GIF8[79]a")),
    ("webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
)
_BLANKS: Final = re.compile(r"[ \t\r\n]+")
_FROM_URL_SAFE: Final = str.maketrans("-_", "+/")


def to_image(url: str, *, param: str) -> dict[str, Any]:
    """Return Converse's block for a data URL.

    Raises:
        InvalidRequestError: a remote URL, another kind of file, damaged base64, or too large; ``param`` is the field.
    """
    match = _DATA_URL.fullmatch(url)
    if match is None:
        if url[:8].lower().startswith(("http:", "https:")):
            raise InvalidRequestError(
                "Remote images are not fetched, since that would let callers reach this platform's network. Send the "
                "image itself as data:image/png;base64,...",
                param=param,
                code="remote_image",
            )
        raise InvalidRequestError(
            "An image must be a URL of the form data:image/<png, jpeg, gif or webp>;base64,<data>.", param=param
        )
    data = decoded(match["data"], param=param)
    if not 0 < len(data) <= MAX_BYTES:
        raise InvalidRequestError(f"The image has {len(data):,} bytes; 1 to {MAX_BYTES:,} are accepted.", param=param)
    for kind, first in _FORMATS:
        if first.match(data):
            return {"image": {"format": kind, "source": {"bytes": data}}}
    raise InvalidRequestError(
        "By its first bytes the image is none of PNG, JPEG, GIF and WebP, which are what models read. Convert it.",
        param=param,
    )


def decoded(text: str, *, param: str, what: str = "image") -> bytes:
    """Return the bytes of base64, with line breaks, in the URL's alphabet or without padding too.

    Args:
        what: it is, in the words of the error.

    Raises:
        InvalidRequestError: it is damaged; ``param`` is the field.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        # Line breaks, the URL's alphabet and no padding are what some encoders write.
        text = _BLANKS.sub("", text).translate(_FROM_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidRequestError(f"The {what} is not valid base64 ({error}).", param=param) from error
