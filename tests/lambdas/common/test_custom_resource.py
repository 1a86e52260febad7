"""The protocol: an answer that CloudFormation takes, put until it arrives."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from lambdas.common import custom_resource
from lambdas.common.custom_resource import MAX_BYTES, Answer
from tests.lambdas.cloudformation import URL, asked


@dataclass
class FakePool:
    """Stands for urllib3's; answers with ``status``."""

    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.requests.append({"method": method, "url": url, **options})
        return urllib3.HTTPResponse(status=self.status)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> FakePool:
    fake = FakePool()
    monkeypatch.setattr(urllib3, "PoolManager", lambda: fake)
    return fake


def test_an_answer_is_put_without_a_content_type_and_again_if_need_be(pool: FakePool) -> None:
    custom_resource.send(URL, b"body")

    (request,) = pool.requests
    assert (request["method"], request["url"], request["body"]) == ("PUT", URL, b"body")
    assert request["headers"] == {"Content-Type": ""}
    retries = request["retries"]
    assert retries.total == 2
    assert all(retries.is_retry("PUT", status) for status in (500, 503))
    assert not retries.is_retry("PUT", 403)


@pytest.mark.parametrize("status", [400, 403, 503])
def test_an_answer_that_is_refused_is_an_error(pool: FakePool, status: int) -> None:
    pool.status = status

    with pytest.raises(OSError, match=str(status)):
        custom_resource.send(URL, b"body")


def test_an_answer_has_all_that_cloudformation_asks_for() -> None:
    made = custom_resource.body(asked("Create", {}), Answer(ok=True, data={"Summary": "s"}), physical_id="id")

    assert json.loads(made) == {
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": "id",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Resource",
        "Data": {"Summary": "s"},
    }


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=6_000))
def test_any_reason_fits(reason: str) -> None:
    made = custom_resource.body(asked("Create", {}), Answer(ok=False, reason=reason), physical_id="id")

    assert len(made) <= MAX_BYTES
    told = json.loads(made)["Reason"]
    assert reason.startswith(told.removesuffix("…"))
