"""API Gateway's AWS integrations with S3, in process: with the role's rights, and only what the method declares."""

from typing import Any

import pytest
from ministack.services import apigateway_v1, s3

from sandbox import service_role
from sandbox.api_gateway import s3_integrations
from sandbox.service_role import NotAuthorizedError, ServiceRole

TEXT = "// grün\n"
INTEGRATION: dict[str, Any] = {
    "credentials": "arn:aws:iam::000000000000:role/reader",
    "integrationResponses": {
        "200": {
            "statusCode": "200",
            "responseParameters": {"method.response.header.Content-Security-Policy": "'default-src 'none''"},
        },
        "502": {
            "statusCode": "502",
            "selectionPattern": r"[45]\d{2}",
            "responseTemplates": {"application/json": '{"error": {}}'},
        },
    },
}
DECLARED = {"200": {"content-security-policy"}, "502": set[str]()}


class Reader(ServiceRole):
    """A role that may read one object."""

    def require(self, action: str, resource: str, context: Any = None) -> None:
        if (action, resource) not in {("s3:GetObject", "arn:aws:s3:::b/a.js"), ("s3:GetObject", "arn:aws:s3:::b/gone")}:
            raise NotAuthorizedError(f"not {action} on {resource}")


@pytest.fixture(autouse=True)
def _bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {("b", "a.js"): TEXT.encode(), ("b", "other"): b"secret", ("b", "image"): b"\xff\xd8"}
    monkeypatch.setattr(s3, "_get_object_data", lambda bucket, key: kept.get((bucket, key)))
    monkeypatch.setattr(service_role, "assume", lambda arn, **_: Reader(arn, "session"))


def answer(key: str, declared: dict[str, set[str]] | None = None, **changes: Any) -> Any:
    return s3_integrations.answer(
        INTEGRATION | changes, bucket="b", key=key, api_id="api", declared=DECLARED if declared is None else declared
    )


def test_text_comes_as_it_is_with_the_headers_that_are_mapped() -> None:
    status, headers, content = answer("a.js")

    assert (status, content.decode()) == (200, TEXT)
    assert headers["Content-Security-Policy"] == "default-src 'none'"


@pytest.mark.parametrize("key", ["other", "gone"])
def test_what_the_role_may_not_read_or_is_not_there_is_the_other_response(key: str) -> None:
    assert answer(key) == (502, {"Content-Type": "application/json"}, b'{"error": {}}')


def test_a_header_that_the_method_does_not_declare_breaks_the_answer() -> None:
    assert answer("a.js", declared={}).response_type == "API_CONFIGURATION_ERROR"


def test_a_role_that_does_not_trust_api_gateway_breaks_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(arn: str, **_: Any) -> ServiceRole:
        raise NotAuthorizedError(arn)

    monkeypatch.setattr(service_role, "assume", refuse)

    assert answer("a.js").response_type == "API_CONFIGURATION_ERROR"


def test_without_binary_media_types_bytes_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reader, "require", lambda *_: None)

    assert answer("image")[2].decode() == "\ufffd\ufffd"


def test_other_integrations_are_left_to_ministack(monkeypatch: pytest.MonkeyPatch) -> None:
    async def others(integration: Any, *_: Any, **__: Any) -> str:
        return str(integration["uri"])

    wrapped = s3_integrations._with_s3(others)
    coroutine = wrapped({"uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations"})
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)

    assert ":lambda:" in done.value.value
    s3_integrations.install()
    installed = apigateway_v1._invoke_lambda_custom_v1
    s3_integrations.install()
    assert apigateway_v1._invoke_lambda_custom_v1 is installed
