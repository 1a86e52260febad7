"""Rules over a whole template about what becomes of it: when it fails, changes, or has another environment beside it.

Each returns the offences it finds, as those of ``rules``.
"""

from collections.abc import Iterator
from typing import Any, Final

from sandbox.resources.schema import schema_of, value_at

Template = dict[str, Any]

# What is left in place whenever its deployment fails, and why.
LEFT_BY_A_FAILURE: Final = {
    "AWS::ApiGateway::Account": "Its deletion does nothing: the account goes on naming the role.",
    "AWS::IAM::Role": "The role that the account names, and by which the logs of all APIs of the account are written.",
}
# Types whose tags cannot be changed, and that may carry the owner's all the same, since their name changes with it.
NAMED_AFTER_THEIR_OWNER: Final = {"AWS::SageMaker::StudioLifecycleConfig"}


def _resources(template: Template, type_: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for id_, resource in template["Resources"].items():
        if resource["Type"].startswith(type_):
            yield id_, resource


def logs_that_are_not_vended(template: Template) -> list[str]:
    """State machines that log to a group whose name does not begin with /aws/vendedlogs/states/, or not at all.

    For each such delivery the service adds the group to one resource policy of the account, which is full after some
    dozens. Source: Step Functions developer guide, "Logging using CloudWatch Logs".
    """
    groups = {
        id_: str(resource.get("Properties", {}).get("LogGroupName"))
        for id_, resource in _resources(template, "AWS::Logs::LogGroup")
    }
    return [
        id_
        for id_, resource in _resources(template, "AWS::StepFunctions::StateMachine")
        if not _is_vended(resource["Properties"].get("LoggingConfiguration", {}), groups)
    ]


def _is_vended(logging: dict[str, Any], groups: dict[str, str]) -> bool:
    destinations = str(logging.get("Destinations", ""))
    named = [name for id_, name in groups.items() if f"'{id_}'" in destinations]
    return bool(named) and all("/aws/vendedlogs/states/" in name for name in named)


def left_by_a_failed_deployment(template: Template) -> list[str]:
    """Resources that stay when the deployment that makes them fails: the next one finds their names taken."""
    return [
        id_
        for id_, resource in _resources(template)
        if resource.get("DeletionPolicy") == "Retain" and not _may_be_left(id_, resource, template)
    ]


def _may_be_left(id_: str, resource: dict[str, Any], template: Template) -> bool:
    named = [one["Properties"]["CloudWatchRoleArn"] for _, one in _resources(template, "AWS::ApiGateway::Account")]
    if resource["Type"] == "AWS::IAM::Role":
        return {"Fn::GetAtt": [id_, "Arn"]} in named
    return resource["Type"] in LEFT_BY_A_FAILURE


def protected_from_its_roll_back(template: Template) -> list[str]:
    """Resources that are protected from deletion as they are made, so that a failed deployment cannot undo them."""
    return [
        id_
        for id_, resource in _resources(template)
        if any(
            value in (True, "ACTIVE", "ENABLED")
            for name, value in resource.get("Properties", {}).items()
            if name.startswith("DeletionProtection")
        )
    ]


def account_setting_that_goes(template: Template) -> list[str]:
    """Settings of API Gateway's account, or their roles, that do not stay when the stack goes."""
    offences = []
    for id_, setting in _resources(template, "AWS::ApiGateway::Account"):
        role = setting["Properties"]["CloudWatchRoleArn"].get("Fn::GetAtt", [""])[0]
        for name in (id_, role):
            one = template["Resources"].get(name, {})
            if {one.get("DeletionPolicy"), one.get("UpdateReplacePolicy")} != {"Retain"}:
                offences.append(name)
    return offences


def tags_that_cost_a_replacement(template: Template) -> list[str]:
    """Resources that cannot change their tags and carry the owner's: another owner would replace them."""
    return [
        id_
        for id_, resource in _resources(template, "AWS::")
        if "quarry:owner" in str(resource.get("Properties", {}).get("Tags"))
        and resource["Type"] not in NAMED_AFTER_THEIR_OWNER
        and "Tags" in schema_of(resource["Type"]).create_only
    ]


def names_in_the_way(old: Template, new: Template) -> list[str]:
    """Resources that a change would replace under one fixed name: the new one is made before the old one goes.

    Source: CloudFormation's error "cannot update a stack when a custom-named resource requires replacing", and what the
    service says of a name that is taken where the name is no physical id.
    """
    found = []
    for id_, was in _resources(old, "AWS::"):
        now = new["Resources"].get(id_, {"Type": ""})
        if now["Type"] != was["Type"]:
            continue
        paths = schema_of(was["Type"]).create_only
        changed = [path for path in paths if _at(was, path) != _at(now, path)]
        named = [path for path in paths if path.endswith("Name") and _at(was, path) is not None]
        if changed and named and not set(named) & set(changed):
            found.append(f"{id_} ({', '.join(changed)})")
    return found


def _at(resource: dict[str, Any], path: str) -> Any:
    return value_at(resource.get("Properties", {}), path.split("."))


ALL: Final = (
    logs_that_are_not_vended,
    left_by_a_failed_deployment,
    protected_from_its_roll_back,
    account_setting_that_goes,
    tags_that_cost_a_replacement,
)
