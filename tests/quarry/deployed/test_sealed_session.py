"""The local AWS is reached as it is, whatever the shell and ``~/.aws`` say of a real one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.awsrequest
import botocore.session
import pytest
from botocore.config import Config as ClientConfig

from configuration.environment_file import load
from quarry.command_error import CommandError
from quarry.deployed import sealed_session
from quarry.deployed.connection import LocalAws
from quarry.deployed.deployment import Deployment
from quarry.deployed.sealed_session import sealed_client

HERE = LocalAws(endpoint_url="http://localhost:4566", access_key_id="AKIAHERE", secret_access_key="secret")
Sent = list[tuple[str, botocore.awsrequest.AWSPreparedRequest, dict[str, str]]]


@pytest.fixture(autouse=True)
def _new_session() -> Iterator[None]:
    """Have each test's session made in what surrounds that test, and in nobody else's."""
    sealed_session._session.cache_clear()
    yield
    sealed_session._session.cache_clear()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Each request that would be sent: its URL, itself, and the proxies that its connections go by."""
    seen: Sent = []

    def send(session: Any, request: botocore.awsrequest.AWSPreparedRequest) -> botocore.awsrequest.AWSResponse:
        seen.append((request.url, request, dict(session._proxy_config._proxies)))
        return botocore.awsrequest.AWSResponse(request.url, 200, {}, _Empty())  # type: ignore[arg-type]

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    return seen


class _Empty:
    def stream(self) -> list[bytes]:
        return [b"{}"]


FOREIGN = {
    "a profile": {"AWS_PROFILE": "nosuchprofile"},
    "an old profile": {"AWS_DEFAULT_PROFILE": "nosuchprofile"},
    "proxies": dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9"),
    "a CA file": {"AWS_CA_BUNDLE": "/nonexistent.pem", "REQUESTS_CA_BUNDLE": "/nonexistent.pem"},
    "a token of a session": {"AWS_SESSION_TOKEN": "foreign", "AWS_ACCESS_KEY_ID": "ASIA"},
    "another endpoint": {"AWS_ENDPOINT_URL": "https://elsewhere", "AWS_ENDPOINT_URL_DYNAMODB": "https://elsewhere"},
    "another region": {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"},
    "endpoints of other kinds": {"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
    "what is no number": {"AWS_MAX_ATTEMPTS": "many", "AWS_METADATA_SERVICE_TIMEOUT": "long"},
    "what is no mode": {"AWS_RETRY_MODE": "often", "AWS_DEFAULTS_MODE": "fast"},
}


@pytest.mark.parametrize("variables", FOREIGN.values(), ids=FOREIGN)
def test_nothing_of_the_shell_gets_in(variables: dict[str, str], sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    sealed_client("dynamodb", aws=HERE, region="us-east-1").list_tables()

    ((url, request, proxies),) = sent
    assert url == "http://localhost:4566/"
    assert proxies == {}
    assert "Credential=AKIAHERE/" in str(request.headers["Authorization"])
    assert "/us-east-1/dynamodb/" in str(request.headers["Authorization"])
    assert "X-Amz-Security-Token" not in request.headers


@pytest.mark.parametrize("name", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
@pytest.mark.parametrize("text", ["[default", "[default]\nregion = nowhere\nca_bundle = /nonexistent.pem\n"])
def test_nothing_of_the_files_gets_in(
    name: str, text: str, sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv(name, str(file))

    sealed_client("dynamodb", aws=HERE, region="us-east-1").list_tables()

    assert [url for url, _, _ in sent] == ["http://localhost:4566/"]


def test_clients_of_a_region_share_a_session_and_keep_their_own_address_and_key(
    sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = []
    whole = botocore.session.Session

    def session(**given: Any) -> botocore.session.Session:
        made.append(given)
        return whole(**given)

    monkeypatch.setattr(botocore.session, "Session", session)
    there = LocalAws(endpoint_url="http://localhost:4567", access_key_id="AKIATHERE", secret_access_key="other")

    for aws, region in ((HERE, "us-east-1"), (there, "us-east-1"), (HERE, "eu-west-1")):
        sealed_client("dynamodb", aws=aws, region=region).list_tables()

    keys = [str(request.headers["Authorization"]).partition("Credential=")[2].split("/") for _, request, _ in sent]
    assert [(url, key[0], key[2]) for (url, _, _), key in zip(sent, keys, strict=True)] == [
        ("http://localhost:4566/", "AKIAHERE", "us-east-1"),
        ("http://localhost:4567/", "AKIATHERE", "us-east-1"),
        ("http://localhost:4566/", "AKIAHERE", "eu-west-1"),
    ]
    assert len(made) == 2


def test_buckets_are_asked_for_by_path_whatever_else_a_client_goes_by() -> None:
    client = sealed_client("s3", aws=HERE, region="us-east-1", config=ClientConfig(read_timeout=3))

    assert client.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}).startswith(
        "http://localhost:4566/b/k?"
    )
    assert client.meta.config.read_timeout == 3


def test_a_deployment_on_this_machine_is_sealed_and_another_one_goes_by_the_shell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "many")

    assert Deployment(load("dev"), aws=HERE).client("dynamodb").meta.endpoint_url == "http://localhost:4566"
    with pytest.raises(CommandError, match=r"AWS_\* variables.*cannot be used: .*'many'") as refused:
        Deployment(load("dev")).client("dynamodb")
    assert refused.value.exit_code == 2
