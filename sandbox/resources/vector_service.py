"""Reading and deleting vector buckets and their indexes by S3 Vectors' API, which MiniStack lacks.

They are made by CloudFormation and kept as records; vectors are not kept. Shapes: botocore's model of ``s3vectors``.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from typing import Any

import ministack.app
from ministack.core import iam_actions, router

from sandbox.model.errors import AwsError, Json, Response
from sandbox.resources import record_store

SERVICE = "s3vectors"
_BUCKET, _INDEX = "AWS::S3Vectors::VectorBucket", "AWS::S3Vectors::Index"


@functools.cache
def install() -> None:
    """Add the service to MiniStack. Doing it again changes nothing."""
    # Where MiniStack looks for its own: dispatch and reset find it by this name.
    sys.modules[f"ministack.services.{SERVICE}"] = sys.modules[__name__]
    ministack.app.SERVICE_REGISTRY[SERVICE] = {"module": SERVICE}
    ministack.app.SERVICE_HANDLERS[SERVICE] = ministack.app._lazy_handler(SERVICE)
    router.SERVICE_PATTERNS[SERVICE] = {"host_patterns": [r"s3vectors\."], "credential_scope": SERVICE}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE


async def handle_request(
    _method: str, path: str, _headers: dict[str, str], body: bytes, _query: dict[str, Any]
) -> Response:
    """Answer one request: ``POST /ListVectorBuckets`` and the like."""
    operation = _OPERATIONS.get(path.strip("/"))
    try:
        if operation is None:
            raise AwsError("ValidationException", f"This local AWS does not do {path.strip('/')} of S3 Vectors.")
        document = operation(json.loads(body or b"{}"))
    except AwsError as error:
        return error.response()
    return 200, {"Content-Type": "application/json"}, json.dumps(document).encode()


def reset() -> None:
    """Forget nothing: the records go with the stacks."""


def _list_buckets(_request: Json) -> Json:
    return {"vectorBuckets": [_bucket(one) for one in record_store.of_type(_BUCKET)]}


def _list_indexes(request: Json) -> Json:
    name = _one(_BUCKET, request)["VectorBucketName"]
    return {"indexes": [_index(one) for one in record_store.of_type(_INDEX) if _bucket_of(one) == name]}


def _get_bucket(request: Json) -> Json:
    return {"vectorBucket": _bucket(_one(_BUCKET, request))}


def _get_index(request: Json) -> Json:
    return {
        "index": {**_index(_one(_INDEX, request)), "dataType": "float32", "dimension": 1, "distanceMetric": "cosine"}
    }


def _delete_bucket(request: Json) -> Json:
    bucket = _one(_BUCKET, request)
    if any(_bucket_of(one) == bucket["VectorBucketName"] for one in record_store.of_type(_INDEX)):
        raise AwsError("ConflictException", "The specified vector bucket is not empty")
    record_store.forget(_BUCKET, bucket)
    return {}


def _delete_index(request: Json) -> Json:
    record_store.forget(_INDEX, _one(_INDEX, request))
    return {}


def _one(kind: str, request: Json) -> Json:
    """The record that a request names by its ARN or its name.

    Raises:
        AwsError: there is none.
    """
    for one in record_store.of_type(kind):
        named = (
            request.get("indexArn") == one["IndexArn"]
            or (request.get("indexName") == one.get("IndexName") and request.get("vectorBucketName") == _bucket_of(one))
            if kind == _INDEX
            else one["VectorBucketArn"] == request.get("vectorBucketArn")
            or one["VectorBucketName"] == request.get("vectorBucketName")
        )
        if named:
            return one
    raise AwsError(
        "NotFoundException", f"The specified {'index' if kind == _INDEX else 'vector bucket'} could not be found"
    )


def _bucket_of(index: Json) -> str:
    return str(index.get("VectorBucketName") or str(index.get("VectorBucketArn", "")).rpartition("/")[2])


def _bucket(one: Json) -> Json:
    return {
        "vectorBucketName": one["VectorBucketName"],
        "vectorBucketArn": one["VectorBucketArn"],
        "creationTime": time.time(),
    }


def _index(one: Json) -> Json:
    return {
        "vectorBucketName": _bucket_of(one),
        "indexName": one["IndexName"],
        "indexArn": one["IndexArn"],
        "creationTime": time.time(),
    }


_OPERATIONS = {
    "ListVectorBuckets": _list_buckets,
    "ListIndexes": _list_indexes,
    "GetVectorBucket": _get_bucket,
    "GetIndex": _get_index,
    "DeleteVectorBucket": _delete_bucket,
    "DeleteIndex": _delete_index,
}
