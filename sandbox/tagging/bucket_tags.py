"""The tags that CloudFormation gives a bucket, which MiniStack's drops. Source: AWS::S3::Bucket, property Tags."""

from __future__ import annotations

import functools
from typing import Any

from ministack.services import s3
from ministack.services.cloudformation import provisioners

_TYPE = "AWS::S3::Bucket"


@functools.cache
def install() -> None:
    """Put them on; doing it again changes nothing."""
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    create, update = handlers["create"], handlers["update"]

    def create_tagged(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        made = create(logical_id, props, stack_name)
        _tag(made[0], props)
        return made

    def update_tagged(physical_id: str, old: dict[str, Any], new: dict[str, Any], *more: Any) -> Any:
        made = update(physical_id, old, new, *more)
        _tag(made[0], new)
        return made

    handlers.update(create=create_tagged, update=update_tagged)


def _tag(bucket: str, props: dict[str, Any]) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in props.get("Tags") or ()}
    if tags:
        s3._bucket_tags[bucket] = tags
