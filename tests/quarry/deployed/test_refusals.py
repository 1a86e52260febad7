"""What AWS refuses, in the operator's words: each kind with its own way out."""

from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from quarry.command_error import CommandError
from quarry.deployed.refusals import SIGN_IN, explained, explanation

AMAZONS = "https://bedrock.us-east-1.amazonaws.com/foundation-models"
HERE = "http://localhost:4566/"


def refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "AWS's own words"}}, operation)


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        ProfileNotFound(profile="none"),
        TokenRetrievalError(provider="sso", error_msg="expired"),
        UnauthorizedSSOTokenError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_without_credentials_the_way_is_to_sign_in(error: BotoCoreError) -> None:
    assert explanation(error) == f"There are no credentials for AWS ({error}). {SIGN_IN}"


@pytest.mark.parametrize("code", ["ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId"])
def test_with_credentials_that_are_no_good_it_is_too(code: str) -> None:
    said = explanation(refused(code, "DescribeStacks"))

    assert said.startswith("AWS does not accept your credentials (")
    assert said.endswith(SIGN_IN)


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("DescribeStacks", "cloudformation:DescribeStacks"),
        ("ListObjectsV2", "s3:ListBucket"),
        ("Scan", "dynamodb:Scan"),
        ("Invoke", "lambda:InvokeFunction"),
        ("ListFoundationModels", "bedrock:ListFoundationModels"),
        ("GetProducts", "pricing:GetProducts"),
        ("SomethingNew", "SomethingNew"),
    ],
)
def test_a_missing_permission_is_named_as_iam_does(operation: str, action: str) -> None:
    said = explanation(refused("AccessDeniedException", operation))

    assert said.startswith(f"Your credentials may not do this: they need {action}. (An error occurred")
    assert "AWS's own words" in said


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (EndpointConnectionError(endpoint_url=HERE), True),
        (ConnectTimeoutError(endpoint_url=HERE), True),
        (ReadTimeoutError(endpoint_url=HERE), True),
        (EndpointConnectionError(endpoint_url=AMAZONS), False),
        (ReadTimeoutError(endpoint_url=AMAZONS), False),
    ],
    ids=str,
)
def test_an_aws_that_is_away_is_started_where_it_is_not_amazons(error: BotoCoreError, hint: bool) -> None:
    said = explanation(error)

    assert said.startswith(f"AWS cannot be reached: {str(error).rstrip('.')}.")
    assert said.endswith("Is it up? `make up` starts it.") is hint


@pytest.mark.parametrize("operation", ["Invoke", "Scan", "SendMessage"])
def test_what_a_stack_made_and_is_gone_is_made_anew(operation: str) -> None:
    assert "was deleted by hand. `make destroy` and `make deploy`" in explanation(
        refused("ResourceNotFoundException", operation)
    )


@pytest.mark.parametrize(
    "error",
    [
        refused("ResourceNotFoundException", "ListFoundationModelAgreementOffers"),
        refused("ThrottlingException", "Scan"),
    ],
    ids=str,
)
def test_what_nobody_can_tell_more_of_is_told_as_aws_does(error: ClientError) -> None:
    assert explanation(error) == f"AWS refused: {error}"


def test_a_call_that_was_not_made_is_no_refusal() -> None:
    assert explanation(NoRegionError()) == "AWS was not asked: You must specify a region."


def test_what_is_explained_is_one_sentence_and_exit_code_1() -> None:
    def call() -> Any:
        raise NoCredentialsError

    with pytest.raises(CommandError) as told, explained():
        call()

    assert (str(told.value), told.value.exit_code) == (explanation(NoCredentialsError()), 1)
