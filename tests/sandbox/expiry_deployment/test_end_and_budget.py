"""An environment that is stopped by its budget, goes on, is extended in its last second, and ends: end to end.

The schedules go by the sandbox's clock, which is moved; everything else, IAM included, is as deployed.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.sandbox.servers import running
from tests.sandbox.studio_deployment.room import ENVIRONMENT, Room
from tests.waiting import eventually

pytestmark = pytest.mark.expiry

# So little that one answer spends it.
BUDGET = {"monthly_usd": 0.000001, "alert_at": [100], "stop_at": 100}
MINUTES = 30
GUARDRAILS = f"quarry-{ENVIRONMENT}-guardrails"
FOUNDATION = f"quarry-{ENVIRONMENT}-foundation"


class Ending(Room):
    """The environment ``room``: the sandbox's without documents, with an end and a budget."""

    def write(self, expires_after: str | None) -> None:
        """Write its file."""
        environments = self._project / "environments"
        document = yaml.safe_load((environments / "sandbox.yaml").read_text(encoding="utf-8"))
        del document["knowledge"]
        document |= {"name": ENVIRONMENT, "expires_after": expires_after, "budget": BUDGET, "retain_data": False}
        document["inference"] = {"owns_api_gateway_account": True}
        (environments / f"{ENVIRONMENT}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    def deploy(self) -> None:
        """Deploy what the file says."""
        self.cdk("deploy", "--all", "--require-approval", "never")

    def listen(self) -> None:
        """Have what the owners are told go to a queue as well."""
        sqs, sns = self.client("sqs"), self.client("sns")
        self._queue = sqs.create_queue(QueueName="owners")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = self.outputs_of(FOUNDATION)["AlertsTopic"]
        service = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}
        allowed = {**service, "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def told(self) -> list[tuple[str, str]]:
        """Return subject and text of what the owners were told since the last time."""
        found = self.client("sqs").receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for one in found:
            self.client("sqs").delete_message(QueueUrl=self._queue, ReceiptHandle=one["ReceiptHandle"])
        messages = [json.loads(one["Body"]) for one in found]
        return [(one["Subject"], one["Message"]) for one in messages]

    def subject(self, word: str) -> str | None:
        """Return the subject with a word in it, of what the owners were told since the last time."""
        return next((subject for subject, _ in self.told() if word in subject), None)

    def outputs_of(self, stack: str) -> dict[str, str]:
        """Return a stack's outputs."""
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}

    def stacks(self) -> set[str]:
        """Return the names of the environment's stacks."""
        found = self.client("cloudformation").describe_stacks()["Stacks"]
        return {one["StackName"] for one in found if one["StackName"].startswith(f"quarry-{ENVIRONMENT}-")}

    def ask(self, key: str) -> httpx.Response:
        """Send a request that costs."""
        body = {"model": "fast", "messages": [{"role": "user", "content": "Hello"}]}
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.post(f"{self.url}/chat/completions", json=body, headers=headers, timeout=120)

    def clock(self, method: str, document: Any = None) -> float:
        """Read or move the sandbox's clock."""
        reply = httpx.request(method, f"{self._connection.aws_url}/_sandbox/clock", json=document, timeout=60)
        return float(reply.json()["now"])

    def advance_to(self, moment: float) -> None:
        """Move the clock to a moment."""
        self.clock("POST", {"advance_seconds": max(0.0, moment - self.clock("GET"))})

    def executions(self) -> list[str]:
        """Return the names of the state machine's executions that were for the end."""
        machines = self.client("stepfunctions")
        (machine,) = machines.list_state_machines()["stateMachines"]
        found = machines.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
        return [one["name"] for one in found if not one["name"].startswith("budget-")]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ending]:
    folder: Path = tmp_path_factory.mktemp("expiry")
    with running(folder / "sandbox") as (state, record):
        made = Ending(folder, state, record)
        made.bootstrap()
        made.write(f"{MINUTES}m")
        made.deploy()
        made.listen()
        yield made


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_past_end_is_refused_when_it_is_deployed(room: Ending) -> None:
    room.write("2026-01-01T00:00:00+00:00")

    refused = room.run(
        "cdk", "deploy", "--all", "--require-approval", "never", "-c", f"environment={ENVIRONMENT}", code=1
    )

    assert "expires_after: 2026-01-01T00:00:00+00:00 is over" in refused
    assert "Write a later one, or null" in refused
    room.write(f"{MINUTES}m")


def test_the_request_after_the_one_that_spends_the_budget_is_refused_until_it_is_lifted(room: Ending) -> None:
    key = room.quarry("keys", "create", "somebody")["api_key"]
    assert room.ask(key).status_code == 200

    refused = room.ask(key)

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "budget_spent")
    assert refused.headers["x-should-retry"] == "false"
    keeper = room.outputs_of(FOUNDATION)["KeeperFunction"]
    room.client("lambda").invoke(FunctionName=keeper, Payload=b'{"action": "watch"}')
    assert eventually(lambda: room.subject("stopped")) == f"quarry {ENVIRONMENT}: budget spent, stopped"

    lifted = room.quarry("resume", "--budget", "5")

    assert lifted["stopped"] is False
    assert room.ask(key).status_code == 200


def test_the_end_survives_a_redeploy_and_is_extended_in_its_last_second(room: Ending) -> None:
    first = room.quarry("extend")["ends_at"]
    group = f"arn:aws:scheduler:us-east-1:000000000000:schedule-group/quarry-{ENVIRONMENT}-end"
    tags = room.client("scheduler").list_tags_for_resource(ResourceArn=group)["Tags"]
    assert {"Key": "quarry:expires-at", "Value": first} in tags
    # As late as a command takes to start on a busy machine; a real last second is in the tests of EndStore.
    room.advance_to(_moment(first) - 120)

    extended = room.quarry("extend", "4h")

    assert _moment(extended["ends_at"]) == _moment(first) + 4 * 3_600
    room.advance_to(_moment(first) + 60)
    room.deploy()
    assert room.quarry("extend")["ends_at"] == extended["ends_at"]
    assert room.stacks() == {
        f"quarry-{ENVIRONMENT}-{word}" for word in ("foundation", "guardrails", "inference", "prompts")
    }


def test_it_ends_says_what_is_left_goes_on_and_leaves_nothing(room: Ending) -> None:
    cloudformation = room.client("cloudformation")
    cloudformation.update_termination_protection(StackName=GUARDRAILS, EnableTerminationProtection=True)
    room.told()

    # A clock that jumps over warnings and end.
    room.advance_to(_moment(room.quarry("extend")["ends_at"]) + 86_400)

    subject, text = eventually(lambda: next((one for one in room.told() if "ended" in one[0]), None))
    assert subject == f"quarry {ENVIRONMENT}: ended, 1 left"
    assert f"left     stack {GUARDRAILS}" in text
    assert "TerminationProtection" in text
    assert room.stacks() == {GUARDRAILS, FOUNDATION}
    late = room.run("quarry", "extend", "4h", "--environment", ENVIRONMENT, code=1)
    assert "it cannot be moved any more" in late

    cloudformation.update_termination_protection(StackName=GUARDRAILS, EnableTerminationProtection=False)
    # The next try is an hour from the function's time, which for the clock that was moved is over: it comes at once.

    _, text = eventually(lambda: next((one for one in room.told() if "nothing is left" in one[0]), None))
    assert "still billing 0.0000 USD per hour" in text
    eventually(lambda: not room.stacks())
    room.client("sqs").delete_queue(QueueUrl=room._queue)
    assert room.inventory() == []
