"""Images of a chat request: data URLs become Converse's image blocks; everything else is refused with a reason."""

import base64
import binascii
import re
from typing import Any, Final

from lambdas.common.errors import InvalidRequestError

# Source: Converse's ImageBlock (png, jpeg, gif, webp) and its limit of 3.75 MB.
MAX_BYTES: Final = 3_750_000
_DATA_URL: Final = re.compile(r"data:image/(?P<format>png|jpeg|jpg|gif|webp);base64,(?P<data>.*)", re.DOTALL)


def to_image(url: str, *, param: str) -> dict[str, Any]:
    """Return Converse's block for a data URL.

    Raises:
        InvalidRequestError: a remote URL, another kind of file, damaged base64, or too large; ``param`` is the field.
    """
    match = _DATA_URL.fullmatch(url)
    if match is None:
        if url.startswith(("http:", "https:")):
            raise InvalidRequestError(
                "Remote images are not fetched, since that would let callers reach this platform's network. Send the "
                "image itself as data:image/png;base64,...",
                param=param,
                code="remote_image",
            )
        raise InvalidRequestError(
            "An image must be a URL of the form data:image/<png, jpeg, gif or webp>;base64,<data>.", param=param
        )
    try:
        data = base64.b64decode(match["data"], validate=True)
    except binascii.Error as error:
        raise InvalidRequestError(f"The image is not valid base64 ({error}).", param=param) from error
    if not 0 < len(data) <= MAX_BYTES:
        raise InvalidRequestError(f"The image has {len(data):,} bytes; 1 to {MAX_BYTES:,} are accepted.", param=param)
    kind = "jpeg" if match["format"] == "jpg" else match["format"]
    return {"image": {"format": kind, "source": {"bytes": data}}}
