"""Logs, alarms, dashboards and budgets.

A function whose role may make its log group makes it anew when it writes after the group's end: such a group is found
by the name that the function, of a stack that is gone, had.
"""

from collections.abc import Iterator
from typing import Any, Final

from lambdas.teardown.aws import Aws
from lambdas.teardown.kind import Found, Kind, Phase
from lambdas.teardown.kinds.forms import by, call, may_be_ours, nothing, tags_of

_LOGS: Final = "logs"
_WATCH: Final = "cloudwatch"
_BUDGETS: Final = "budgets"
# Services write to groups of these names, with the resource's own name or id behind.
_BEHIND: Final = (
    "/aws/lambda/",
    "/aws/vendedlogs/states/",
    "/aws/codebuild/",
    "/aws/vendedlogs/bedrock/knowledge-base/",
    "API-Gateway-Execution-Logs_",
)


def _groups(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_LOGS, "describe_log_groups", "logGroups"):
        name = one["logGroupName"]
        behind = next((name.removeprefix(begin) for begin in _BEHIND if name.startswith(begin)), "")
        details = {**one, "StoredBytes": one.get("storedBytes", 0)}
        of = (behind, behind.partition("/")[0]) if behind else ()
        yield Found(id=name, name=name, arn=str(one.get("arn") or "").removesuffix(":*"), of=of, details=details)


def _look_at_group(aws: Aws, id_: str) -> Found | None:
    found: Any = aws.described(_LOGS, "describe_log_groups", logGroupNamePrefix=id_)
    one = next((each for each in (found or {}).get("logGroups", []) if each["logGroupName"] == id_), None)
    return None if one is None else Found(id=id_, details={**one, "StoredBytes": one.get("storedBytes", 0)})


def _look_at_alarm(aws: Aws, id_: str) -> Found | None:
    found: Any = aws.described(
        _WATCH, "describe_alarms", AlarmNames=[id_], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    one = next(iter([*(found or {}).get("MetricAlarms", []), *(found or {}).get("CompositeAlarms", [])]), None)
    return None if one is None else Found(id=id_, details=one)


def _dashboards(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_WATCH, "list_dashboards", "DashboardEntries", DashboardNamePrefix="quarry-"):
        yield Found(id=one["DashboardName"], name=one["DashboardName"], arn=str(one.get("DashboardArn") or ""))


def _budgets(aws: Aws) -> Iterator[Found]:
    for one in aws.pages(_BUDGETS, "describe_budgets", "Budgets", AccountId=aws.account_id):
        name = one["BudgetName"]
        if may_be_ours(aws, name):
            arn = f"arn:{aws.partition}:budgets::{aws.account_id}:budget/{name}"
            found = aws.described(_BUDGETS, "list_tags_for_resource", ResourceARN=arn) or {}
            yield Found(id=name, name=name, arn=arn, tags=tags_of(found.get("ResourceTags")))


def _look_at_budget(aws: Aws, id_: str) -> Found | None:
    found = aws.described(_BUDGETS, "describe_budget", AccountId=aws.account_id, BudgetName=id_)
    return None if found is None else Found(id=id_)


KINDS: Final = (
    Kind(
        service=_WATCH,
        type="alarm",
        phase=Phase.FRONT,
        resource="AWS::CloudWatch::Alarm",
        arn=r"alarm:(.+)",
        finds=nothing,
        looks=_look_at_alarm,
        deletes=lambda aws, id_: aws.client(_WATCH).delete_alarms(AlarmNames=[id_]),
    ),
    Kind(
        service=_WATCH,
        type="dashboard",
        phase=Phase.FRONT,
        resource="AWS::CloudWatch::Dashboard",
        finds=_dashboards,
        looks=by(_WATCH, "get_dashboard", "DashboardName"),
        deletes=lambda aws, id_: aws.client(_WATCH).delete_dashboards(DashboardNames=[id_]),
    ),
    Kind(
        service=_BUDGETS,
        type="budget",
        phase=Phase.REST,
        resource="AWS::Budgets::Budget",
        arn=r"budget/(.+)",
        finds=_budgets,
        looks=_look_at_budget,
        deletes=lambda aws, id_: aws.client(_BUDGETS).delete_budget(AccountId=aws.account_id, BudgetName=id_),
    ),
    Kind(
        service=_LOGS,
        type="log-group",
        phase=Phase.LOGS,
        resource="AWS::Logs::LogGroup",
        arn=r"log-group:([^:]+)(?::\*)?",
        finds=_groups,
        looks=_look_at_group,
        deletes=call(_LOGS, "delete_log_group", "logGroupName"),
    ),
)
