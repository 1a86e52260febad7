"""Queues, topics, rules, schedules: what carries word of things."""

from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdas.teardown.aws import Aws, is_missing
from lambdas.teardown.kind import Found, Kind, Phase
from lambdas.teardown.kinds.forms import by, call, may_be_ours, nothing, split, tags_of

_EVENTS: Final = "events"
_SCHEDULER: Final = "scheduler"
_SQS: Final = "sqs"


def _url(aws: Aws, id_: str) -> str:
    """Return a queue's URL, which CloudFormation has as its id, from its name, which its ARN has."""
    return id_ if "/" in id_ else str(aws.client(_SQS).get_queue_url(QueueName=id_)["QueueUrl"])


def _look_at_queue(aws: Aws, id_: str) -> Found | None:
    try:
        url = _url(aws, id_)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    found = aws.described(_SQS, "get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
    return None if found is None else Found(id=url, arn=str(found.get("Attributes", {}).get("QueueArn") or ""))


def _rule(id_: str) -> dict[str, str]:
    """Return rule and bus: CloudFormation's id has the bus first, unless it is the default one."""
    bus, _, name = id_.rpartition("|")
    return {"Name": name, **({"EventBusName": bus} if bus else {})}


def _look_at_rule(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_EVENTS, "describe_rule", **_rule(id_))
    return None if found is None else Found(id=id_, arn=str(found.get("Arn") or ""))


def _delete_rule(aws: Aws, id_: str) -> object:
    named, events = _rule(id_), aws.client(_EVENTS)
    bus = {name: value for name, value in named.items() if name != "Name"}
    targets: Any = events.list_targets_by_rule(Rule=named["Name"], **bus)["Targets"]
    if targets:
        events.remove_targets(Rule=named["Name"], Ids=[one["Id"] for one in targets], **bus)
    return events.delete_rule(**named)


def _groups(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_SCHEDULER, "list_schedule_groups", "ScheduleGroups"):
        if one["Name"] != "default" and may_be_ours(aws, one["Name"]):
            tags = tags_of(
                (aws.described(_SCHEDULER, "list_tags_for_resource", ResourceArn=one["Arn"]) or {}).get("Tags")
            )
            yield Found(id=one["Name"], name=one["Name"], arn=one["Arn"], tags=tags, state=one["State"])


def _schedules(aws: Aws) -> Iterator[Found]:
    """Yield schedules, which take no tags: they belong to whom their group belongs, or their name."""
    owned = {group.id: group.tags for group in _groups(aws)}
    for one in aws.pages(_SCHEDULER, "list_schedules", "Schedules"):
        group = one.get("GroupName") or "default"
        yield Found(
            id=f"{group}|{one['Name']}", name=one["Name"], arn=one["Arn"], tags=owned.get(group) or None, of=(group,)
        )


def _schedule(id_: str) -> dict[str, str]:
    group, name = split(id_, into=2)
    return {"GroupName": group, "Name": name} if name else {"Name": group}


def _look_at_schedule(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_SCHEDULER, "get_schedule", **_schedule(id_))
    return None if found is None else Found(id=id_, arn=str(found.get("Arn") or ""))


KINDS: Final = (
    Kind(
        service=_EVENTS,
        type="rule",
        phase=Phase.FRONT,
        resource="AWS::Events::Rule",
        arn=r"rule/(?:([^/]+)/)?([^/]+)",
        finds=nothing,
        looks=_look_at_rule,
        deletes=_delete_rule,
    ),
    Kind(
        service=_SCHEDULER,
        type="schedule",
        phase=Phase.FRONT,
        resource="AWS::Scheduler::Schedule",
        finds=_schedules,
        looks=_look_at_schedule,
        deletes=lambda aws, id_: aws.client(_SCHEDULER).delete_schedule(**_schedule(id_)),
        run_time=True,
    ),
    Kind(
        service=_SCHEDULER,
        type="schedule-group",
        phase=Phase.REST,
        resource="AWS::Scheduler::ScheduleGroup",
        arn=r"schedule-group/(.+)",
        finds=_groups,
        looks=by(_SCHEDULER, "get_schedule_group", "Name", state="State"),
        deletes=call(_SCHEDULER, "delete_schedule_group", "Name"),
        busy=frozenset({"DELETING"}),
    ),
    Kind(
        service=_SQS,
        type="queue",
        phase=Phase.REST,
        resource="AWS::SQS::Queue",
        arn=r"(.+)",
        finds=nothing,
        looks=_look_at_queue,
        deletes=lambda aws, id_: aws.client(_SQS).delete_queue(QueueUrl=_url(aws, id_)),
    ),
    Kind(
        service="sns",
        type="topic",
        phase=Phase.REST,
        resource="AWS::SNS::Topic",
        arn=r"([^:]+)",
        id_is_arn=True,
        finds=nothing,
        looks=by("sns", "get_topic_attributes", "TopicArn"),
        deletes=call("sns", "delete_topic", "TopicArn"),
    ),
)
