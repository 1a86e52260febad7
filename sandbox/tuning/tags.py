"""Tags of what tuning has made; those of MiniStack's own resources stay MiniStack's."""

from __future__ import annotations

from sandbox.model.errors import AwsError, Json
from sandbox.tuning import store
from sandbox.tuning.store import Entry

_MOST = 200
_KINDS = ("model-customization-job", "custom-model", "custom-model-deployment", "provisioned-model")


def concerns(arn: str) -> bool:
    """Whether an ARN is of a kind that tuning keeps."""
    return arn.split(":")[-1].partition("/")[0] in _KINDS or any(f":{kind}/" in arn for kind in _KINDS)


def add(request: Json) -> Json:
    """TagResource."""
    entry = _find(request)
    tags = {**entry.tags, **store.tags_of(request)}
    if len(tags) > _MOST:
        raise AwsError("TooManyTagsException", f"A resource has at most {_MOST} tags.")
    entry.tags = tags
    return {}


def delete(request: Json) -> Json:
    """UntagResource."""
    entry = _find(request)
    entry.tags = {key: value for key, value in entry.tags.items() if key not in request["tagKeys"]}
    return {}


def list_all(request: Json) -> Json:
    """ListTagsForResource."""
    return {"tags": [{"key": key, "value": value} for key, value in _find(request).tags.items()]}


def _find(request: Json) -> Entry:
    entry = store.by_arn(request["resourceARN"])
    if entry is None:
        raise AwsError("ResourceNotFoundException", f"Resource {request['resourceARN']} not found.")
    return entry
