import os
from pathlib import Path

import pytest

from sandbox.connection import Connection

CONNECTION = Connection(aws_port=4601, port=8801, secret_access_key="secret")
STATE = Path("/somewhere/.sandbox")


def test_urls_go_by_name_so_that_host_style_addresses_work() -> None:
    assert CONNECTION.aws_url == "http://localhost:4601"
    assert CONNECTION.url == "http://localhost:8801"


def test_environment_names_everything_a_client_needs() -> None:
    environment = CONNECTION.environment(state=STATE)

    assert environment["AWS_ENDPOINT_URL"] == environment["AWS_ENDPOINT_URL_S3"] == "http://localhost:4601"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "us-east-1"
    assert environment["CDK_DEFAULT_ACCOUNT"] == "000000000000"
    assert environment["CDK_DEFAULT_REGION"] == "us-east-1"
    assert environment["SANDBOX_URL"] == "http://localhost:8801"
    assert environment["AWS_SECRET_ACCESS_KEY"] == "secret"
    assert environment["AWS_CONFIG_FILE"] == os.devnull


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_A_VARIABLE_OF_NEXT_YEAR",
    ],
)
def test_nothing_of_a_real_account_reaches_a_client(name: str) -> None:
    assert name not in CONNECTION.client_environment({name: "real"}, state=STATE)


def test_real_credentials_are_replaced_and_the_rest_is_kept() -> None:
    inherited = {"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "real", "PATH": "/bin"}

    environment = CONNECTION.client_environment(inherited, state=STATE)

    assert environment["AWS_ACCESS_KEY_ID"] == CONNECTION.access_key_id
    assert environment["AWS_SECRET_ACCESS_KEY"] == "secret"
    assert environment["PATH"] == "/bin"


def test_a_proxy_is_not_asked_for_the_loopback() -> None:
    environment = CONNECTION.client_environment({"NO_PROXY": "intranet, localhost"}, state=STATE)

    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet,localhost,127.0.0.1,::1"
