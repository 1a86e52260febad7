"""The stand-in model over HTTP, with a real SDK client, signatures and IAM."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError, ReadTimeoutError, ResponseStreamingError

from lambdas.common.deadline import Deadline
from lambdas.common.direct import DirectClient
from sandbox import ports
from sandbox.model.errors import BREAKS
from sandbox.model.script import ModelScript
from tests.waiting import PATIENCE, eventually

MODEL = "amazon.nova-micro-v1:0"
PROFILE = f"us.{MODEL}"
HELLO = [{"role": "user", "content": [{"text": "Hello"}]}]
PROFILE_ARN = f"arn:aws:bedrock:us-east-1:000000000000:inference-profile/{PROFILE}"
MODEL_ARNS = [
    f"arn:aws:bedrock:{region}::foundation-model/{MODEL}" for region in ("us-east-1", "us-east-2", "us-west-2")
]

Client = Callable[..., Any]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server of its own for this module, ended by its process id."""
    (port,) = ports.free(1)
    root = Path(__file__).parents[3]
    command = [sys.executable, "-m", "tests.sandbox.model.server", str(port)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port, process)
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    def listens() -> bool:
        assert process.poll() is None, "the server ended before it served"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(listens)


@pytest.fixture
def client(endpoint: str) -> Iterator[Client]:
    """Make a boto3 client, of the account's root unless keys are given."""
    made: list[Any] = []

    def make(service: str, key: str = "test", secret: str = "test") -> Any:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=PATIENCE)
        one = boto3.client(
            service,  # type: ignore[call-overload]  # the name is a parameter
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=config,
        )
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


@pytest.fixture
def model(endpoint: str) -> Iterator[ModelScript]:
    with ModelScript(endpoint) as script:
        yield script


@pytest.fixture
def user(client: Client) -> Iterator[tuple[Any, Callable[..., None]]]:
    """A client of a user without rights, and a function that gives it (action, resources) statements."""
    iam = client("iam")
    iam.create_user(UserName="caller")
    key = iam.create_access_key(UserName="caller")["AccessKey"]

    def allow(*statements: tuple[str, list[str]]) -> None:
        entries = [{"Effect": "Allow", "Action": action, "Resource": resources} for action, resources in statements]
        document = json.dumps({"Version": "2012-10-17", "Statement": entries})
        iam.put_user_policy(UserName="caller", PolicyName="p", PolicyDocument=document)

    yield client("bedrock-runtime", key["AccessKeyId"], key["SecretAccessKey"]), allow
    iam.delete_access_key(UserName="caller", AccessKeyId=key["AccessKeyId"])
    for name in iam.list_user_policies(UserName="caller")["PolicyNames"]:
        iam.delete_user_policy(UserName="caller", PolicyName=name)
    iam.delete_user(UserName="caller")


def test_tokens_arrive_as_they_are_sent(client: Client, model: ModelScript) -> None:
    model.hold(after_tokens=2)
    runtime = client("bedrock-runtime")
    reply = runtime.converse_stream(modelId=MODEL, messages=HELLO, inferenceConfig={"maxTokens": 10})
    events = iter(reply["stream"])
    first = [next(events) for _ in range(3)]
    assert [next(iter(event)) for event in first] == ["messageStart", "contentBlockDelta", "contentBlockDelta"]
    (call,) = model.calls()
    assert (len(call["sent"]), call["outcome"]) == (2, "running")
    model.clear()
    rest = list(events)
    assert len([event for event in rest if "contentBlockDelta" in event]) == 8
    assert rest[-1]["metadata"]["usage"]["outputTokens"] == 10


def test_a_client_that_leaves_stops_the_stream(client: Client, model: ModelScript) -> None:
    model.hold()
    stream = client("bedrock-runtime").converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    for event in stream:
        if "contentBlockDelta" in event:
            break
    stream.close()
    call = eventually(lambda: next((one for one in model.calls()[-1:] if one["outcome"] != "running"), None))
    assert call["disconnected"] is True
    assert len(call["sent"]) < call["output_tokens"]


def test_the_sdk_raises_what_was_scripted(client: Client, model: ModelScript) -> None:
    runtime = client("bedrock-runtime")
    model.throttle(times=1).error_mid_stream(after_tokens=1)
    with pytest.raises(runtime.exceptions.ThrottlingException):
        runtime.converse(modelId=MODEL, messages=HELLO)
    reply = runtime.converse_stream(modelId=MODEL, messages=HELLO)
    with closing(reply["stream"]) as stream, pytest.raises(EventStreamError, match="modelStreamErrorException"):
        list(stream)
    assert [step["used"] for step in model.steps()] == [1, 1]
    with pytest.raises(ValueError, match="cannot do 'dance'"):
        model.fault("dance")


def test_a_profile_needs_every_destination(user: tuple[Any, Callable[..., None]]) -> None:
    runtime, allow = user
    with pytest.raises(ClientError, match=r"bedrock:InvokeModel on resource: .*inference-profile/us\."):
        runtime.converse(modelId=PROFILE, messages=HELLO)
    allow(("bedrock:InvokeModel", [PROFILE_ARN, *MODEL_ARNS[:2]]))
    with pytest.raises(ClientError, match="bedrock:InvokeModel on resource: arn:aws:bedrock:us-west-2::foundation"):
        runtime.converse(modelId=PROFILE, messages=HELLO)
    allow(("bedrock:InvokeModel", [PROFILE_ARN, *MODEL_ARNS]))
    assert runtime.converse(modelId=PROFILE, messages=HELLO)["stopReason"] == "end_turn"
    with pytest.raises(ClientError, match="bedrock:InvokeModelWithResponseStream on resource"):
        runtime.converse_stream(modelId=PROFILE, messages=HELLO)


def test_a_guardrail_needs_its_own_right(client: Client, user: tuple[Any, Callable[..., None]]) -> None:
    runtime, allow = user
    made = client("bedrock").create_guardrail(
        name="needs-right",
        blockedInputMessaging="no",
        blockedOutputsMessaging="no",
        wordPolicyConfig={"wordsConfig": [{"text": "xyzzy"}]},
    )
    config = {"guardrailIdentifier": made["guardrailId"], "guardrailVersion": "DRAFT"}
    allow(("bedrock:InvokeModel", MODEL_ARNS))
    with pytest.raises(ClientError, match="bedrock:ApplyGuardrail on resource"):
        runtime.converse(modelId=MODEL, messages=HELLO, guardrailConfig=config)
    allow(("bedrock:InvokeModel", MODEL_ARNS), ("bedrock:ApplyGuardrail", [made["guardrailArn"]]))
    assert runtime.converse(modelId=MODEL, messages=HELLO, guardrailConfig=config)["stopReason"] == "end_turn"
    client("bedrock").delete_guardrail(guardrailIdentifier=made["guardrailId"])


def test_reading_a_profile_by_arn_needs_the_right_on_that_arn(client: Client) -> None:
    iam = client("iam")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    bedrock = client("bedrock", key["AccessKeyId"], key["SecretAccessKey"])
    statement = {"Effect": "Allow", "Action": "bedrock:GetInferenceProfile", "Resource": PROFILE_ARN}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=document)
    assert bedrock.get_inference_profile(inferenceProfileIdentifier=PROFILE_ARN)["inferenceProfileId"] == PROFILE
    with pytest.raises(ClientError, match="AccessDenied"):
        bedrock.get_inference_profile(inferenceProfileIdentifier=PROFILE_ARN.replace("micro", "lite"))


def test_signatures_are_verified(client: Client, user: tuple[Any, Callable[..., None]]) -> None:
    runtime, _ = user
    key = runtime._request_signer._credentials.access_key
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        client("bedrock-runtime", key, "wrong").converse(modelId=MODEL, messages=HELLO)


@pytest.fixture
def bounded(client: Client) -> Any:
    """The platform's own client, with a short patience."""
    session = botocore.session.Session()
    session.set_credentials("test", "test")
    return DirectClient(client("bedrock-runtime"), session).until(Deadline.after(5))


@pytest.mark.parametrize("how", sorted(BREAKS))
def test_a_stream_breaks_off_in_every_way_after_its_tokens(model: ModelScript, bounded: Any, how: str) -> None:
    model.break_off(how, after_tokens=2)
    came: list[Any] = []
    failures: list[type[BaseException]] = []
    if how == "silence":
        bounded = bounded.until(Deadline.after(1))
    stream = bounded.converse_stream(modelId=MODEL, messages=HELLO)["stream"]
    try:
        came.extend(stream)
    except BotoCoreError as error:
        failures.append(type(error))
    stream.close()

    assert [next(iter(event)) for event in came] == ["messageStart", "contentBlockDelta", "contentBlockDelta"]
    assert failures == {"no_stop": [], "silence": [ReadTimeoutError]}.get(how, [ResponseStreamingError])
    call = eventually(lambda: next((one for one in model.calls() if one["finished"]), None))
    assert call["outcome"] == how


@pytest.mark.parametrize("how", sorted(BREAKS))
def test_a_whole_answer_breaks_off_in_every_way(model: ModelScript, bounded: Any, how: str) -> None:
    model.break_off(how)
    if how in ("damage", "no_stop"):
        # botocore takes JSON that is damaged for an answer without members.
        assert "stopReason" not in bounded.converse(modelId=MODEL, messages=HELLO)
        return
    if how == "silence":
        bounded = bounded.until(Deadline.after(1))

    with pytest.raises(BotoCoreError) as broken:
        bounded.converse(modelId=MODEL, messages=HELLO)

    assert isinstance(broken.value, ReadTimeoutError) is (how == "silence")
