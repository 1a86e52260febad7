"""Listings of versions and of unfinished uploads with ``encoding-type=url``, as S3 answers them.

MiniStack writes keys as they are, and XML cannot carry a control character: whoever empties a bucket with such a key,
or with its delete marker, would never see the end. Source: API reference, ListObjectVersions, "EncodingType".
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.services import s3

Listing = Callable[..., Any]

_ENCODED = ("Key", "Prefix", "Delimiter", "KeyMarker", "NextKeyMarker")
_LISTINGS = ("_list_object_versions", "_list_multipart_uploads")
_asked: ContextVar[bool] = ContextVar("encoding-type is url", default=False)
_written: Callable[[Element], bytes] = s3._xml_body


def install() -> None:
    """Put it into MiniStack. Doing it again changes nothing.

    Raises:
        AttributeError: this MiniStack lacks a function that is replaced.
    """
    s3._xml_body = _xml_body
    for name in _LISTINGS:
        listing = getattr(s3, name)
        if not hasattr(listing, "__wrapped__"):
            setattr(s3, name, _noticing(listing))


def _noticing(listing: Listing) -> Listing:
    def listed(bucket: str, query: dict[str, Any]) -> Any:
        asked = _asked.set(s3._qp(query, "encoding-type") == "url")
        try:
            return listing(bucket, query)
        finally:
            _asked.reset(asked)

    listed.__wrapped__ = listing  # type: ignore[attr-defined]  # as functools.wraps marks it
    return listed


def _xml_body(root: Element) -> bytes:
    if _asked.get():
        for element in root.iter():
            if element.tag in _ENCODED and element.text:
                element.text = s3._url_encode(element.text)
        SubElement(root, "EncodingType").text = "url"
    return _written(root)
