"""Buckets with all that is in them, and tables."""

import time
from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.lifecycle.emptying import empty
from lambdas.teardown.aws import Aws, is_missing
from lambdas.teardown.kind import Found, Kind, Phase
from lambdas.teardown.kinds.forms import call, nothing, tags_of

_S3: Final = "s3"
_TABLES: Final = "dynamodb"
# For one bucket's contents in one go; what is left then is asked for again.
EMPTYING_SECONDS: Final = 600.0
_BEGINS: Final = "quarry-"


def _buckets(aws: Aws) -> Iterator[Found]:
    """Yield the region's buckets whose names begin as those of our stacks, with their tags."""
    for one in aws.pages(_S3, "list_buckets", "Buckets", BucketRegion=aws.region):
        name = one["Name"]
        if name.startswith(_BEGINS):
            yield Found(id=name, name=name, arn=f"arn:{aws.partition}:s3:::{name}", tags=_tags(aws, name))


def _tags(aws: Aws, bucket: str) -> dict[str, str]:
    try:
        return tags_of(aws.client(_S3).get_bucket_tagging(Bucket=bucket)["TagSet"])
    except ClientError as error:
        # A bucket without tags is answered with an error.
        if code_of(error) == "NoSuchTagSet" or is_missing(error):
            return {}
        raise


def _look_at_bucket(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_S3, "get_bucket_location", Bucket=id_)
    return None if found is None else Found(id=id_)


def _contents(aws: Aws) -> Iterator[Found]:
    for bucket in _buckets(aws):
        if _holds(aws, bucket.id):
            yield Found(id=bucket.id, name=bucket.name, tags=bucket.tags, of=(bucket.id,))


def _holds(aws: Aws, bucket: str) -> bool:
    """Tell whether a bucket has any version, delete marker or unfinished upload."""
    versions: Any = aws.described(_S3, "list_object_versions", Bucket=bucket, MaxKeys=1) or {}
    if versions.get("Versions") or versions.get("DeleteMarkers"):
        return True
    uploads: Any = aws.described(_S3, "list_multipart_uploads", Bucket=bucket, MaxUploads=1) or {}
    return bool(uploads.get("Uploads"))


def _empty(aws: Aws, id_: str) -> object:
    end = time.monotonic() + EMPTYING_SECONDS
    return empty(id_, s3=aws.client(_S3), left=lambda: end - time.monotonic())


def _look_at_table(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_TABLES, "describe_table", TableName=id_)
    if found is None:
        return None
    table: dict[str, Any] = dict(found["Table"])
    # As a template has it.
    table["BillingMode"] = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    table["StoredBytes"] = table.get("TableSizeBytes", 0)
    return Found(id=id_, state=table["TableStatus"], details=table)


def _delete_table(aws: Aws, id_: str) -> object:
    dynamodb = aws.client(_TABLES)
    if dynamodb.describe_table(TableName=id_)["Table"].get("DeletionProtectionEnabled"):
        # What a stack that retains data protects; whoever gets here has been asked.
        dynamodb.update_table(TableName=id_, DeletionProtectionEnabled=False)
    return dynamodb.delete_table(TableName=id_)


KINDS: Final = (
    Kind(
        service=_S3,
        type="objects",
        phase=Phase.CONTENTS,
        finds=_contents,
        looks=lambda aws, id_: Found(id=id_) if _holds(aws, id_) else None,
        deletes=_empty,
        run_time=True,
        data=True,
    ),
    Kind(
        service=_S3,
        type="bucket",
        phase=Phase.REST,
        resource="AWS::S3::Bucket",
        arn=r"([^/]+)",
        finds=_buckets,
        looks=_look_at_bucket,
        deletes=call(_S3, "delete_bucket", "Bucket"),
        data=True,
    ),
    Kind(
        service=_TABLES,
        type="table",
        phase=Phase.REST,
        resource="AWS::DynamoDB::Table",
        arn=r"table/([^/]+)",
        finds=nothing,
        looks=_look_at_table,
        deletes=_delete_table,
        busy=frozenset({"CREATING", "UPDATING", "DELETING"}),
        data=True,
    ),
)
