from typing import Any

from lambdas.teardown.aws import Aws
from lambdas.teardown.teardown import take_inventory, tear_down
from lambdas.teardown.verdict import Verdict
from tests.lambdas.teardown.account import FakeCloudFormation, FakeStack, Hourglass, Nothing, account, refusal

ARN = "arn:aws:bedrock:us-east-1:1:provisioned-model/p1"
TABLE = ("Table", "AWS::DynamoDB::Table", "quarry-dev-inference-Table")


class Throughputs(Nothing):
    """Provisioned throughput of dev and of dev-2."""

    def __init__(self) -> None:
        super().__init__()
        self.there = {ARN: "dev", f"{ARN}-2": "dev-2"}
        self.answers = {
            "list_provisioned_model_throughputs": self._list,
            "list_tags_for_resource": self._tags,
            "get_provisioned_model_throughput": self._get,
            "delete_provisioned_model_throughput": self._delete,
        }

    def _list(self, **_: Any) -> dict[str, Any]:
        listed = [
            {"provisionedModelArn": arn, "provisionedModelName": f"quarry-{name}-fast", "status": "InService"}
            for arn, name in self.there.items()
        ]
        return {"provisionedModelSummaries": listed}

    def _tags(self, *, resourceARN: str) -> dict[str, Any]:  # noqa: N803
        return {"tags": [{"key": "quarry:environment", "value": self.there[resourceARN]}]}

    def _get(self, *, provisionedModelId: str) -> dict[str, Any]:  # noqa: N803
        return {"status": "InService", "modelUnits": 1} if provisionedModelId in self.there else self._missing()

    def _delete(self, *, provisionedModelId: str) -> dict[str, Any]:  # noqa: N803
        del self.there[provisionedModelId]
        return {}

    def _missing(self) -> dict[str, Any]:
        raise refusal("ResourceNotFoundException")


def down(aws: Aws, **more: Any) -> Verdict:
    time = Hourglass()
    return tear_down(aws, left=time.left, sleep=time.sleep, **more)


def test_money_goes_first_then_the_stacks_and_what_is_anothers_stays() -> None:
    bedrock = Throughputs()
    order: list[str] = []
    stack = FakeStack("quarry-dev-inference", TABLE)
    gone = stack.on_delete

    def on_delete(told: dict[str, Any]) -> None:
        order.append(f"stack, {len(bedrock.there)} throughput there")
        gone(told)

    stack.on_delete = on_delete
    verdict = down(account(FakeCloudFormation(stack), bedrock=bedrock, dynamodb=_no_tables()))

    assert order == ["stack, 1 throughput there"]
    assert list(bedrock.there) == [f"{ARN}-2"]
    assert verdict.is_zero
    assert {one.id for one in verdict.deleted} == {ARN, "quarry-dev-inference"}
    assert verdict.shown().keys() == {
        *("found", "deleted", "retained", "left", "shared", "unknown", "usd_per_hour_left")
    }
    assert (verdict.shown()["left"], verdict.shown()["usd_per_hour_left"]) == ([], 0)


def _no_tables() -> Nothing:
    dynamodb = Nothing()
    dynamodb.refuses = {"describe_table": refusal("ResourceNotFoundException")}
    return dynamodb


def test_an_inventory_row_has_six_fields_and_says_where_it_comes_from() -> None:
    dynamodb = Nothing()
    dynamodb.answers = {"describe_table": {"Table": {"TableStatus": "ACTIVE"}}}
    found = take_inventory(
        account(FakeCloudFormation(FakeStack("quarry-dev-inference", TABLE)), bedrock=Throughputs(), dynamodb=dynamodb)
    )

    rows = {one.id: one.shown() for one in found.things}
    assert all(row.keys() == {"service", "type", "id", "arn", "usd_per_hour", "origin"} for row in rows.values())
    assert {id_: row["origin"] for id_, row in rows.items()} == {
        "quarry-dev-inference": "stack",
        TABLE[2]: "stack",
        ARN: "run time",
    }


def test_what_a_stack_lists_and_somebody_deleted_by_hand_is_not_there() -> None:
    stack = FakeStack("quarry-dev-inference", TABLE)
    found = take_inventory(account(FakeCloudFormation(stack), dynamodb=_no_tables()))

    assert [one.id for one in found.things] == ["quarry-dev-inference"]


def test_what_cannot_be_looked_at_counts_as_there_and_is_told() -> None:
    dynamodb = Nothing()
    dynamodb.refuses = {"describe_table": refusal("AccessDeniedException", "no", "DescribeTable")}
    stack = FakeStack("quarry-dev-inference", TABLE)
    found = take_inventory(account(FakeCloudFormation(stack), dynamodb=dynamodb))

    assert TABLE[2] in {one.id for one in found.things}
    assert [(one.what, one.why) for one in found.unseen] == [
        (f"dynamodb table {TABLE[2]}", "AccessDeniedException: no (DescribeTable)")
    ]


def test_a_denied_list_is_never_nothing() -> None:
    bedrock = Nothing()
    bedrock.refuses = {"list_custom_models": refusal("AccessDeniedException", "no", "ListCustomModels")}
    verdict = down(account(bedrock=bedrock))

    assert (verdict.found, verdict.left, verdict.is_zero) == ((), (), False)
    assert verdict.shown()["unknown"] == [
        {"what": "bedrock custom-model", "why": "AccessDeniedException: no (ListCustomModels)"}
    ]


def test_what_carries_the_tag_and_is_of_no_kind_here_is_listed_and_left() -> None:
    tagging = Nothing()
    arn = "arn:aws:iot:us-east-1:1:thing/x"
    tagging.answers = {"get_resources": {"ResourceTagMappingList": [{"ResourceARN": arn}]}}
    verdict = down(account(resourcegroupstaggingapi=tagging))

    assert [(one["service"], one["type"], one["arn"]) for one in verdict.shown()["left"]] == [("iot", "thing", arn)]
    assert not verdict.is_zero


def test_what_the_tagging_api_lists_and_is_gone_is_not_there() -> None:
    tagging = Nothing()
    arn = "arn:aws:dynamodb:us-east-1:1:table/gone"
    tagging.answers = {"get_resources": {"ResourceTagMappingList": [{"ResourceARN": arn}]}}

    assert take_inventory(account(resourcegroupstaggingapi=tagging, dynamodb=_no_tables())).things == []


def test_data_that_is_kept_is_named_and_paid_and_nothing_else_is_left() -> None:
    tagging, dynamodb = Nothing(), Nothing()
    arn = f"arn:aws:dynamodb:us-east-1:1:table/{TABLE[2]}"
    tagging.answers = {"get_resources": {"ResourceTagMappingList": [{"ResourceARN": arn}]}}
    dynamodb.answers = {"describe_table": {"Table": {"TableStatus": "ACTIVE", "TableSizeBytes": 2**30}}}
    verdict = down(account(resourcegroupstaggingapi=tagging, dynamodb=dynamodb), keeps_data=True)

    assert [one.id for one in verdict.retained] == [TABLE[2]]
    assert (verdict.left, verdict.is_zero) == ((), True)
    assert "delete_table" not in [name for name, _ in dynamodb.asked]


def test_when_the_time_is_over_it_says_so() -> None:
    aws = FakeCloudFormation(FakeStack("quarry-dev-inference", status="DELETE_IN_PROGRESS"))
    time = Hourglass(30.0)
    verdict = tear_down(account(aws), left=time.left, sleep=time.sleep)

    assert verdict.time_over
    (left,) = verdict.shown()["left"]
    assert (left["state"], left["do"]) == (
        "DELETE_IN_PROGRESS",
        "AWS is at it: run the teardown again in some minutes.",
    )
