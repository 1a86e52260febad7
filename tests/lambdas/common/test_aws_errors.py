"""The code of a call that AWS refused."""

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of
from tests.lambdas.fakes import client_error


def test_it_is_what_aws_calls_it() -> None:
    assert code_of(client_error("ResourceInUse")) == "ResourceInUse"


def test_an_answer_without_one_has_none() -> None:
    assert code_of(ClientError({"Error": {"Message": "a page of a gateway's"}}, "ListApps")) == ""
