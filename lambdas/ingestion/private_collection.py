"""A private OpenSearch collection is opened while CloudFormation handles its index, which it does from outside.

One resource before the index opens the collection and closes it when it is deleted, after the index. One after the
index does the opposite. Who is let in by the collection's data access policy stays the same all the time.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from lambdas.common.custom_resource import About, CustomResourceError
from lambdas.lifecycle.wait import pause

# What says how long OpenSearch's policies and indexes are waited for.
KNOB: Final = "knowledge.propagation_seconds"
_NAMES: Final = ("Collection", "Policy")


class Policies(Protocol):
    """The calls of OpenSearch Serverless that are made."""

    def create_security_policy(self, **kwargs: Any) -> Any: ...
    def delete_security_policy(self, **kwargs: Any) -> Any: ...


def named(properties: Mapping[str, Any]) -> bool:
    """Whether the properties name a collection and a policy; without them nothing was ever made."""
    return all(isinstance(properties.get(name), str) and properties[name] for name in _NAMES)


def gate(action: str) -> About:
    """Return how the id of a resource is made that does that action at a collection."""

    def about(properties: Mapping[str, Any]) -> str | None:
        return f"{action}/{properties['Collection']}/{properties['Policy']}" if named(properties) else None

    return about


def open_collection(
    properties: Mapping[str, Any],
    *,
    policies: Policies,
    left: Callable[[], float],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Make the network policy that lets requests from anywhere reach the collection, and wait until it counts.

    Raises:
        CustomResourceError: a property is missing, or as ``pause``.
        ClientError: OpenSearch refuses. That the policy is there is no error.
    """
    _check(properties)
    rule = {"ResourceType": "collection", "Resource": [f"collection/{properties['Collection']}"]}
    try:
        policies.create_security_policy(
            type="network",
            name=properties["Policy"],
            policy=json.dumps([{"Rules": [rule], "AllowFromPublic": True}]),
            description="While CloudFormation handles the index",
        )
    except ClientError as error:
        if code_of(error) != "ConflictException":
            raise
    pause(properties, left=left, sleep=sleep, knob=KNOB)


def close_collection(properties: Mapping[str, Any], *, policies: Policies) -> None:
    """Delete that network policy.

    Raises:
        CustomResourceError: a property is missing.
        ClientError: OpenSearch refuses. That the policy is not there is no error.
    """
    _check(properties)
    try:
        policies.delete_security_policy(type="network", name=properties["Policy"])
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise


def _check(properties: Mapping[str, Any]) -> None:
    if not named(properties):
        raise CustomResourceError(f"The properties lack {' or '.join(_NAMES)}.")
