"""Requests, statuses and reports as they lie in the bucket."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.tuning import places
from lambdas.tuning import run as runs
from lambdas.tuning.run import RequestError, RunRequest, RunStatus

# What S3 answers of a key that is not there; to whoever may not list, it is the last.
MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


class S3(Protocol):
    """The calls of S3 that are made, with its own shapes."""

    def get_object(self, **kwargs: Any) -> Any: ...
    def head_object(self, **kwargs: Any) -> Any: ...
    def put_object(self, **kwargs: Any) -> Any: ...
    def list_objects_v2(self, **kwargs: Any) -> Any: ...


class NoSuchRunError(Exception):
    """There is no status of that run."""


@dataclass(frozen=True)
class RunStore:
    """What the pipeline's bucket holds of runs."""

    bucket: str
    s3: S3

    def request(self, key: str) -> RunRequest:
        """Return the request under a key.

        Raises:
            RequestError: as ``lambdas.tuning.run.parse_request``, or it is not there.
        """
        content = self._content(key, limit=runs.MAX_REQUEST_BYTES + 1)
        if content is None:
            raise RequestError(f"run.yaml: there is no {key} any more")
        return runs.parse_request(content)

    def etags(self, request: RunRequest) -> list[str]:
        """Return the ETags of a request's data sets.

        Raises:
            RequestError: one is not there.
        """
        return [self._etag(key) for key in request.data]

    def status(self, run: str) -> RunStatus:
        """Return a run's status.

        Raises:
            NoSuchRunError: there is none, or none that can be read.
        """
        content = self._content(places.status_key(run))
        if content is None:
            raise NoSuchRunError(f"There is no run {run}.")
        try:
            return runs.decode_status(content)
        except msgspec.DecodeError as error:
            raise NoSuchRunError(f"The status of the run {run} cannot be read: {error}") from error

    def write(self, status: RunStatus) -> RunStatus:
        """Write a run's status."""
        self.put(places.status_key(status.run), runs.encode_status(status), kind="application/json")
        return status

    def change(self, run: str, **changes: Any) -> RunStatus:
        """Change a run's status, and return it.

        Where the run was stopped, and why, stays: a step that was under way then goes on, and knows nothing of it.

        Raises:
            NoSuchRunError: as ``status``.
        """
        status = self.status(run)
        if status.state in ("stopping", "stopped"):
            changes = {name: value for name, value in changes.items() if name not in ("phase", "reason")}
        return self.write(runs.changed(status, changes))

    def put(self, key: str, content: bytes, *, kind: str) -> None:
        """Write an object of a content type."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=kind)

    def read(self, key: str, *, start: int, end: int) -> bytes:
        """Return the bytes of an object from ``start`` up to but not including ``end``."""
        reply = self.s3.get_object(Bucket=self.bucket, Key=key, Range=f"bytes={start}-{end - 1}")
        content: bytes = reply["Body"].read()
        return content

    def below(self, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield (key, content) of the objects below a prefix."""
        page: dict[str, Any] = {"Bucket": self.bucket, "Prefix": prefix}
        while True:
            reply = self.s3.list_objects_v2(**page)
            for found in reply.get("Contents", []):
                content = self._content(found["Key"])
                if content is not None:
                    yield found["Key"], content
            if not reply.get("IsTruncated"):
                return
            page["ContinuationToken"] = reply["NextContinuationToken"]

    def uri(self, key: str) -> str:
        """Return a key as Bedrock and people name it: ``s3://bucket/key``."""
        return f"s3://{self.bucket}/{key}"

    def lines(self, key: str) -> Iterator[bytes]:
        """Yield the lines of an object, with their ends, never more of it in memory than one line and a chunk."""
        rest = b""
        for chunk in self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].iter_chunks(1024 * 1024):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line + b"\n" for line in whole)
        if rest:
            yield rest

    def _etag(self, key: str) -> str:
        try:
            return str(self.s3.head_object(Bucket=self.bucket, Key=key)["ETag"])
        except ClientError as error:
            if code_of(error) in MISSING or code_of(error) == "403":
                raise RequestError(f"run.yaml: there is no object {key} in the bucket {self.bucket}") from error
            raise

    def _content(self, key: str, *, limit: int | None = None) -> bytes | None:
        try:
            content: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read(limit)
        except ClientError as error:
            if code_of(error) in MISSING:
                return None
            raise
        return content
