"""What each proof makes of what an account says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from configuration.config import Config
from configuration.environment_file import load
from configuration.knowledge.section import Knowledge
from quarry.deployed.deployment import Deployment
from quarry.prove import control_plane, requests
from quarry.prove.proof import Account, Outcome, Verdict

Answers = dict[str, Any]


def refused(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


class FakeClient:
    """Answers operations by name: with a value, an exception, or what a function makes of the arguments."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            answer = self._answers[operation]
            if isinstance(answer, Exception):
                raise answer
            return answer(**arguments) if callable(answer) else answer

        return call

    def get_paginator(self, operation: str) -> Any:
        return type("Pages", (), {"paginate": lambda _self, **arguments: [getattr(self, operation)(**arguments)]})()


@dataclass
class FakeStream:
    """The endpoint: what it charges for a stream, and for one whose caller hangs up."""

    whole: int = 100
    hung_up: int = 100
    asked: list[str] = field(default_factory=list)
    written: int = 0

    def models(self) -> list[str]:
        return ["embed", "fast", "smart"]

    def chat(self, _messages: Any, *, model: str) -> dict[str, Any]:
        self.asked.append(model)
        return {}

    def stream(self, _messages: Any, *, model: str) -> Iterator[dict[str, Any]]:
        self.asked.append(model)
        heard = False
        try:
            yield {}
            yield {}
            heard = True
        finally:
            self.written += self.whole if heard else self.hung_up

    def usage(self) -> dict[str, Any]:
        return {"today": {"output_tokens": self.written}}


def account(answers: Answers, *, config: Config | None = None, endpoint: FakeStream | None = None) -> Account:
    deployment = Deployment(config or load("dev"))
    deployment.client = lambda _service, **_: FakeClient(answers)  # type: ignore[method-assign]
    deployment.output = lambda _name, **_: "KB12345678"  # type: ignore[method-assign]
    made = Account(deployment)
    if endpoint:
        made.__dict__["endpoint"] = endpoint
    return made


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(requests, "sleep", seconds.append)
    return seconds


@pytest.mark.parametrize(("prompts", "verdict"), [(10.0, Verdict.AS_WRITTEN), (50.0, Verdict.OTHERWISE)])
def test_quotas_are_compared(prompts: float, verdict: Verdict) -> None:
    values = {"L-D471AEAB": 20.0, "L-FBBE47CA": prompts}
    told = control_plane.version_quotas(
        account({"get_service_quota": lambda **asked: {"Quota": {"Value": values[asked["QuotaCode"]]}}})
    )

    assert told == Outcome(verdict=verdict, seen=f"versions per guardrail: 20, versions per prompt: {prompts:g}")


def test_profiles_that_the_catalogue_has_and_bedrock_has_not_are_named() -> None:
    indian = load("dev").model_copy(update={"region": "ap-south-1"})
    page = {"inferenceProfileSummaries": [{"inferenceProfileId": "in.anthropic.claude-sonnet-5"}], "nextToken": ""}

    told = control_plane.profiles(account({"list_inference_profiles": page}, config=indian))

    assert told.verdict is Verdict.OTHERWISE
    assert "in.anthropic.claude-haiku-4-5-20251001-v1:0" in told.seen
    assert "sonnet-5," not in told.seen


def test_where_no_profile_is_doubted_there_is_nothing_to_tell() -> None:
    assert control_plane.profiles(account({})).verdict is Verdict.NOT_TOLD


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ({"Content": {"CodeSize": 2_000_000}}, Verdict.AS_WRITTEN),
        (refused("ResourceNotFoundException"), Verdict.OTHERWISE),
    ],
)
def test_a_layer_that_is_not_there_is_told(answer: Any, verdict: Verdict) -> None:
    assert control_plane.adapter_layer(account({"get_layer_version_by_arn": answer})).verdict is verdict


def test_a_layer_that_may_not_be_read_is_no_proof() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        control_plane.adapter_layer(account({"get_layer_version_by_arn": refused("AccessDeniedException")}))


@pytest.mark.parametrize(
    ("named", "role", "verdict"),
    [
        ({"cloudwatchRoleArn": "arn:aws:iam::111122223333:role/logs"}, {}, Verdict.AS_WRITTEN),
        ({"cloudwatchRoleArn": "arn:aws:iam::111122223333:role/logs"}, refused("NoSuchEntity"), Verdict.OTHERWISE),
        ({}, {}, Verdict.NOT_TOLD),
    ],
)
def test_a_dead_logging_role_is_told(named: Any, role: Any, verdict: Verdict) -> None:
    assert control_plane.logging_role(account({"get_account": named, "get_role": role})).verdict is verdict


def test_what_was_refused_after_a_wait_is_told() -> None:
    config = load("dev").model_copy(update={"knowledge": Knowledge.model_validate({})})
    events = [
        {"LogicalResourceId": "Index", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "403 Forbidden"},
        {"LogicalResourceId": "Role", "ResourceStatus": "CREATE_COMPLETE"},
    ]

    refused_once = control_plane.waits(account({"describe_stack_events": {"StackEvents": events}}, config=config))
    never = control_plane.waits(account({"describe_stack_events": {"StackEvents": events[1:]}}, config=config))

    assert refused_once == Outcome(verdict=Verdict.OTHERWISE, seen="Index: 403 Forbidden")
    assert never.verdict is Verdict.AS_WRITTEN


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (refused("ValidationException", "with on-demand throughput isn't supported"), Verdict.AS_WRITTEN),
        (refused("ValidationException", "in other words"), Verdict.OTHERWISE),
        ({}, Verdict.OTHERWISE),
    ],
)
def test_the_words_of_the_refusal_are_compared(answer: Any, verdict: Verdict) -> None:
    assert requests.needs_profile(account({"converse": answer})).verdict is verdict


@pytest.mark.parametrize(("hung_up", "verdict"), [(100, Verdict.AS_WRITTEN), (7, Verdict.OTHERWISE)])
def test_who_hangs_up_is_charged_for_the_whole(hung_up: int, verdict: Verdict, slept: list[float]) -> None:
    told = requests.hang_up(account({}, endpoint=FakeStream(hung_up=hung_up)))

    assert told.verdict is verdict
    assert told.seen.startswith(f"100 tokens heard to the end; {hung_up} were charged")
    assert slept == [requests.ENDED_SECONDS]


def test_connections_are_left_idle_between_two_requests(slept: list[float]) -> None:
    endpoint = FakeStream()

    assert requests.frozen_connections(account({}, endpoint=endpoint)).verdict is Verdict.AS_WRITTEN
    assert endpoint.asked == ["fast", "fast"]
    assert slept == [requests.IDLE_SECONDS]


def test_only_chat_aliases_are_asked_through_their_profiles() -> None:
    dev = load("dev")
    models = dev.models.model_copy(update={"cost_allocation": True})
    endpoint = FakeStream()

    told = requests.profile_condition(account({}, config=dev.model_copy(update={"models": models}), endpoint=endpoint))

    assert told == Outcome(verdict=Verdict.AS_WRITTEN, seen="answered: fast, smart")
    assert endpoint.asked == ["fast", "smart"]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [({}, Verdict.AS_WRITTEN), (refused("ValidationException", "HYBRID is not supported"), Verdict.OTHERWISE)],
)
def test_a_refused_search_type_is_told(answer: Any, verdict: Verdict) -> None:
    config = load("dev").model_copy(update={"knowledge": Knowledge.model_validate({})})

    assert requests.search_type(account({"retrieve": answer}, config=config)).verdict is verdict
