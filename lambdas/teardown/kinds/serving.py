"""The API with its stages, keys and distribution, functions with what starts them, and state machines."""

from collections.abc import Iterator
from typing import Any, Final

from lambdas.teardown.aws import Aws
from lambdas.teardown.kind import Found, Kind, Phase
from lambdas.teardown.kinds.forms import by, call, may_be_ours, nothing, split, tags_of

_API: Final = "apigateway"
_LAMBDA: Final = "lambda"
_STATES: Final = "stepfunctions"
_CLOUDFRONT: Final = "cloudfront"


def _look_at_stage(aws: Aws, id_: str) -> Found | None:
    api, stage = split(id_, into=2)
    found = aws.described(_API, "get_stage", restApiId=api, stageName=stage)
    return None if found is None else Found(id=id_, of=(api,), details=found)


def _delete_stage(aws: Aws, id_: str) -> object:
    api, stage = split(id_, into=2)
    return aws.client(_API).delete_stage(restApiId=api, stageName=stage)


def _delete_distribution(aws: Aws, id_: str) -> object:
    """Disable it, which takes minutes in which it is busy; delete it once it is."""
    client = aws.client(_CLOUDFRONT)
    found = client.get_distribution_config(Id=id_)
    config = found["DistributionConfig"]
    if config["Enabled"]:
        return client.update_distribution(
            Id=id_, IfMatch=found["ETag"], DistributionConfig={**config, "Enabled": False}
        )
    return client.delete_distribution(Id=id_, IfMatch=found["ETag"])


def _api_keys(aws: Aws) -> Iterator[Found]:
    """Yield API Gateway's own keys, which Quarry has none of and somebody may have made."""
    for one in aws.pages(_API, "get_api_keys", "items"):
        if may_be_ours(aws, str(one.get("name") or "")) or one.get("tags"):
            yield Found(id=one["id"], name=str(one.get("name") or ""), tags=tags_of(one.get("tags")))


def _look_at_layer(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_LAMBDA, "get_layer_version_by_arn", Arn=id_)
    return None if found is None else Found(id=id_, arn=id_)


def _delete_layer(aws: Aws, id_: str) -> object:
    *_, name, version = id_.split(":")
    return aws.client(_LAMBDA).delete_layer_version(LayerName=name, VersionNumber=int(version))


def _look_at_mapping(aws: Aws, id_: str) -> Found | None:
    found: Any = aws.described(_LAMBDA, "get_event_source_mapping", UUID=id_)
    return None if found is None else Found(id=id_, state=str(found.get("State") or ""))


def _executions(aws: Aws) -> Iterator[Found]:
    """Yield what runs of the environment's state machines, and may make more."""
    for machine in aws.pages(_STATES, "list_state_machines", "stateMachines"):
        arn = machine["stateMachineArn"]
        if may_be_ours(aws, machine["name"]) and machine.get("type") != "EXPRESS":
            for one in aws.pages(_STATES, "list_executions", "executions", stateMachineArn=arn, statusFilter="RUNNING"):
                yield Found(id=one["executionArn"], name=machine["name"], of=(arn,), state=one["status"])


def _look_at_execution(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_STATES, "describe_execution", executionArn=id_)
    return Found(id=id_, state="RUNNING") if found is not None and found["status"] == "RUNNING" else None


KINDS: Final = (
    Kind(
        service=_STATES,
        type="execution",
        phase=Phase.EXECUTIONS,
        finds=_executions,
        looks=_look_at_execution,
        deletes=call(_STATES, "stop_execution", "executionArn", cause="The environment is taken down."),
        run_time=True,
    ),
    Kind(
        service=_API,
        type="stage",
        phase=Phase.FRONT,
        # CloudFormation's id of a stage does not say whose it is; it goes with its API.
        priced="AWS::ApiGateway::Stage",
        arn=r"/restapis/([^/]+)/stages/([^/]+)",
        finds=nothing,
        looks=_look_at_stage,
        deletes=_delete_stage,
    ),
    Kind(
        service=_API,
        type="rest-api",
        phase=Phase.SOURCES,
        resource="AWS::ApiGateway::RestApi",
        arn=r"/restapis/([^/]+)",
        finds=nothing,
        looks=by(_API, "get_rest_api", "restApiId"),
        deletes=call(_API, "delete_rest_api", "restApiId"),
    ),
    Kind(
        service=_API,
        type="api-key",
        phase=Phase.REST,
        resource="AWS::ApiGateway::ApiKey",
        arn=r"/apikeys/([^/]+)",
        finds=_api_keys,
        looks=by(_API, "get_api_key", "apiKey"),
        deletes=call(_API, "delete_api_key", "apiKey"),
        run_time=True,
    ),
    Kind(
        service=_CLOUDFRONT,
        type="distribution",
        phase=Phase.FRONT,
        resource="AWS::CloudFront::Distribution",
        arn=r"distribution/([^/]+)",
        finds=nothing,
        looks=by(_CLOUDFRONT, "get_distribution", "Id", member="Distribution", state="Status"),
        deletes=_delete_distribution,
        busy=frozenset({"InProgress"}),
    ),
    Kind(
        service=_LAMBDA,
        type="event-source-mapping",
        phase=Phase.FRONT,
        resource="AWS::Lambda::EventSourceMapping",
        arn=r"event-source-mapping:(.+)",
        finds=nothing,
        looks=_look_at_mapping,
        deletes=call(_LAMBDA, "delete_event_source_mapping", "UUID"),
        busy=frozenset({"Creating", "Enabling", "Disabling", "Updating", "Deleting"}),
    ),
    Kind(
        service=_LAMBDA,
        type="function",
        phase=Phase.FUNCTIONS,
        resource="AWS::Lambda::Function",
        arn=r"function:([^:]+)",
        finds=nothing,
        looks=by(_LAMBDA, "get_function", "FunctionName", member="Configuration", state="State"),
        deletes=call(_LAMBDA, "delete_function", "FunctionName"),
    ),
    Kind(
        service=_LAMBDA,
        type="layer-version",
        phase=Phase.REST,
        resource="AWS::Lambda::LayerVersion",
        finds=nothing,
        looks=_look_at_layer,
        deletes=_delete_layer,
    ),
    Kind(
        service=_STATES,
        type="state-machine",
        phase=Phase.FUNCTIONS,
        resource="AWS::StepFunctions::StateMachine",
        arn=r"stateMachine:([^:]+)",
        arn_service="states",
        id_is_arn=True,
        finds=nothing,
        looks=by(_STATES, "describe_state_machine", "stateMachineArn", state="status"),
        deletes=call(_STATES, "delete_state_machine", "stateMachineArn"),
        busy=frozenset({"DELETING"}),
    ),
)
