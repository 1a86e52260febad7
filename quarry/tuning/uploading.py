"""Bringing a run's data into the bucket, and naming the run by it."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.tuning.run import run_id
from quarry.command_error import CommandError
from quarry.tuning.asking import Asked


def upload(asked: Asked, s3: Any, bucket: str, *, tell: Callable[[str], None]) -> str:
    """Upload the files that are not in the bucket yet, and return the run's id.

    A key has its content's hash in it, so an object of that size under it is that file.

    Raises:
        CommandError: a key that the request names is not in the bucket.
    """
    for key, path in asked.files.items():
        size = path.stat().st_size
        head = _head(s3, bucket, key)
        if head is None or head["ContentLength"] != size:
            tell(f"Uploading {path.name} ({size:,} bytes)")
            s3.upload_file(str(path), bucket, key, ExtraArgs={"ContentType": "application/jsonl"})
    return run_id(asked.request, [_etag(s3, bucket, key) for key in asked.request.data])


def _etag(s3: Any, bucket: str, key: str) -> str:
    head = _head(s3, bucket, key)
    if head is None:
        raise CommandError(f"{key} is not in {bucket}, and no file here has its name.", exit_code=2)
    return str(head["ETag"])


def _head(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:
    try:
        head: dict[str, Any] = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey", "NotFound"):
            return None
        raise
    return head
