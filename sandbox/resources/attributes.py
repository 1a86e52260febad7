"""The read-only properties that AWS would give to a resource whose API MiniStack lacks.

ARN forms are those of the service authorization reference. Each function takes the resource's properties.
"""

from __future__ import annotations

import secrets
import string
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region

from sandbox.resources.resource_type import Model

_LOWER_ALPHANUMERIC = string.ascii_lowercase + string.digits


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


def domain_attributes(model: Model) -> dict[str, Any]:
    """A SageMaker domain's id, ARN, URL, and its file system unless the template wants none."""
    domain = f"d-{_random(_LOWER_ALPHANUMERIC, 12)}"
    efs = {} if model.get("HomeEfsFileSystemCreation") == "Disabled" else {"HomeEfsFileSystemId": _file_system_id()}
    return {"DomainId": domain, "DomainArn": _sagemaker_arn(f"domain/{domain}"), "Url": _studio_url(domain), **efs}


def user_profile_attributes(model: Model) -> dict[str, Any]:
    """The ARN of a user profile, which SageMaker writes in lower case."""
    return {"UserProfileArn": _sagemaker_arn(f"user-profile/{model['DomainId']}/{model['UserProfileName'].lower()}")}


def space_attributes(model: Model) -> dict[str, Any]:
    """The ARN of a Studio space and the URL of its application."""
    domain, name = model["DomainId"], model["SpaceName"]
    application = (model.get("SpaceSettings") or {}).get("AppType", "JupyterLab").lower()
    return {
        "SpaceArn": _sagemaker_arn(f"space/{domain}/{name}"),
        "Url": f"{_studio_url(domain)}/{application}/default",
    }


def studio_lifecycle_config_attributes(model: Model) -> dict[str, Any]:
    """The ARN of a Studio lifecycle configuration."""
    name = model["StudioLifecycleConfigName"].lower()
    return {"StudioLifecycleConfigArn": _sagemaker_arn(f"studio-lifecycle-config/{name}")}


def model_package_group_attributes(model: Model) -> dict[str, Any]:
    """The ARN, the time of creation and the state of a model package group."""
    arn = _sagemaker_arn(f"model-package-group/{model['ModelPackageGroupName']}")
    return {"ModelPackageGroupArn": arn, "CreationTime": _now(), "ModelPackageGroupStatus": "Completed"}


def _vector_bucket_arn(name: str) -> str:
    return f"arn:aws:s3vectors:{get_region()}:{get_account_id()}:bucket/{name}"


def _sagemaker_arn(resource: str) -> str:
    return f"arn:aws:sagemaker:{get_region()}:{get_account_id()}:{resource}"


def _studio_url(domain: str) -> str:
    return f"https://{domain}.studio.{get_region()}.sagemaker.aws"


def _file_system_id() -> str:
    return f"fs-{_random('0123456789abcdef', 17)}"


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
