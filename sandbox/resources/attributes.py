"""The read-only properties that AWS would give to a resource whose API MiniStack lacks.

ARN forms are those of the service authorization reference. Each function takes the resource's properties.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region

from sandbox.resources.resource_type import Model


def search_index_attributes(_model: Model) -> dict[str, Any]:
    """OpenSearch gives an index a UUID of 22 URL-safe characters."""
    return {"Uuid": secrets.token_urlsafe(16)}


def vector_bucket_attributes(model: Model) -> dict[str, Any]:
    """The ARN of an S3 vector bucket and its time of creation."""
    return {"VectorBucketArn": _vector_bucket_arn(model["VectorBucketName"]), "CreationTime": _now()}


def vector_index_attributes(model: Model) -> dict[str, Any]:
    """The ARN of an S3 vector index, in the bucket named by ARN or by name, and its time of creation."""
    bucket = model.get("VectorBucketArn") or _vector_bucket_arn(model["VectorBucketName"])
    return {"IndexArn": f"{bucket}/index/{model['IndexName']}", "CreationTime": _now()}


def model_package_group_attributes(model: Model) -> dict[str, Any]:
    """The ARN, the time of creation and the state of a model package group."""
    arn = _sagemaker_arn(f"model-package-group/{model['ModelPackageGroupName']}")
    return {"ModelPackageGroupArn": arn, "CreationTime": _now(), "ModelPackageGroupStatus": "Completed"}


def _vector_bucket_arn(name: str) -> str:
    return f"arn:aws:s3vectors:{get_region()}:{get_account_id()}:bucket/{name}"


def _sagemaker_arn(resource: str) -> str:
    return f"arn:aws:sagemaker:{get_region()}:{get_account_id()}:{resource}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
