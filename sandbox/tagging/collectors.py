"""What carries tags, by service, read from each service's own state: ``(ARN, {key: value})``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import tagging

Tagged = Iterator[tuple[str, dict[str, str]]]

# How services spell a tag.
_PAIRS = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))
# EC2's ids begin with what they are; these are what an environment may have.
_OF_EC2 = {
    "vpc": "vpc",
    "subnet": "subnet",
    "sg": "security-group",
    "eni": "network-interface",
    "vpce": "vpc-endpoint",
    "rtb": "route-table",
    "igw": "internet-gateway",
    "nat": "natgateway",
}


def everything() -> Tagged:
    """Yield whatever carries tags in the account and region of the request, as the services have it now."""
    for collect in dict.fromkeys(tagging._COLLECTORS.values()):
        for arn, tags in collect():
            yield arn, as_mapping(tags)
    for collect_more in _MORE:
        yield from collect_more()


def as_mapping(tags: Any) -> dict[str, str]:
    """Tags as a mapping, from whichever spelling a service keeps."""
    if isinstance(tags, dict):
        return dict(tags)
    return {str(tag[key]): str(tag.get(value) or "") for tag in tags or () for key, value in _PAIRS if key in tag}


def _by_arn(module: str, name: str) -> Callable[[], Tagged]:
    """A service that keeps its tags by ARN."""

    def collect() -> Tagged:
        import importlib

        store: Any = getattr(importlib.import_module(f"ministack.services.{module}"), name)
        for arn, tags in list(store.items()):
            yield arn, as_mapping(tags)

    return collect


def _logs() -> Tagged:
    from ministack.services import cloudwatch_logs

    for group in list(cloudwatch_logs._log_groups.values()):
        yield str(group["arn"]).removesuffix(":*"), as_mapping(group.get("tags"))


def _stacks() -> Tagged:
    from ministack.services import cloudformation

    for stack in list(cloudformation._stacks.values()):
        if stack.get("StackStatus") != "DELETE_COMPLETE":
            yield stack["StackId"], as_mapping(stack.get("Tags"))


def _ec2() -> Tagged:
    from ministack.services import ec2

    for id_, tags in list(ec2._tags.items()):
        kind = _OF_EC2.get(id_.partition("-")[0])
        if kind:
            yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{id_}", as_mapping(tags)


def _secrets() -> Tagged:
    from ministack.services import secretsmanager

    for secret in list(secretsmanager._secrets.values()):
        if not secret.get("DeletedDate"):
            yield secret["ARN"], as_mapping(secret.get("Tags"))


def _policies() -> Tagged:
    from ministack.services import iam

    for arn, policy in list(iam._policies.items()):
        yield arn, as_mapping(policy.get("Tags"))


def _stages() -> Tagged:
    from ministack.services import apigateway_v1

    for api, stages in list(apigateway_v1._stages_v1.items()):
        for name, stage in stages.items():
            yield f"arn:aws:apigateway:{get_region()}::/restapis/{api}/stages/{name}", as_mapping(stage.get("tags"))


def _studio() -> Tagged:
    from sandbox.studio import store

    for entry in list(store._entries.values()):
        if not entry.gone:
            yield entry.arn, dict(entry.tags)


def _tuning() -> Tagged:
    from sandbox.tuning import store

    for entry in list(store._entries.values()):
        yield entry.arn, dict(entry.tags)


def _vectors() -> Tagged:
    from sandbox.resources import record_store

    for kind, arn in (("VectorBucket", "VectorBucketArn"), ("Index", "IndexArn")):
        for model in record_store.of_type(f"AWS::S3Vectors::{kind}"):
            yield model[arn], as_mapping(model.get("Tags"))


_MORE: tuple[Callable[[], Tagged], ...] = (
    _by_arn("bedrock", "_tags"),
    _by_arn("bedrock_agent", "_tags"),
    _by_arn("apigateway_v1", "_v1_tags"),
    _by_arn("cloudwatch", "_resource_tags"),
    _by_arn("opensearchserverless", "_tags"),
    _by_arn("stepfunctions", "_tags"),
    _by_arn("ssm", "_tags"),
    _by_arn("budgets", "_tags"),
    _stages,
    _logs,
    _stacks,
    _ec2,
    _secrets,
    _policies,
    _studio,
    _tuning,
    _vectors,
)
