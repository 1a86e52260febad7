"""What a job's role may read and write in S3, asked as Bedrock does when it has assumed it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ministack.services import s3

from sandbox import service_role, stored_objects
from sandbox.model.errors import invalid
from sandbox.service_role import NotAuthorizedError, ServiceRole

_URI = re.compile(r"s3://([^/]+)(?:/(.*))?")
_KEY = re.compile(r"[A-Za-z0-9_\-/.]+")


@dataclass(frozen=True)
class Place:
    """An object, or a prefix, in a bucket."""

    bucket: str
    key: str

    @property
    def uri(self) -> str:
        """How AWS names it."""
        return f"s3://{self.bucket}/{self.key}"

    def below(self, name: str) -> Place:
        """Return what has ``name`` under this prefix."""
        start = self.key.rstrip("/")
        return Place(self.bucket, f"{start}/{name}" if start else name)


def parse(uri: str, *, is_object: bool) -> Place:
    """Return the place that a URI names.

    Raises:
        AwsError: ValidationException, its key has other characters than customisation takes, or there is none.
    """
    found = _URI.fullmatch(uri)
    place = Place(found[1], found[2] or "") if found else Place("", "")
    if found is None or (is_object and (not place.key or place.key.endswith("/"))):
        raise invalid(f"Invalid S3 URI: {uri}. It must name an object.")
    if place.key and not _KEY.fullmatch(place.key):
        raise invalid(f"Invalid S3 URI: {uri}. Keys can have letters, digits, and the characters _ - / . only.")
    return place


def assume(role_arn: str, job_arn: str) -> ServiceRole:
    """Assume the role of a job.

    Raises:
        AwsError: ValidationException, there is no such role, or it does not let Bedrock in.
    """
    try:
        return service_role.assume(
            role_arn,
            service="bedrock.amazonaws.com",
            session="BedrockModelCustomization",
            source_arn=job_arn,
        )
    except NotAuthorizedError as error:
        raise invalid(
            f"Could not assume provided IAM role. Please verify trust relationships and role permissions. {error}"
        ) from error


def require_readable(place: Place, role: ServiceRole) -> None:
    """Check that an object is there and that the role may read it.

    Raises:
        AwsError: ValidationException.
    """
    try:
        role.require("s3:ListBucket", f"arn:aws:s3:::{place.bucket}", {"s3:prefix": place.key})
        role.require("s3:GetObject", f"arn:aws:s3:::{place.bucket}/{place.key}")
    except NotAuthorizedError as error:
        raise invalid(f"The provided role cannot read {place.uri}: {error}") from error
    if place.bucket not in s3._buckets:
        raise invalid(f"The specified bucket does not exist: {place.bucket}.")
    if place.key not in s3._buckets[place.bucket]["objects"]:
        raise invalid(f"The specified object does not exist: {place.uri}.")


def require_writable(place: Place, role: ServiceRole) -> None:
    """Check that the role may write below a prefix, by writing a file there, as Bedrock does.

    Raises:
        AwsError: ValidationException.
    """
    if place.bucket not in s3._buckets:
        raise invalid(f"The specified bucket does not exist: {place.bucket}.")
    write(place.below(".write_access_check_file.temp"), b"", role)


def require_grader(arn: str, role: ServiceRole) -> None:
    """Check that the role may invoke the function that grades answers. It is not invoked here.

    Raises:
        AwsError: ValidationException.
    """
    try:
        role.require("lambda:InvokeFunction", arn)
    except NotAuthorizedError as error:
        raise invalid(f"The provided role cannot invoke the grader {arn}: {error}") from error


def read(place: Place, role: ServiceRole) -> bytes:
    """Return an object's content.

    Raises:
        AwsError: ValidationException, it is gone or the role may no longer read it.
    """
    require_readable(place, role)
    data: bytes | None = s3._get_object_data(place.bucket, place.key)
    return data or b""


def exists(place: Place, role: ServiceRole) -> bool:
    """Return whether the role can read an object that is there."""
    try:
        role.require("s3:GetObject", f"arn:aws:s3:::{place.bucket}/{place.key}")
    except NotAuthorizedError:
        return False
    return place.bucket in s3._buckets and place.key in s3._buckets[place.bucket]["objects"]


def write(place: Place, data: bytes, role: ServiceRole) -> None:
    """Write an object, with the events that follow from it.

    Raises:
        AwsError: ValidationException, the role may not, or the bucket is gone.
    """
    try:
        role.require("s3:PutObject", f"arn:aws:s3:::{place.bucket}/{place.key}")
        stored_objects.write(place.bucket, place.key, data)
    except NotAuthorizedError as error:
        raise invalid(f"The provided role cannot write {place.uri}: {error}") from error
    except stored_objects.WriteError as error:
        raise invalid(f"Cannot write {place.uri}: {error}") from error
