"""Who calls: the serving function, whose every failure is an outcome too, or the operator."""

import pytest
from botocore.exceptions import EndpointConnectionError

from lambdas.model_access.probers import OwnCredentials, ServingFunction
from lambdas.model_access.refusals import Outcome, denied_region, verdict_of
from lambdas.model_access.verdicts import Verdict
from tests.lambdas.fakes import FakeConverse, converse_reply
from tests.lambdas.model_access.fakes import FakeLambda, denied


def probe(client: FakeLambda) -> dict[str, Outcome]:
    done: list[str] = []
    outcomes = ServingFunction(client, "serving").probe(["a", "b"], answered=done.append)
    assert done == ["a", "b"]
    return dict(outcomes)


def test_the_function_is_asked_once_for_all() -> None:
    client = FakeLambda(
        reply=[
            {"model_id": "a", "ok": True, "code": "", "message": ""},
            {"model_id": "b", "ok": False, "code": "ThrottlingException", "message": "slow"},
        ]
    )

    assert probe(client) == {
        "a": Outcome(ok=True),
        "b": Outcome(ok=False, code="ThrottlingException", message="slow"),
    }
    assert client.events == [{"quarry": "probe", "model_ids": ["a", "b"]}]


@pytest.mark.parametrize(
    ("client", "verdict", "says"),
    [
        (
            FakeLambda(error=denied("AccessDeniedException", "perform: lambda:InvokeFunction")),
            "denied_by_iam",
            "lambda",
        ),
        (FakeLambda(error=EndpointConnectionError(endpoint_url="http://x")), "unknown", "EndpointConnectionError"),
        (FakeLambda(reply={"errorMessage": "boom"}, function_error="Unhandled"), "unknown", "boom"),
        (FakeLambda(reply={"statusCode": 404}), "unknown", "no list"),
    ],
)
def test_a_function_that_cannot_be_asked_is_an_outcome(client: FakeLambda, verdict: str, says: str) -> None:
    for outcome in probe(client).values():
        assert verdict_of(outcome) == verdict
        assert says in outcome.message


def test_the_operators_own_credentials_call_too() -> None:
    done: list[str] = []

    outcomes = OwnCredentials(FakeConverse(converse_reply())).probe(["a"], answered=done.append)

    assert outcomes == {"a": Outcome(ok=True)}
    assert done == ["a"]


@pytest.mark.parametrize(
    ("code", "message", "verdict"),
    [
        ("ModelNotReadyException", "", Verdict.THROTTLED),
        ("InternalServerException", "", Verdict.THROTTLED),
        ("ServiceQuotaExceededException", "", Verdict.QUOTA_ZERO),
        ("AccessDeniedException", "INVALID_PAYMENT_INSTRUMENT: add one in AWS Marketplace", Verdict.ACCOUNT_BLOCKED),
        ("AccessDeniedException", "denied by a resource control policy", Verdict.DENIED_BY_ORGANIZATION),
        ("AccessDeniedException", "is not available for this account", Verdict.ACCOUNT_BLOCKED),
        ("ExpiredTokenException", "", Verdict.DENIED_BY_IAM),
        ("ResourceNotFoundException", "Model not found.", Verdict.NOT_IN_REGION),
        ("ValidationException", "messages: too long", Verdict.UNKNOWN),
    ],
)
def test_every_error_has_one_meaning(code: str, message: str, verdict: Verdict) -> None:
    assert verdict_of(Outcome(ok=False, code=code, message=message)) is verdict


@pytest.mark.parametrize(
    ("message", "region"),
    [
        ("perform: bedrock:InvokeModel on resource: arn:aws:bedrock:eu-west-3::foundation-model/x with", "eu-west-3"),
        ("perform: bedrock:InvokeModel on resource: arn:aws:bedrock:::foundation-model/x", ""),
        ("perform: bedrock:InvokeModel on resource: us.amazon.nova", ""),
        ("no", ""),
    ],
)
def test_a_denial_names_its_region(message: str, region: str) -> None:
    assert denied_region(message) == region
