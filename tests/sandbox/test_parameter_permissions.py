"""Which resource a call about parameters is authorized on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.core import iam_actions

from sandbox import parameter_permissions

PREFIX = "arn:aws:ssm:us-east-1:000000000000:parameter"


def resource(operation: str, body: Any) -> str:
    """The ARN that a request is authorized on."""
    parameter_permissions.install()
    headers = {"X-Amz-Target": f"AmazonSSM.{operation}"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return str(iam_actions.extract_resource_arn("ssm", "POST", "/", headers, content, {}, "us-east-1", "000000000000"))


@pytest.mark.parametrize(
    ("operation", "body", "arn"),
    [
        ("GetParametersByPath", {"Path": "/quarry/dev/aliases"}, f"{PREFIX}/quarry/dev/aliases"),
        ("GetParametersByPath", {"Path": "/quarry/dev/aliases/"}, f"{PREFIX}/quarry/dev/aliases/"),
        ("GetParameter", {"Name": "/quarry/dev/aliases/fast"}, f"{PREFIX}/quarry/dev/aliases/fast"),
        ("GetParameter", {"Name": "/quarry/dev/aliases/fast:3"}, f"{PREFIX}/quarry/dev/aliases/fast"),
        ("GetParameter", {"Name": "plain"}, f"{PREFIX}/plain"),
        ("PutParameter", {"Name": "/quarry/dev/aliases/fast"}, f"{PREFIX}/quarry/dev/aliases/fast"),
        ("GetParametersByPath", {}, "*"),
        ("GetParametersByPath", b"not json", "*"),
    ],
)
def test_a_path_is_a_resource_and_a_version_is_no_part_of_one(operation: str, body: Any, arn: str) -> None:
    assert resource(operation, body) == arn
