"""The parts of messages, and of what tools gave, as Converse's blocks."""

from collections.abc import Iterator

from lambdas.api.dialects.responses.items import Content, InputFile, InputImage, Part, RefusalPart
from lambdas.chat.blocks import Block, text
from lambdas.chat.documents import to_document
from lambdas.chat.images import to_image
from lambdas.common.errors import InvalidRequestError


def assistant(content: Content) -> Iterator[Block]:
    """Yield what the model said: only its words."""
    if isinstance(content, str):
        yield from text(content)
        return
    for part in content:
        said = part.refusal if isinstance(part, RefusalPart) else getattr(part, "text", "")
        yield from text(said)


def instructions(content: Content, path: str) -> list[Block]:
    """Return what instructions say.

    Args:
        path: where the caller has them.

    Raises:
        InvalidRequestError: they are not text alone.
    """
    said = list(blocks(content, path))
    for place, block in enumerate(said):
        if "text" not in block:
            raise InvalidRequestError(
                "Instructions are text; give images and files in a message of the role `user`.",
                param=f"{path}[{place}]",
            )
    return said


def blocks(content: Content, path: str) -> Iterator[Block]:
    """Yield what a user or a tool says and shows.

    Args:
        path: where the caller has it.

    Raises:
        InvalidRequestError: an image or a file that cannot be used.
    """
    if isinstance(content, str):
        yield from text(content)
        return
    for place, part in enumerate(content):
        yield from _part(part, f"{path}[{place}]")


def _part(part: Part, path: str) -> list[Block]:
    match part:
        case InputImage():
            return [_image(part, path)]
        case InputFile():
            return [_file(part, path)]
        case RefusalPart(refusal=said):
            return text(said)
        case _:
            return text(part.text)


def _image(part: InputImage, path: str) -> Block:
    url = part.image_url.get("url") if isinstance(part.image_url, dict) else part.image_url
    if not isinstance(url, str) or not url:
        raise InvalidRequestError(
            "Files are not kept here, so that there is none to refer to. Send the image itself as "
            "data:image/png;base64,...",
            param=f"{path}.{'file_id' if part.file_id else 'image_url'}",
        )
    return to_image(url, param=f"{path}.image_url")


def _file(part: InputFile, path: str) -> Block:
    if not part.file_data:
        field = next((name for name in ("file_url", "file_id") if getattr(part, name)), "file_data")
        raise InvalidRequestError(
            "Files are neither fetched nor kept here. Send the file itself as `file_data`: base64, with `filename`.",
            param=f"{path}.{field}",
        )
    return to_document(part.file_data, name=part.filename, param=f"{path}.file_data")
