"""The answer's way to CloudFormation: put as the URL is signed, again where it failed, and never told to the log."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3

from lambdas.common import response_url
from lambdas.common.custom_resource import ANSWER_SECONDS
from lambdas.common.response_url import ATTEMPT_SECONDS
from tests.lambdas.cloudformation import URL


@dataclass
class FakePool:
    """Stands for urllib3's; answers with ``status``."""

    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.requests.append({"method": method, "url": url, **options})
        return urllib3.HTTPResponse(status=self.status)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePool]:
    fake = FakePool()
    monkeypatch.setattr(urllib3, "PoolManager", lambda: fake)
    logs = logging.getLogger("urllib3")
    level = logs.level
    yield fake
    logs.setLevel(level)


def test_an_answer_is_put_without_a_content_type_and_again_if_need_be(pool: FakePool) -> None:
    response_url.send(URL, b"body", seconds=ANSWER_SECONDS)

    (request,) = pool.requests
    assert (request["method"], request["url"], request["body"]) == ("PUT", URL, b"body")
    assert request["headers"] == {"Content-Type": ""}
    retries = request["retries"]
    assert retries.total == 2
    assert all(retries.is_retry("PUT", status) for status in (500, 503))
    assert not retries.is_retry("PUT", 403)
    assert not retries.respect_retry_after_header


def test_attempts_that_failed_are_not_logged_with_the_signed_url(
    pool: FakePool, caplog: pytest.LogCaptureFixture
) -> None:
    response_url.send(URL, b"body", seconds=1)

    logging.getLogger("urllib3.connectionpool").warning("Retrying after connection broken: /signature")

    assert caplog.text == ""


@pytest.mark.parametrize("seconds", [0.0, ANSWER_SECONDS, 60.0, 580.0])
def test_it_is_tried_again_as_long_as_there_is_time_and_no_longer(pool: FakePool, seconds: float) -> None:
    response_url.send(URL, b"body", seconds=seconds)

    request = pool.requests[0]
    retries = request["retries"]
    takes = attempt = request["timeout"].total
    attempts = 1
    while retries.total:
        retries = retries.increment("PUT", URL, response=urllib3.HTTPResponse(status=503))
        takes += retries.get_backoff_time() + attempt
        attempts += 1
    assert attempt == ATTEMPT_SECONDS
    assert takes <= max(seconds, ANSWER_SECONDS)
    assert attempts >= max(3, seconds // 20)


@pytest.mark.parametrize("status", [400, 403, 503])
def test_an_answer_that_is_refused_is_an_error(pool: FakePool, status: int) -> None:
    pool.status = status

    with pytest.raises(OSError, match=str(status)):
        response_url.send(URL, b"body", seconds=1)
