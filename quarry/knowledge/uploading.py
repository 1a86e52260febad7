"""Bringing a folder's documents into the data bucket: what is to be done, and doing it."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from quarry.command_error import CommandError
from quarry.deployed.refusals import explanation
from quarry.knowledge.documents import File
from quarry.knowledge.formats import MAX_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

AT_ONCE: Final = 8
DIGEST: Final = "quarry-sha256"
# A file is one PUT: S3 has it whole or as it was before, and its ETag is its MD5. Threads are ours, a file each.
_WHOLE: Final = TransferConfig(use_threads=False, multipart_threshold=MAX_BYTES + 1)
# S3 takes so many keys in one call.
_DELETE_AT_ONCE: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """The part of a bucket that documents live in."""

    client: "S3Client"
    name: str
    prefix: str

    def objects(self) -> dict[str, tuple[int, str]]:
        """Return what is there: name below the prefix -> (bytes, ETag without quotation marks)."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=self.prefix)
        return {
            found["Key"].removeprefix(self.prefix): (found["Size"], found["ETag"].strip('"'))
            for page in pages
            for found in page.get("Contents", [])
            # Consoles make such an object to show a folder.
            if not found["Key"].endswith("/")
        }

    def digest(self, name: str) -> str | None:
        """Return the SHA-256 that an upload of ours stored with an object, hexadecimal, or None."""
        return self.client.head_object(Bucket=self.name, Key=self.prefix + name)["Metadata"].get(DIGEST)

    def time(self) -> datetime:
        """Return what time it is by S3's clock, which all events are dated by; to the second, rounded down."""
        answer = self.client.list_objects_v2(Bucket=self.name, Prefix=self.prefix, MaxKeys=1)
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        return parsedate_to_datetime(date) if date else datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What there is to do.

    Attributes:
        upload: files that are new or differ, sidecars first: a document is never there without its metadata.
        unchanged: names of files that are in the bucket as they are.
        gone: names that are in the bucket and not in the folder.
        new: names of those uploads that the bucket does not have.
    """

    upload: list[File]
    unchanged: list[str]
    gone: list[str]
    new: frozenset[str]


def plan(files: Iterable[File], bucket: Bucket) -> Plan:
    """Compare files with the bucket. Content counts, and not time."""
    there = bucket.objects()
    mine = {file.name: file for file in files}

    def same(file: File) -> bool:
        size, etag = there.get(file.name, (-1, ""))
        if size != file.size:
            return False
        # The ETag is the MD5 unless the bucket encrypts with KMS or the object came in parts.
        return etag == file.md5 or bucket.digest(file.name) == file.sha256

    with ThreadPoolExecutor(AT_ONCE) as pool:
        unchanged = {
            file.name for file, is_same in zip(mine.values(), pool.map(same, mine.values()), strict=True) if is_same
        }
    upload = [file for file in mine.values() if file.name not in unchanged]
    return Plan(
        upload=sorted(upload, key=lambda file: (not file.is_sidecar, file.name)),
        unchanged=sorted(unchanged),
        gone=sorted(set(there) - set(mine)),
        new=frozenset(file.name for file in upload if file.name not in there),
    )


def upload(files: list[File], bucket: Bucket, *, progress: Callable[[int, int], None]) -> None:
    """Upload files, several at once. What is interrupted can be run again: plan() then finds the rest.

    Args:
        progress: is told how many bytes went out and how many files are whole since it was last told, from several
            threads.

    Raises:
        CommandError: one could not be uploaded, so that the rest was not tried, or it was interrupted (Ctrl-C); with
            how many were.
    """

    def send(file: File) -> None:
        bucket.client.upload_file(
            str(file.path),
            bucket.name,
            bucket.prefix + file.name,
            ExtraArgs={"ContentType": file.content_type, "Metadata": {DIGEST: file.sha256}},
            Callback=lambda size: progress(size, 0),
            Config=_WHOLE,
        )
        progress(0, 1)

    pool = ThreadPoolExecutor(AT_ONCE)
    futures = {pool.submit(send, file): file for file in files}
    stopped: tuple[str, BaseException] | None = None
    try:
        for future in as_completed(futures):
            error = future.exception()
            if error is not None:
                stopped = f"{futures[future].name} could not be uploaded. {_reason(error)}", error
                break
    except KeyboardInterrupt as error:
        stopped = "Stopped.", error
    finally:
        # What has begun comes to its end.
        pool.shutdown(cancel_futures=True)
    if stopped:
        reason, cause = stopped
        raise CommandError(
            f"{reason}\n{sum(map(_succeeded, futures))} of {len(files)} files are uploaded, none is half there. Run it "
            "again: only the rest is sent."
        ) from cause


def _reason(error: BaseException) -> str:
    if isinstance(error, S3UploadFailedError) and isinstance(error.__context__, ClientError):
        error = error.__context__
    if isinstance(error, ClientError | BotoCoreError):
        return explanation(error)
    if isinstance(error, OSError):
        return f"It cannot be read any more ({error.strerror})."
    # A defect of ours: no sentence would help.
    raise error


def _succeeded(future: Future[None]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def delete(names: list[str], bucket: Bucket) -> None:
    """Delete objects; the bucket is versioned and keeps what they were.

    Raises:
        CommandError: S3 did not delete some; with its reasons. Run again, it takes the rest.
    """
    refused: list[str] = []
    for start in range(0, len(names), _DELETE_AT_ONCE):
        some = names[start : start + _DELETE_AT_ONCE]
        answer = bucket.client.delete_objects(
            Bucket=bucket.name,
            Delete={"Objects": [{"Key": bucket.prefix + name} for name in some], "Quiet": True},
        )
        for error in answer.get("Errors", []):
            name = error.get("Key", "").removeprefix(bucket.prefix)
            refused.append(f"  {name}: {error.get('Code')} {error.get('Message', '')}".rstrip())
    if refused:
        raise CommandError(
            f"{len(refused)} of {len(names)} could not be deleted; s3:DeleteObject is the permission for it:\n"
            + "\n".join(refused)
        )
