"""What costs in an environment: found, removed step by step, told with its price; and keys that are frozen."""

from typing import Any

import pytest

from lambdas.authorizer.keys import KeyStore
from lambdas.expiry import keys
from lambdas.expiry.costs import RUNNING, STEP_SECONDS, EnvironmentMoney, environment_aws
from lambdas.teardown.aws import Aws
from tests import mocked_aws
from tests.lambdas.expiry.conftest import NOON
from tests.lambdas.expiry.fakes import refused
from tests.lambdas.teardown.account import FakeCloudFormation, FakeStack, Nothing, account
from tests.lambdas.teardown.test_teardown import ARN, Throughputs

CALLED = f"bedrock provisioned-throughput {ARN}"


class Seconds:
    """Seconds that go on by sleeping, and by a tenth with every look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.1
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def money(aws: Aws, **more: Any) -> EnvironmentMoney:
    clock = Seconds()
    return EnvironmentMoney(aws=aws, inference="quarry-dev-inference", clock=clock, sleep=clock.sleep, **more)


def test_what_costs_is_removed_and_the_stacks_stay() -> None:
    cloudformation = FakeCloudFormation(FakeStack("quarry-dev-inference"))
    costs = money(account(cloudformation, bedrock=Throughputs()))

    cleared = costs.clear()

    assert (cleared.done, cleared.deleted, cleared.left) == (True, (CALLED,), ())
    assert cloudformation.deleted == []
    assert costs.left() == ()


def test_what_takes_longer_than_a_step_is_left_for_the_next_one() -> None:
    bedrock = Throughputs()
    bedrock.answers["delete_provisioned_model_throughput"] = {}
    costs = money(account(bedrock=bedrock))

    cleared = costs.clear()

    assert not cleared.done
    assert [one.what for one in cleared.left] == [CALLED]
    assert isinstance(costs.clock, Seconds)
    assert costs.clock.now < 2 * STEP_SECONDS


def test_what_aws_denies_is_not_waited_for_and_told() -> None:
    bedrock = Throughputs()
    bedrock.refuses["delete_provisioned_model_throughput"] = refused("AccessDeniedException", "not authorized")

    cleared = money(account(bedrock=bedrock)).clear()

    assert cleared.done
    assert "not authorized" in cleared.left[0].reason


def test_what_could_not_be_looked_at_may_be_there() -> None:
    bedrock = Throughputs()
    bedrock.refuses["list_model_customization_jobs"] = refused("AccessDeniedException", "no")

    reasons = [one.reason for one in money(account(bedrock=bedrock)).left()]

    assert any(reason.startswith("it could not be looked at: AccessDeniedException") for reason in reasons)


def test_what_runs_has_a_price_per_hour() -> None:
    bedrock = Throughputs()
    model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
    summary = {"provisionedModelName": "quarry-dev-fast", "foundationModelArn": model, "modelUnits": 2}
    listed = {"provisionedModelSummaries": [{"provisionedModelArn": ARN, "status": "InService", **summary}]}
    bedrock.answers["list_provisioned_model_throughputs"] = listed

    assert money(account(bedrock=bedrock), phases=RUNNING).usd_per_hour() == pytest.approx(2 * 108.15)
    assert money(account(), phases=RUNNING).usd_per_hour() == 0


def test_account_and_region_are_those_of_who_asks() -> None:
    aws = environment_aws("dev", arn="arn:aws:states:eu-west-1:123456789012:stateMachine:m")

    assert (aws.environment, aws.region, aws.account_id) == ("dev", "eu-west-1", "123456789012")


@pytest.fixture
def store() -> Any:
    with mocked_aws.mock_aws():
        client: Any = mocked_aws.client("dynamodb")
        mocked_aws.create_table(
            TableName="keys",
            KeySchema=[{"AttributeName": "key_hash", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "key_hash", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield KeyStore(table_name="keys", client=client)


class Described:
    """CloudFormation, with one stack or none."""

    def __init__(self, outputs: dict[str, str] | None) -> None:
        self._outputs = outputs

    def describe_stacks(self, *, StackName: str) -> Any:  # noqa: N803 - AWS's name
        if self._outputs is None:
            raise refused("ValidationError", f"Stack with id {StackName} does not exist")
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": v} for key, v in self._outputs.items()]}]}


def test_keys_that_may_be_used_are_frozen(store: KeyStore) -> None:
    used, revoked = store.create(name="a")[1], store.create(name="b")[1]
    store.create(name="c", expires_at=NOON - 1)
    store.revoke(revoked.key_id)

    frozen = keys.freeze_all(
        "quarry-dev-inference",
        cloudformation=Described({"KeysTable": "keys"}),
        dynamodb=mocked_aws.client("dynamodb"),
        now=lambda: NOON,
    )

    assert frozen == 1
    assert [key.key_id for key in store.list() if key.frozen_at is not None] == [used.key_id]


@pytest.mark.parametrize("outputs", [None, {}])
def test_without_the_stack_there_are_no_keys(outputs: dict[str, str] | None) -> None:
    assert keys.freeze_all("s", cloudformation=Described(outputs), dynamodb=None) == 0


def test_freezing_asks_the_stack_that_has_the_keys() -> None:
    cloudformation = Nothing()
    cloudformation.answers = {"describe_stacks": {"Stacks": [{}]}}
    money(account(cloudformation)).freeze()  # type: ignore[arg-type]

    assert cloudformation.asked == [("describe_stacks", {"StackName": "quarry-dev-inference"})]
