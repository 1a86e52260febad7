"""A data set wherever it lies: its bytes in pieces, so that a file of any size is read with little memory."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# Fits into a processor's cache together with what is decoded of it, which makes it twice as fast as pieces of 1 MB.
PIECE: Final = 128 * 1024


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set to read once.

    Attributes:
        name: what it is called in messages.
        key: its name as AWS sees it: the key in S3, or the name of a file that is yet to be uploaded.
        pieces: its bytes, in pieces of any size.
        bucket: where it is; None if it is not in S3 yet.
    """

    name: str
    key: str
    pieces: Iterable[bytes]
    bucket: str | None = None


@contextmanager
def local_file(path: Path, *, read: Callable[[int], None] = lambda _: None) -> Iterator[DataSet]:
    """Open a file as a data set. ``read`` is told how many bytes have been read each time.

    Raises:
        OSError: it cannot be opened or read.
    """

    def pieces() -> Iterator[bytes]:
        while piece := file.read(PIECE):
            yield piece
            read(len(piece))

    with path.open("rb") as file:
        yield DataSet(name=path.name, key=path.name, pieces=pieces())


def stored(s3: Any, *, bucket: str, key: str) -> DataSet:
    """Return an object in S3 as a data set, streamed.

    Raises:
        botocore.exceptions.ClientError: it is not there, or may not be read.
    """
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    return DataSet(name=key, key=key, pieces=body.iter_chunks(PIECE), bucket=bucket)
