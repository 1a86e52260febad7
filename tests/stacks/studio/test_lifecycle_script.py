"""What goes into a lifecycle configuration: its length, and tokens in it."""

import base64
import subprocess
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3

from stacks.studio.lifecycle_script import MAX_CONTENT, LifecycleScriptError, render

VALUES: dict[str, Any] = {
    "base_url": "https://abcdefghij.execute-api.us-east-1.amazonaws.com/v1/v1",
    "aliases": ["fast", "smart"],
    "secret_prefix": "quarry/workshop/participants/",
    "bucket": "studio-notebooks",
    "notebooks": "s3://assets/notebooks.zip",
    "git_repository": None,
    "region": "us-east-1",
    "cull_minutes": 60,
}


def test_it_fits_with_room_for_longer_values() -> None:
    content = render(**VALUES)

    assert len(content) < MAX_CONTENT - 2_000
    text = base64.b64decode(content).decode("ascii")
    assert text.startswith("#!/bin/bash\n")
    assert text.endswith("\nexit 0\n")
    assert text.count("SETTINGS = {'base_url': 'https://abcdefghij.") == 1
    subprocess.run(["bash", "-n"], input=text, check=True, text=True)


def test_what_is_too_long_is_told_with_what_is_longest() -> None:
    with pytest.raises(LifecycleScriptError, match=r"16,384; its longest value is aliases, of 5,999 characters"):
        render(**{**VALUES, "aliases": ["a" * 2999] * 2})


def test_tokens_are_encoded_by_cloudformation_and_counted_as_what_they_can_become() -> None:
    stack = Stack(App(), "Stack")
    bucket = s3.Bucket(stack, "Bucket").bucket_name

    resolved = stack.resolve(render(**{**VALUES, "bucket": bucket}))

    before, token, after = resolved["Fn::Base64"]["Fn::Join"][1]
    assert before.endswith("'bucket': '")
    assert token["Ref"].startswith("Bucket")
    assert after.startswith("', 'notebooks': 's3://assets/notebooks.zip'")
    with pytest.raises(LifecycleScriptError):
        render(**{**VALUES, "bucket": bucket * 60})


def test_the_same_values_give_the_same_content_and_others_another() -> None:
    assert render(**VALUES) == render(**VALUES)
    assert render(**VALUES) != render(**{**VALUES, "cull_minutes": 61})
