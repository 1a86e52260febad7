"""State machines in a running sandbox: operations as the role, errors, maps, events, executions cut short."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.connection import ACCOUNT, REGION, Connection
from tests.sandbox import servers
from tests.sandbox.state_machines.room import Room, machine_arn, sdk, task
from tests.waiting import eventually

PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/alias"
BASE = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:knowledge-base/ABCDEFGHIJ"
AGENT = {"KnowledgeBaseId": "ABCDEFGHIJ", "DataSourceId": "ABCDEFGHIJ", "IngestionJobId": "ABCDEFGHIJ"}
MODEL = "arn:aws:bedrock:*:*:custom-model/*"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("states")
    with servers.running(folder) as (_, record):
        yield record.connection


@pytest.fixture(scope="module")
def room(connection: Connection) -> Room:
    return Room(connection)


def test_operations_are_called_as_the_role(room: Room) -> None:
    room.s3.create_bucket(Bucket="data")
    put = task(sdk("ssm:putParameter"), Name="/alias", Value="tuned", Type="String", Overwrite=True)
    denied = room.run("one", put)
    assert denied.startswith(
        "Ssm.AccessDeniedException: User: arn:aws:sts::000000000000:assumed-role/one-0-role/one-0 "
    )
    assert f"ssm:PutParameter on resource: {PARAMETER}" in denied
    assert room.run("two", put, ("ssm:PutParameter", PARAMETER))["Version"] == 1
    got = room.run("three", task(sdk("ssm:getParameter"), Name="/alias"), ("ssm:GetParameter", PARAMETER))
    assert got["Parameter"]["Value"] == "tuned"

    body = {"state": "Running", "steps": [1, 2]}
    to_s3 = task(sdk("s3:putObject"), Bucket="data", Key="reports/r/status.json", Body=body)
    assert "not authorized to perform: s3:PutObject" in room.run("four", to_s3)
    assert room.run("five", to_s3, ("s3:PutObject", "arn:aws:s3:::data/reports/*"))["ETag"]
    from_s3 = task(sdk("s3:getObject"), Bucket="data", Key="reports/r/status.json")
    assert json.loads(room.run("six", from_s3, ("s3:GetObject", "arn:aws:s3:::data/*"))["Body"]) == body

    window, target = {"Mode": "OFF"}, {"Arn": machine_arn("x"), "RoleArn": room.role("calls", service="scheduler")}
    times = {"ScheduleExpression": "at(2099-01-01T00:00:00)", "FlexibleTimeWindow": window, "Target": target}
    schedule = task(sdk("scheduler:createSchedule"), Name="end", **times)
    one = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/end"
    assert "not authorized to perform: scheduler:CreateSchedule" in room.run("weak-schedule", schedule)
    assert room.run("schedule", schedule, ("scheduler:CreateSchedule", one))["ScheduleArn"] == one
    deleted = room.run("unschedule", task(sdk("scheduler:deleteSchedule"), Name="end"), ("scheduler:*", one))
    assert deleted == {}

    quota = task(sdk("servicequotas:getServiceQuota"), ServiceCode="bedrock", QuotaCode="L-BE77399C")
    assert room.run("seven", quota).startswith("ServiceQuotas.AccessDeniedException: ")
    assert room.run("eight", quota, ("servicequotas:GetServiceQuota", "*"))["Quota"]["Value"] == 0


@pytest.mark.parametrize(
    ("resource", "parameters", "allowed", "error"),
    [
        ("bedrock:getCustomModel", {"ModelIdentifier": "none"}, (), "Bedrock.AccessDeniedException"),
        (
            "bedrock:getCustomModel",
            {"ModelIdentifier": "none"},
            (("bedrock:GetCustomModel", MODEL),),
            "Bedrock.ResourceNotFoundException",
        ),
        ("bedrock:createModelCustomizationJob", {"JobName": "x"}, (), "States.Runtime"),
        ("bedrock:listCustomModels", {"MaxResults": 0}, (("*", "*"),), "States.Runtime"),
        ("bedrock:listCustomModels", {"NextToken": "x"}, (("*", "*"),), "Bedrock.ValidationException"),
        ("ssm:getParameter", {"Name": "/none"}, (("*", "*"),), "Ssm.ParameterNotFoundException"),
        ("s3:getObject", {"Bucket": "none", "Key": "k"}, (("*", "*"),), "S3.NoSuchBucketException"),
        ("bedrockagent:getIngestionJob", AGENT, (), "BedrockAgent.AccessDeniedException"),
        (
            "bedrockagent:getIngestionJob",
            AGENT,
            (("bedrock:GetIngestionJob", BASE),),
            "BedrockAgent.ResourceNotFoundException",
        ),
        ("bedrock:getNothing", {}, (("*", "*"),), "States.Runtime"),
    ],
)
def test_errors_are_named_as_step_functions_names_them(
    room: Room, resource: str, parameters: dict[str, Any], allowed: tuple[tuple[str, str], ...], error: str
) -> None:
    assert room.run("one", task(sdk(resource), **parameters), *allowed).startswith(f"{error}: ")


def _lines(room: Room, count: int) -> None:
    room.s3.create_bucket(Bucket="data")
    body = "".join(json.dumps({"n": n}) + "\n" for n in range(count))
    room.s3.put_object(Bucket="data", Key="data/test.jsonl", Body=body.encode())


def _map(processor: dict[str, Any], **more: Any) -> dict[str, Any]:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSONL"},
        "Parameters": {"Bucket": "data", "Key.$": "$.key"},
    }
    inner = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **processor}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": inner, "MaxConcurrency": 2, "End": True, **more}
    return {"StartAt": "Each", "States": {"Each": state}}


_PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
_READS = (("states:StartExecution", machine_arn("*")), ("s3:GetObject", "arn:aws:s3:::data/data/*"))


def test_a_distributed_map_reads_batches_and_writes_as_the_role(room: Room) -> None:
    _lines(room, 5)
    given = {"key": "data/test.jsonl", "run": "r-1"}
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"run.$": "$.run"}}
    batched = _map(_PASS, ItemBatcher=batcher, ItemSelector={"value.$": "$$.Map.Item.Value.n"})
    assert room.run("no-read", batched, _READS[0], given=given).startswith("States.ItemReaderFailed: User: ")
    assert room.run("no-start", batched, _READS[1], given=given).startswith("States.Runtime: User: ")
    assert room.run("batches", batched, *_READS, given=given) == [
        {"BatchInput": {"run": "r-1"}, "Items": [{"value": 0}, {"value": 1}]},
        {"BatchInput": {"run": "r-1"}, "Items": [{"value": 2}, {"value": 3}]},
        {"BatchInput": {"run": "r-1"}, "Items": [{"value": 4}]},
    ]

    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "data", "Prefix": "reports/r-1"}}
    written = _map(_PASS, ResultWriter=writer, ResultPath="$.results")
    assert room.run("no-write", written, *_READS, given=given).startswith("States.ResultWriterFailed: User: ")
    done = room.run("writes", written, *_READS, ("s3:PutObject", "arn:aws:s3:::data/reports/*"), given=given)
    assert done["run"] == "r-1"
    where = done["results"]["ResultWriterDetails"]
    manifest = json.loads(room.s3.get_object(Bucket=where["Bucket"], Key=where["Key"])["Body"].read())
    (succeeded,) = manifest["ResultFiles"]["SUCCEEDED"]
    results = json.loads(room.s3.get_object(Bucket="data", Key=succeeded["Key"])["Body"].read())
    assert sorted(json.loads(each["Output"])["n"] for each in results) == list(range(5))


def test_an_iteration_that_fails_fails_the_map_and_is_written(room: Room) -> None:
    _lines(room, 2)
    choice = {"Variable": "$.n", "NumericEquals": 1, "Next": "F"}
    states = {
        "C": {"Type": "Choice", "Choices": [choice], "Default": "S"},
        "F": {"Type": "Fail", "Error": "Odd", "Cause": "no"},
        "S": {"Type": "Succeed"},
    }
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "data", "Prefix": "out"}}
    failing = _map({"StartAt": "C", "States": states}, ResultWriter=writer)
    allowed = (*_READS, ("s3:PutObject", "arn:aws:s3:::data/out/*"))
    given = {"key": "data/test.jsonl"}
    assert room.run("fails", failing, *allowed, given=given).startswith("States.ExceedToleratedFailureThreshold: ")
    listed = room.s3.list_objects_v2(Bucket="data", Prefix="out/")["Contents"]
    assert {each["Key"].rpartition("/")[2] for each in listed} == {"manifest.json", "FAILED_0.json", "SUCCEEDED_0.json"}


@pytest.fixture
def undone(room: Room) -> None:
    """Nobody has written yet what these state machines write."""
    with contextlib.suppress(ClientError):
        room.client("ssm").delete_parameter(Name="/done")


def _waits(after: dict[str, Any], seconds: int = 100_000) -> dict[str, Any]:
    states = {"W": {"Type": "Wait", "Seconds": seconds, "Next": "Do"}, "Do": {**after, "End": True}}
    return {"StartAt": "W", "States": states}


_PUT = {
    "Type": "Task",
    "Resource": sdk("ssm:putParameter"),
    "Parameters": {"Name": "/done", "Value": "x", "Type": "String"},
}


def _advance(room: Room, seconds: float) -> None:
    body = json.dumps({"advance_seconds": seconds}).encode()
    with urllib.request.urlopen(f"{room.connection.aws_url}/_sandbox/clock", data=body) as reply:
        assert reply.status == 200


def _is_done(room: Room) -> bool:
    return bool(room.client("ssm").get_parameters(Names=["/done"])["Parameters"])


@pytest.mark.usefixtures("undone")
def test_wait_states_go_by_the_clock(room: Room) -> None:
    execution = room.start(room.machine("waits", _waits(_PUT), ("ssm:PutParameter", "*")))
    eventually(lambda: "WaitStateEntered" in _events(room, execution))
    assert not _is_done(room)
    _advance(room, 100_000)
    assert room.outcome(execution)["status"] == "SUCCEEDED"
    assert _is_done(room)


def _events(room: Room, execution: str) -> list[str]:
    return [each["type"] for each in room.states.get_execution_history(executionArn=execution)["events"]]


@pytest.mark.usefixtures("undone")
def test_a_stopped_execution_does_nothing_more_also_in_its_branches(room: Room) -> None:
    branches = {
        "Type": "Parallel",
        "Branches": [_waits(_PUT)],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Do"}],
    }
    definition = {"StartAt": "B", "States": {"B": {**branches, "Next": "Do"}, "Do": {**_PUT, "End": True}}}
    execution = room.start(room.machine("stopped", definition, ("ssm:PutParameter", "*")))
    eventually(lambda: "ParallelStateEntered" in _events(room, execution))
    room.states.stop_execution(executionArn=execution, error="Stopped", cause="by hand")
    _advance(room, 1_000_000)
    shown = room.outcome(execution)
    assert (shown["status"], shown["error"]) == ("ABORTED", "Stopped")
    # Another execution has waited as long, and gone on.
    assert room.run("other", _waits({"Type": "Pass"}, 1)) == {}
    assert not _is_done(room)


@pytest.mark.usefixtures("undone")
def test_the_executions_of_a_deleted_state_machine_end_at_their_next_transition(room: Room) -> None:
    machine = room.machine("deleted", _waits(_PUT), ("ssm:PutParameter", "*"))
    execution = room.start(machine)
    eventually(lambda: "WaitStateEntered" in _events(room, execution))
    room.states.delete_state_machine(stateMachineArn=machine)
    _advance(room, 1_000_000)
    assert room.run("other", _waits({"Type": "Pass"}, 1)) == {}
    assert not _is_done(room)


@pytest.mark.usefixtures("undone")
def test_an_execution_has_the_time_of_its_state_machine(room: Room) -> None:
    definition = {**_waits(_PUT), "TimeoutSeconds": 60}
    execution = room.start(room.machine("late", definition, ("ssm:PutParameter", "*")))
    eventually(lambda: "WaitStateEntered" in _events(room, execution))
    _advance(room, 61)
    assert room.outcome(execution)["status"] == "TIMED_OUT"
    assert not _is_done(room)


def test_an_object_starts_a_state_machine_by_a_rule_whose_role_may(room: Room) -> None:
    room.s3.create_bucket(Bucket="runs")
    room.s3.put_bucket_notification_configuration(
        Bucket="runs", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    machine = room.machine("started", _PASS)
    events = room.client("events")
    key = [{"wildcard": "runs/*/run.yaml"}]
    detail = {"bucket": {"name": ["runs"]}, "object": {"key": key}}
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
    events.put_rule(Name="runs", EventPattern=json.dumps(pattern))
    weak = room.role("weak", service="events")
    strong = room.role("strong", ("states:StartExecution", machine), service="events")
    events.put_targets(Rule="runs", Targets=[{"Id": "t", "Arn": machine, "RoleArn": weak}])
    room.s3.put_object(Bucket="runs", Key="runs/a/run.yaml", Body=b"x")
    events.put_targets(Rule="runs", Targets=[{"Id": "t", "Arn": machine, "RoleArn": strong}])
    room.s3.put_object(Bucket="runs", Key="output/a/run.yaml", Body=b"x")
    room.s3.put_object(Bucket="runs", Key="runs/b/run.yaml", Body=b"x")

    def executions() -> list[dict[str, Any]]:
        return list(room.states.list_executions(stateMachineArn=machine)["executions"])

    (started,) = eventually(executions)
    given = json.loads(room.outcome(started["executionArn"])["output"])
    assert given["detail"]["object"]["key"] == "runs/b/run.yaml"
