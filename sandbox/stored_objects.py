"""Objects that services of AWS write into a bucket; whether they may is asked before, of their role."""

from __future__ import annotations

import re

from ministack.services import s3

_MESSAGE = re.compile(rb"<Message>(.*?)</Message>", re.DOTALL)


class WriteError(Exception):
    """The object cannot be written; worded as S3 words it."""


def write(bucket: str, key: str, data: bytes) -> None:
    """Write an object, with the events that follow from it.

    Raises:
        WriteError: there is no such bucket, or S3 refuses the object.
    """
    # Not through S3's front: it asks who is calling, and finds nobody.
    status, _, body = s3._put_object(bucket, key, data, {})
    if status >= 300:
        found = _MESSAGE.search(body or b"")
        raise WriteError(found[1].decode() if found else f"S3 answered {status}")
