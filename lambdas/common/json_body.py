"""Request bodies: parsed and validated in one pass, with what is wrong told by the field's name as OpenAI does."""

import re
from typing import Final, TypeVar

import msgspec

from lambdas.common.errors import InvalidRequestError

Body = TypeVar("Body")

_PATH: Final = re.compile(r" - at `\$?\.?(?P<path>[^`]*)`$")
# What the pattern for "anything but white space" says of white space.
_EMPTY: Final = r"Expected `str` matching regex '\\S'"
_QUOTED: Final = re.compile(r"(?:unknown|required) field `(?P<name>[^`]+)`")


def decode(body: bytes, decoder: msgspec.json.Decoder[Body]) -> Body:
    """Return the body as the decoder's type.

    Raises:
        InvalidRequestError: no JSON, or not as the type wants it; ``param`` is the field's path, as ``metadata``.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"The request body is not valid JSON ({error}). Send a JSON object.") from error


def _invalid(text: str) -> InvalidRequestError:
    match = _PATH.search(text)
    path = match["path"] if match else ""
    reason = text[: match.start()] if match else text
    reason = reason.replace(_EMPTY, "must not be empty")
    quoted = _QUOTED.search(reason)
    if quoted is None:
        return InvalidRequestError(f"`{path or 'body'}`: {reason}.", param=path or None)
    path = f"{path}.{quoted['name']}" if path else quoted["name"]
    if "unknown field" in reason:
        return InvalidRequestError(
            f"`{path}` is not supported here; leave it out.", param=path, code="unsupported_parameter"
        )
    return InvalidRequestError(f"`{path}` is required and missing.", param=path)
