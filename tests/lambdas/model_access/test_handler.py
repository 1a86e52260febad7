"""The function: CloudFormation always gets exactly one answer, whatever happens; askers get the findings."""

import json
import threading
from datetime import date

import pytest

from lambdas.common import aws, custom_resource
from lambdas.common.custom_resource import ANSWER_SECONDS
from lambdas.model_access import candidates, handler
from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.check import ModelAccessCheck
from lambdas.model_access.fixes import Fixes
from lambdas.model_access.passed import PassedInParameter
from lambdas.model_access.refusals import Outcome
from lambdas.model_access.settings import ModelAccessSettings
from lambdas.model_access.verdicts import Finding, Verdict
from tests.lambdas.cloudformation import Context, FakeCloudFormation
from tests.lambdas.model_access.deploying import FORM, READY, Unwritable, broken, deploy, event, finds
from tests.lambdas.model_access.fakes import HAIKU, MICRO, FakeBedrock, FakeParameters, FakeProber
from tests.waiting import PATIENCE


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_deployment_fails_with_the_fix_as_its_reason(request_type: str) -> None:
    answer = deploy(finds(FORM), request=request_type)

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == "Model access: smart (m): anthropic_form_missing. send it"
    assert (answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]) == ("stack", "request", "Check")


@pytest.mark.parametrize(
    ("mode", "findings", "status"),
    [("fail", [FORM, READY], "SUCCESS"), ("warn", [FORM], "SUCCESS"), ("fail", [READY], "SUCCESS")],
)
def test_a_usable_fallback_or_the_mode_warn_lets_it_pass(mode: str, findings: list[Finding], status: str) -> None:
    answer = deploy(finds(*findings), mode=mode)

    assert answer["Status"] == status
    assert answer["Data"]["Summary"].startswith("smart: ")


def test_what_the_account_lacks_besides_models_is_told_and_fails_nothing() -> None:
    answer = deploy(finds(READY), lacking=["Lambda runs 10 functions at once"])

    assert answer["Status"] == "SUCCESS"
    assert answer["Data"]["Summary"] == "smart: ready | Lambda runs 10 functions at once"


def test_the_physical_id_never_changes() -> None:
    created = deploy(finds(READY))["PhysicalResourceId"]

    assert created == deploy(finds(READY), PhysicalResourceId=created, request="Update")["PhysicalResourceId"]


def test_deleting_checks_nothing() -> None:
    def check(_asked: list[CheckedCandidate]) -> list[Finding]:
        raise AssertionError("not to be called")

    assert deploy(check, request="Delete")["Status"] == "SUCCESS"
    assert deploy(check, request="Delete", ResourceProperties={"Candidates": "{"})["Status"] == "SUCCESS"


@pytest.mark.parametrize(("mode", "status"), [("fail", "FAILED"), ("warn", "SUCCESS")])
def test_a_check_that_breaks_answers_too_without_a_stack_trace(mode: str, status: str) -> None:
    def check(_asked: list[CheckedCandidate]) -> list[Finding]:
        raise RuntimeError("secret")

    answer = deploy(check, mode=mode)

    assert answer["Status"] == status
    assert "models.access_check to warn or off" in answer["Reason"]
    assert "secret" not in json.dumps(answer)


def test_broken_properties_are_answered_too() -> None:
    assert deploy(finds(READY), ResourceProperties={"Candidates": "{"})["Status"] == "FAILED"


@pytest.mark.parametrize(("mode", "status"), [("fail", "FAILED"), ("warn", "SUCCESS")])
def test_a_check_that_hangs_is_answered_in_time(mode: str, status: str) -> None:
    ends = threading.Event()

    def check(_asked: list[CheckedCandidate]) -> list[Finding]:
        ends.wait(PATIENCE)
        return [READY]

    answer = deploy(check, seconds=ANSWER_SECONDS + handler.NOTING_SECONDS + 0.05, mode=mode)
    ends.set()

    assert answer["Status"] == status
    assert "did not finish within 0 s" in answer["Reason"]
    assert "models.access_check to warn or off" in answer["Reason"]


def test_a_policy_that_does_not_count_yet_is_waited_for() -> None:
    denial = Finding(alias="smart", model_id="m", callable_id="m", verdict=Verdict.DENIED_BY_IAM, usable=False)
    answers = [[denial], [denial], [READY]]

    assert deploy(lambda _asked: answers.pop(0))["Status"] == "SUCCESS"
    assert deploy(finds(denial))["Status"] == "FAILED"


def test_the_answer_is_never_longer_than_cloudformation_takes() -> None:
    long = [
        Finding(
            alias=f"a{number}", model_id='"' * 100, callable_id="", verdict=Verdict.LEGACY, usable=False, fix="ü" * 99
        )
        for number in range(40)
    ]

    cloudformation = FakeCloudFormation()
    handler.lambda_handler(
        event(),
        Context(),
        check=finds(*long),
        send=cloudformation,
        passed=lambda: PassedInParameter(FakeParameters(), "p"),
        notices=list,
    )

    assert len(cloudformation.bodies[0]) <= custom_resource.MAX_BYTES
    assert cloudformation.answer["Reason"].endswith("…")


def test_whoever_asks_gets_findings() -> None:
    asked: list[CheckedCandidate] = []

    def check(wanted: list[CheckedCandidate]) -> list[Finding]:
        asked.extend(wanted)
        return [FORM]

    event = {"action": "check", "candidates": candidates.to_json([MICRO])}
    reply = handler.lambda_handler(event, Context(), check, notices=lambda: ["x"])

    assert asked == [MICRO]
    assert [Finding.from_json(one) for one in reply["findings"]] == [FORM]
    assert reply["notices"] == ["x"]


def test_other_events_are_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        handler.lambda_handler({"action": "dance"}, Context())


def test_a_request_without_a_way_back_is_not_taken_for_something_else() -> None:
    told = handler.lambda_handler({"RequestType": "Create"}, Context(), check=broken)

    assert (told["ok"], "no ResponseURL" in told["reason"]) == (False, True)


@pytest.mark.parametrize("missing", ["ResourceProperties", "LogicalResourceId", "StackId", "RequestId", "RequestType"])
def test_malformed_requests_are_answered(missing: str) -> None:
    cloudformation = FakeCloudFormation()
    incomplete = event()
    del incomplete[missing]

    handler.lambda_handler(
        incomplete,
        Context(),
        check=finds(READY),
        send=cloudformation,
        passed=lambda: PassedInParameter(FakeParameters(), "p"),
        notices=list,
    )

    failed = missing in ("ResourceProperties", "RequestType")
    assert cloudformation.answer["Status"] == ("FAILED" if failed else "SUCCESS")


@pytest.mark.parametrize("parameters", [FakeParameters(), Unwritable()])
def test_what_is_deployed_is_checked_and_published(monkeypatch: pytest.MonkeyPatch, parameters: FakeParameters) -> None:
    profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    settings = ModelAccessSettings(
        environment="dev",
        region="us-east-1",
        inference_function="f",
        parameter_name="/quarry/dev/model-access",
        participants=1,
        needed_until=date(2026, 12, 31),
        called_as={"smart": {HAIKU.callable_id: profile}},
    )
    prober = FakeProber({profile: Outcome(ok=False, code="ThrottlingException")})
    check = ModelAccessCheck(bedrock=FakeBedrock(), prober=prober, fixes=Fixes(environment="dev", region="us-east-1"))
    monkeypatch.setattr(handler, "settings", lambda: settings)
    monkeypatch.setattr(handler, "access_check", lambda: check)
    monkeypatch.setattr(aws, "client", lambda *_arguments, **_options: parameters)

    findings = handler.check([MICRO, HAIKU])

    assert [(one.callable_id, one.verdict) for one in findings] == [
        (MICRO.callable_id, Verdict.READY),
        (profile, Verdict.THROTTLED),
    ]
    published = json.loads(parameters.value)["aliases"]
    assert published == (
        {}
        if isinstance(parameters, Unwritable)
        else {
            "fast": {"standing": "first", "verdict": "ready"},
            "smart": {"standing": "first", "verdict": "throttled"},
        }
    )


def test_settings_make_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "ENVIRONMENT": "dev", "REGION": "us-east-1", "INFERENCE_FUNCTION": "f", "PARAMETER_NAME": "/p",
        "PARTICIPANTS": "40", "NEEDED_UNTIL": "null", "CALLED_AS": "{}",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    handler.settings.cache_clear()
    handler.access_check.cache_clear()
    handler.passed.cache_clear()

    assert handler.settings().needed_until is None
    assert isinstance(handler.access_check(), ModelAccessCheck)
    assert isinstance(handler.passed(), PassedInParameter)
    handler.settings.cache_clear()
    handler.access_check.cache_clear()
    handler.passed.cache_clear()
