"""Which settings of the shell a call to the endpoint goes by, and what is said of those that cannot be used."""

import pytest

from quarry.command_error import CommandError
from quarry.deployed.endpoint import Endpoint

SETTINGS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
PROXY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def proxies(endpoint: Endpoint) -> int:
    return len(endpoint._client._mounts)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("host", ["localhost:8787", "127.0.0.1:8787", "[::1]:8787", "127.8.8.8"])
def test_a_proxy_is_not_asked_for_this_machine(name: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, PROXY)

    assert proxies(Endpoint(base_url=f"http://{host}/v1", api_key="k")) == 0


@pytest.mark.parametrize("url", ["https://api.example/api/v1", "http://api.example/v1", "https://localhost/v1"])
def test_a_proxy_is_asked_for_what_is_elsewhere(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", PROXY)

    assert proxies(Endpoint(base_url=url, api_key="k")) > 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSL_CERT_FILE", "/nonexistent.pem"),
        ("SSL_CERT_FILE", __file__),
        ("SSL_CERT_FILE", "/"),
        ("HTTPS_PROXY", "x://y"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(CommandError, match=rf"cannot be called: .* The shell has {name}={value}") as refused:
        Endpoint(base_url="https://api.example/api/v1", api_key="k")
    assert refused.value.exit_code == 2
    Endpoint(base_url="http://localhost:8787/v1", api_key="k")


@pytest.mark.parametrize("url", ["http://[::1/v1", "http://[bad]/v1"])
def test_what_is_no_url_is_named(url: str) -> None:
    with pytest.raises(CommandError, match="is no URL"):
        Endpoint(base_url=url, api_key="k")


@pytest.mark.parametrize("url", ["ftp://api.example/v1", "api.example/v1", "localhost:8787/v1", "/v1", "nonsense"])
def test_a_url_of_another_kind_is_refused_with_what_one_looks_like(url: str) -> None:
    with pytest.raises(CommandError, match="is no URL of an endpoint: it begins with https:// or http://") as refused:
        Endpoint(base_url=url, api_key="k")
    assert refused.value.exit_code == 2


def test_the_kind_of_a_url_may_be_in_capitals() -> None:
    assert Endpoint(base_url="HTTP://localhost:8787/v1", api_key="k").base_url == "HTTP://localhost:8787/v1"
