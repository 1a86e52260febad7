"""The code of a call that AWS refused, whether it may be made again, and the right that it lacked."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of, is_passing, lacking
from tests.lambdas.fakes import client_error


def test_it_is_what_aws_calls_it() -> None:
    assert code_of(client_error("ResourceInUse")) == "ResourceInUse"


def test_an_answer_without_one_has_none() -> None:
    assert code_of(ClientError({"Error": {"Message": "a page of a gateway's"}}, "ListApps")) == ""


def cancelled(*codes: str) -> ClientError:
    response: Any = {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(response, "TransactWriteItems")


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (client_error("ThrottlingException"), True),
        (client_error("InternalServerError"), True),
        (client_error("ValidationException"), False),
        (client_error("AccessDeniedException"), False),
        (client_error("ConditionalCheckFailedException"), False),
        (ClientError({"Error": {}, "ResponseMetadata": {"HTTPStatusCode": 502}}, "GetItem"), True),  # type: ignore[typeddict-item] # botocore's has more
        (ClientError({"Error": {}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "GetItem"), False),  # type: ignore[typeddict-item] # botocore's has more
        (cancelled("None", "ThrottlingError"), True),
        (cancelled("None", "ConditionalCheckFailed", "ThrottlingError"), False),
        (cancelled("ItemCollectionSizeLimitExceeded"), False),
        (cancelled(), False),
    ],
)
def test_what_is_busy_may_be_asked_again_and_what_is_wrong_not(error: ClientError, passing: bool) -> None:
    assert is_passing(error) is passing


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            client_error(
                "AccessDeniedException",
                "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: dynamodb:PutItem on resource: "
                "arn:aws:dynamodb:us-east-1:1:table/t with an explicit deny in a service control policy",
            ),
            {"lacks": "dynamodb:PutItem", "on": "arn:aws:dynamodb:us-east-1:1:table/t"},
        ),
        (
            client_error("AccessDenied", "User: u is not authorized to perform: s3:GetObject because of a policy"),
            {"lacks": "s3:GetObject"},
        ),
        (
            client_error("AccessDeniedException", "The ciphertext refers to a key that is not there"),
            {"lacks": "Converse"},
        ),
        (client_error("ThrottlingException", "is not authorized to perform: s3:GetObject"), {}),
        (ValueError("is not authorized to perform: s3:GetObject"), {}),
    ],
)
def test_the_right_that_a_denied_call_lacked_is_told(error: Exception, told: dict[str, str]) -> None:
    assert lacking(error) == told
