"""The bucket of a data source, read with the rights of the knowledge base's service role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.services import s3

from sandbox.service_role import ServiceRole


class BucketError(Exception):
    """The data source cannot be read at all; worded as Bedrock words it."""


@dataclass(frozen=True)
class Entry:
    """An object as a listing shows it: its size in bytes, and the ETag that changes with its content."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True)
class Bucket:
    """The part of a bucket that a data source includes."""

    name: str
    prefixes: tuple[str, ...]
    role: ServiceRole

    def uri(self, key: str) -> str:
        """Return how Bedrock names an object."""
        return f"s3://{self.name}/{key}"

    def entries(self) -> dict[str, Entry]:
        """Return what there is now, by key, in order of the keys.

        Raises:
            NotAuthorizedError: the role may not list the bucket.
            BucketError: there is no such bucket.
        """
        for prefix in self.prefixes or ("",):
            self.role.require("s3:ListBucket", f"arn:aws:s3:::{self.name}", {"s3:prefix": prefix})
        bucket = s3._buckets.get(self.name)
        if bucket is None:
            raise BucketError(f"The specified bucket does not exist: {self.name} (Service: S3, Status Code: 404)")
        # A snapshot: clients go on writing while this thread reads.
        objects = sorted(dict(bucket["objects"]).items())
        return {
            key: Entry(key, int(found["size"]), str(found["etag"]).strip('"'))
            for key, found in objects
            if not key.endswith("/") and (not self.prefixes or key.startswith(self.prefixes))
        }

    def read(self, key: str) -> bytes | None:
        """Return an object's content, or None where it is gone.

        Raises:
            NotAuthorizedError: the role may not read it.
        """
        self.role.require("s3:GetObject", f"arn:aws:s3:::{self.name}/{key}")
        data: bytes | None = s3._get_object_data(self.name, key)
        return data


def of(data_source: Mapping[str, Any], role: ServiceRole) -> Bucket:
    """Return the bucket of MiniStack's record of a data source.

    Raises:
        BucketError: the data source is of a kind that is not emulated.
    """
    configuration = data_source["DataSourceConfiguration"]
    if configuration.get("type") != "S3":
        raise BucketError(f"This local AWS reads data sources of type S3 only, not {configuration.get('type')}")
    settings = configuration["s3Configuration"]
    return Bucket(settings["bucketArn"].rpartition(":")[2], tuple(settings.get("inclusionPrefixes") or ()), role)
