"""Emptying a bucket that goes with its stack: CloudFormation deletes no bucket that holds anything.

Every listing starts at the beginning and the work ends with an empty one, so it does not matter what was deleted by a
former run or was written meanwhile.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.custom_resource import CustomResourceError

# What S3 lists in a page and deletes in a call.
BATCH: Final = 1000
# Of single keys: the next round tries them again.
TEMPORARY: Final = frozenset({"InternalError", "SlowDown", "ServiceUnavailable", "OperationAborted", "RequestTimeout"})
ROUNDS_IN_VAIN: Final = 5
PAUSE_SECONDS: Final = 2.0

# S3 takes keys that XML, and so the call for many keys at once, cannot carry.
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Bucket(Protocol):
    """The calls of S3 that are made, with S3's own shapes."""

    def list_object_versions(self, **kwargs: Any) -> Any: ...
    def delete_objects(self, **kwargs: Any) -> Any: ...
    def delete_object(self, **kwargs: Any) -> Any: ...
    def list_multipart_uploads(self, **kwargs: Any) -> Any: ...
    def abort_multipart_upload(self, **kwargs: Any) -> Any: ...


def empty(
    bucket: str,
    *,
    s3: Bucket,
    left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Delete every object version, delete marker and unfinished upload; return how many.

    Args:
        left: seconds that the function still has for this.
        sleep: sleeps that many seconds; for tests.

    Raises:
        CustomResourceError: S3 refuses to delete something, or the time is over.
        ClientError: S3 refuses a call. A bucket that is not there is no error, but done.
    """
    deleted = 0
    in_vain = 0
    try:
        for batch in _batches(bucket, s3):
            if left() <= 0:
                raise CustomResourceError(
                    f"The bucket {bucket} is not empty yet: {deleted:,} of its versions and uploads were deleted in "
                    "the time that there is. Destroy the stack again: it goes on from there."
                )
            errors = _delete(bucket, batch, s3)
            deleted += len(batch) - len(errors)
            in_vain = in_vain + 1 if len(errors) == len(batch) else 0
            if errors:
                _judge(bucket, errors, deleted=deleted, give_up=in_vain >= ROUNDS_IN_VAIN)
                sleep(PAUSE_SECONDS)
    except ClientError as error:
        if code_of(error) != "NoSuchBucket":
            raise
    return deleted


def _batches(bucket: str, s3: Bucket) -> Iterator[Sequence[Mapping[str, str]]]:
    """Yield what is there, again and again, until nothing is: first uploads, which could still become objects."""
    while found := s3.list_multipart_uploads(Bucket=bucket, MaxUploads=BATCH).get("Uploads", []):
        yield [{"Key": one["Key"], "UploadId": one["UploadId"]} for one in found]
    while True:
        page = s3.list_object_versions(Bucket=bucket, MaxKeys=BATCH)
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not found:
            return
        yield [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]


def _delete(bucket: str, batch: Sequence[Mapping[str, str]], s3: Bucket) -> list[tuple[str, str]]:
    """Delete the batch; return (code, key) of each that was not."""
    together = [one for one in batch if "VersionId" in one and not _NOT_IN_XML.search(one["Key"])]
    errors = []
    if together:
        reply = s3.delete_objects(Bucket=bucket, Delete={"Objects": together, "Quiet": True})
        errors = [(one.get("Code", "unknown"), one.get("Key", "")) for one in reply.get("Errors", [])]
    for one in batch:
        if "UploadId" in one:
            _abort(bucket, one, s3)
        elif _NOT_IN_XML.search(one["Key"]):
            s3.delete_object(Bucket=bucket, **one)
    # What is gone meanwhile is what was wanted.
    return [error for error in errors if error[0] not in ("NoSuchKey", "NoSuchVersion")]


def _abort(bucket: str, upload: Mapping[str, str], s3: Bucket) -> None:
    try:
        s3.abort_multipart_upload(Bucket=bucket, **upload)
    except ClientError as error:
        if code_of(error) != "NoSuchUpload":
            raise


def _judge(bucket: str, errors: Sequence[tuple[str, str]], *, deleted: int, give_up: bool) -> None:
    """Raise what another round would not mend."""
    final = [error for error in errors if error[0] not in TEMPORARY]
    if not final and not give_up:
        return
    counts = ", ".join(f"{count:,} x {code}" for code, count in Counter(code for code, _ in errors).most_common())
    example = (final or errors)[0][1]
    raise CustomResourceError(
        f"The bucket {bucket} cannot be emptied: S3 refused {counts}, as for {example!r}; {deleted:,} of its versions "
        "and uploads were deleted. Look for an object lock, a legal hold or a bucket policy, and destroy the stack "
        "again."
    )
