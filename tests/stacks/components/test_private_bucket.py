"""What holds for every bucket, whatever is in it."""

from typing import Any

import pytest

from configuration.environment_file import load
from stacks.components.checks import add_checks
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.lifecycle import Lifecycle
from stacks.components.private_bucket import PrivateBucket
from tests import templates
from tests.kept import kept
from tests.policy import rules

HANDLER = "lambdas.ingestion.custom_resources.lambda_handler"


@kept
def synthesise(*, retain: bool, **options: Any) -> dict[str, Any]:
    """Return the template of a stack with a bucket; all checks are run."""
    config = load("dev").model_copy(update={"retain_data": retain})
    app = templates.new_app()
    stack = EnvironmentStack(app, "Things", config=config, account=None, description="a bucket")
    lifecycle = Lifecycle(stack, "Lifecycle", handler=HANDLER, description="Tidies")
    PrivateBucket(stack, "Kept", lifecycle=lifecycle, not_logged="Nobody reads it.", **options)
    add_checks(app)
    (artifact,) = app.synth().stacks
    template: dict[str, Any] = artifact.template
    return template


def the(template: dict[str, Any], type_: str) -> dict[str, Any]:
    """Return the one resource of a type."""
    (found,) = (one for one in template["Resources"].values() if one["Type"] == type_)
    return dict(found)


def test_it_is_private_encrypted_and_takes_tls_only() -> None:
    template = synthesise(retain=False)
    properties = the(template, "AWS::S3::Bucket")["Properties"]

    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in properties
    assert "aws:SecureTransport" in str(the(template, "AWS::S3::BucketPolicy"))


def test_unfinished_uploads_are_forgotten_and_there_are_no_former_versions_unless_asked_for() -> None:
    plain = the(synthesise(retain=False), "AWS::S3::Bucket")["Properties"]
    versioned = the(synthesise(retain=False, former_version_days=30), "AWS::S3::Bucket")["Properties"]

    assert plain["LifecycleConfiguration"]["Rules"] == [
        {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}, "Status": "Enabled"}
    ]
    assert "VersioningConfiguration" not in plain
    assert versioned["VersioningConfiguration"] == {"Status": "Enabled"}
    assert versioned["LifecycleConfiguration"]["Rules"][0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_it_is_emptied_where_it_goes() -> None:
    template = synthesise(retain=False)

    assert the(template, "AWS::S3::Bucket")["DeletionPolicy"] == "Delete"
    assert the(template, "Custom::QuarryEmptyBucket")["Properties"]["Action"] == "empty_bucket"
    assert "s3:DeleteObjectVersion" in str(list(rules.of_type(template, "AWS::IAM::Policy")))


@pytest.mark.parametrize("type_", ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"])
def test_where_it_stays_nobody_may_empty_it_and_its_policy_stays_too(type_: str) -> None:
    template = synthesise(retain=True)

    assert the(template, type_)["DeletionPolicy"] == "RetainExceptOnCreate"
    assert the(template, type_)["UpdateReplacePolicy"] == "Retain"
    assert list(rules.of_type(template, "Custom::QuarryEmptyBucket")) == []
    assert "s3:Delete" not in str(template)
