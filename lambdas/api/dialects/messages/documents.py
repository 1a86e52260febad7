"""Images and documents of a Messages request, as Converse's blocks."""

from typing import Final

from lambdas.api.dialects.messages.blocks import (
    BytesSource,
    ContentSource,
    DocumentBlock,
    FileSource,
    ImageBlock,
    TextBlock,
    TextSource,
    UrlSource,
)
from lambdas.chat.blocks import Block, text
from lambdas.chat.documents import document, to_document
from lambdas.chat.images import to_image
from lambdas.common.errors import InvalidRequestError

_PDF: Final = "application/pdf"
_NOTHING_FETCHED: Final = (
    "Nothing is fetched here, since that would let callers reach this platform's network. Send the bytes themselves as "
    "`source` of the type `base64`."
)


def image(block: ImageBlock, *, param: str) -> list[Block]:
    """Return an image's block.

    Raises:
        InvalidRequestError: it is somewhere else, damaged, too large or none that models read.
    """
    source = block.source
    if not isinstance(source, BytesSource):
        raise _elsewhere(source, param=param)
    return [to_image(f"data:;base64,{source.data}", param=f"{param}.source.data")]


def blocks(block: DocumentBlock, *, param: str) -> list[Block]:
    """Return a document's blocks: what is told of it, and itself; of one in parts its parts.

    Raises:
        InvalidRequestError: it is somewhere else, damaged, or of a kind that no model reads.
    """
    about = text(block.context or "")
    match block.source:
        case TextSource(data=data):
            return [*about, document(data.encode("utf-8", "replace"), "txt", name=block.title)] if data.strip() else []
        case BytesSource(data=data, media_type=kind):
            # Anthropic takes PDFs so and nothing else; other kinds that models read do no harm.
            where = f"{param}.source.data"
            return [*about, to_document(data, name=block.title, media_type=kind or _PDF, param=where)]
        case ContentSource(content=content):
            return [*about, *text(block.title or ""), *_parts(content, param=f"{param}.source.content")]
        case source:
            raise _elsewhere(source, param=param)


def _parts(content: str | list[TextBlock | ImageBlock], *, param: str) -> list[Block]:
    if isinstance(content, str):
        return text(content)
    made: list[Block] = []
    for place, part in enumerate(content):
        made += image(part, param=f"{param}[{place}]") if isinstance(part, ImageBlock) else text(part.text)
    return made


def _elsewhere(source: object, *, param: str) -> InvalidRequestError:
    if isinstance(source, UrlSource):
        return InvalidRequestError(_NOTHING_FETCHED, param=f"{param}.source.url", code="remote_image")
    assert isinstance(source, FileSource)
    return InvalidRequestError(
        "There is no Files API here. Send the bytes themselves as `source` of the type `base64`.",
        param=f"{param}.source.file_id",
        code="unsupported_parameter",
    )
