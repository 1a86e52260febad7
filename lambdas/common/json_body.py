"""Request bodies: parsed and validated in one pass, with what is wrong told by the field's name as OpenAI does."""

import re
from typing import Any, Final, TypeVar

import msgspec

from lambdas.common import nesting
from lambdas.common.errors import InvalidRequestError

Body = TypeVar("Body")

_TOO_DEEP: Final = f"This is nested more than {nesting.MOST} levels deep. Make it flatter."
_PATH: Final = re.compile(r" - at `\$?\.?(?P<path>[^`]*)`$")
# What the pattern for "anything but white space" says of white space.
_EMPTY: Final = r"Expected `str` matching regex '\\S'"
_QUOTED: Final = re.compile(r"(?:unknown|required) field `(?P<name>[^`]+)`")


def decode(body: bytes, decoder: msgspec.json.Decoder[Body]) -> Body:
    """Return the body as the decoder's type.

    Raises:
        InvalidRequestError: no JSON, nested too deep, or not as the type wants it; ``param`` is the field's path, as
            ``metadata``.
    """
    most = nesting.MOST + nesting.AROUND
    if nesting.is_too_deep(body, most=most):
        raise InvalidRequestError(_TOO_DEEP, param=nesting.path_beyond(body, most=most) or None)
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"The request body is not valid JSON ({error}). Send a JSON object.") from error


def decode_text(text: str, *, param: str) -> Any:
    """Return the JSON that a field holds as text, as the arguments of a tool call; None where it is none.

    Raises:
        InvalidRequestError: it is nested too deep; ``param`` is ``param``.
    """
    written = text.encode("utf-8", "surrogatepass")
    if nesting.is_too_deep(written, most=nesting.MOST):
        raise InvalidRequestError(_TOO_DEEP, param=param)
    try:
        return msgspec.json.decode(written)
    except (msgspec.DecodeError, UnicodeError):
        return None


def invalid(error: msgspec.ValidationError) -> InvalidRequestError:
    """Return what the caller is told of a value that its type does not accept."""
    text = str(error)
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
