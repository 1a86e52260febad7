"""Tags of everything in Studio."""

from __future__ import annotations

from sandbox.model.errors import AwsError, Json, invalid
from sandbox.studio import store
from sandbox.studio.store import Entry

_MOST = 50


def add(request: Json) -> Json:
    """AddTags."""
    entry = _find(request)
    tags = {**entry.tags, **store.tags_of(request)}
    if len(tags) > _MOST:
        raise invalid(f"A resource has at most {_MOST} tags.")
    entry.tags = tags
    return list_all(request)


def list_all(request: Json) -> Json:
    """ListTags, on one page: there are at most 50."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _find(request).tags.items()]}


def delete(request: Json) -> Json:
    """DeleteTags."""
    entry = _find(request)
    entry.tags = {key: value for key, value in entry.tags.items() if key not in request["TagKeys"]}
    return {}


def _find(request: Json) -> Entry:
    entry = store.by_arn(request["ResourceArn"])
    if entry is None or entry.gone:
        raise AwsError("ResourceNotFound", f"Resource [{request['ResourceArn']}] does not exist.")
    return entry
