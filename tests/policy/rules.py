"""Rules over a whole template. Each returns the offences it finds, so that it can be shown to find some.

cdk-nag knows nothing of Bedrock or OpenSearch Serverless; these rules know our own conventions too.
"""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from configuration.environment_file import PROJECT
from lambdas.common.observability import ENVIRONMENT_VARIABLE
from stacks.components.python_function import METRICS_NAMESPACE
from stacks.inference import web_function
from tests.policy.function_settings import module_of, served, variables_of
from tests.policy.star_resources import ALLOWED_STAR

# Variables that every function has besides its settings: stacks/components/python_function.py.
COMMON_VARIABLES: Final = {
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    ENVIRONMENT_VARIABLE,
    *web_function.VARIABLES,
}
# Service principals that act for a resource of ours on somebody's behalf and could be talked into acting for others.
CONFUSABLE: Final = {f"{service}.amazonaws.com" for service in ("bedrock", "events", "sagemaker", "scheduler")}

Template = dict[str, Any]


def of_type(template: Template, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (logical id, properties) of resources of these types."""
    for id_, resource in template["Resources"].items():
        if resource["Type"] in kinds:
            yield id_, resource.get("Properties", {})


def _statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    for id_, properties in of_type(template, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"):
        documents = [properties.get("PolicyDocument"), *(p["PolicyDocument"] for p in properties.get("Policies", []))]
        for document in documents:
            for statement in (document or {}).get("Statement", []):
                yield id_, statement


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def wildcard_actions(template: Template) -> list[str]:
    """Actions with a wildcard, as s3:* or bedrock:Invoke*."""
    return [
        f"{id_}: {action}"
        for id_, statement in _statements(template)
        for action in _listed(statement.get("Action", "NotAction"))
        if "*" in action or action == "NotAction"
    ]


def star_resources(template: Template) -> list[str]:
    """Actions on Resource "*" that are not listed with a reason."""
    return [
        f"{id_}: {action}"
        for id_, statement in _statements(template)
        if "*" in _listed(statement.get("Resource", "*"))
        for action in _listed(statement["Action"])
        if action not in ALLOWED_STAR
    ]


def open_pass_role(template: Template) -> list[str]:
    """iam:PassRole without one role and iam:PassedToService."""
    return [
        id_
        for id_, statement in _statements(template)
        if "iam:PassRole" in _listed(statement.get("Action"))
        and (len(_listed(statement["Resource"])) != 1 or "iam:PassedToService" not in str(statement.get("Condition")))
    ]


def unconditional_trust(template: Template) -> list[str]:
    """Roles that a service may assume for anybody's resource: no aws:SourceAccount and aws:SourceArn."""
    return [
        id_
        for id_, properties in of_type(template, "AWS::IAM::Role")
        for statement in properties["AssumeRolePolicyDocument"]["Statement"]
        if CONFUSABLE & set(_listed(statement["Principal"].get("Service", [])))
        and not all(key in str(statement.get("Condition")) for key in ("aws:SourceAccount", "aws:SourceArn"))
    ]


def shared_roles(template: Template) -> list[str]:
    """Functions that share a role with another function."""
    roles = [(id_, str(properties["Role"])) for id_, properties in of_type(template, "AWS::Lambda::Function")]
    return [id_ for id_, role in roles if [r for _, r in roles].count(role) > 1]


def logs_without_retention(template: Template) -> list[str]:
    """Log groups that keep everything for ever, and functions that would make such a group themselves."""
    groups = [id_ for id_, group in of_type(template, "AWS::Logs::LogGroup") if "RetentionInDays" not in group]
    functions = [
        id_
        for id_, function in of_type(template, "AWS::Lambda::Function")
        if "LogGroup" not in function.get("LoggingConfig", {})
    ]
    return groups + functions


def log_groups_that_come_back(template: Template) -> list[str]:
    """Rights to make a log group: who writes after its end, as a deleted function's last line, makes it anew.

    AWS's own policies for functions have the right too.
    """
    actions = ((id_, _listed(one.get("Action", [])), one.get("Effect", "Allow")) for id_, one in _statements(template))
    makers = [f"{id_}: may" for id_, named, effect in actions if "logs:CreateLogGroup" in named and effect == "Allow"]
    for id_, properties in of_type(template, "AWS::IAM::Role"):
        if "lambda.amazonaws.com" in str(properties.get("AssumeRolePolicyDocument")):
            makers += [f"{id_}: {arn}" for arn in properties.get("ManagedPolicyArns", [])]
    return makers


def untraced_functions(template: Template) -> list[str]:
    """Functions without X-Ray."""
    return [
        id_
        for id_, function in of_type(template, "AWS::Lambda::Function")
        if function.get("TracingConfig", {}).get("Mode") != "Active"
    ]


def broken_handlers(template: Template) -> list[str]:
    """Functions whose handler names nothing that can be called, or a script that cannot be started."""
    offences = []
    for id_, function in of_type(template, "AWS::Lambda::Function"):
        handler = function["Handler"]
        found = _starts(PROJECT / handler) if handler.endswith(".sh") else _is_callable(handler)
        if not found:
            offences.append(f"{id_}: {handler}")
    return offences


def _starts(script: Path) -> bool:
    """Whether the Lambda Web Adapter can start the script, and what it serves can be imported."""
    if not script.is_file() or not os.access(script, os.X_OK) or b"\r" in script.read_bytes():
        return False
    return _is_callable(served(script).replace(":", "."))


def _is_callable(path: str) -> bool:
    module, _, name = path.rpartition(".")
    try:
        return callable(getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError, ValueError):
        return False


def mismatched_environments(template: Template) -> list[str]:
    """Functions whose variables are not exactly the fields of the settings classes that their code reads."""
    offences = []
    for id_, function in of_type(template, "AWS::Lambda::Function"):
        variables = set(function.get("Environment", {}).get("Variables", {})) - COMMON_VARIABLES
        read, required = variables_of(module_of(function["Handler"]))
        if not required <= variables <= read:
            offences.append(f"{id_}: {sorted((required - variables) | (variables - read))}")
    return offences


def shared_metrics(template: Template) -> list[str]:
    """Functions whose metrics are not told apart from those of another environment or function."""
    return [
        id_
        for id_, function in of_type(template, "AWS::Lambda::Function")
        if not all(
            function.get("Environment", {}).get("Variables", {}).get(name)
            for name in (ENVIRONMENT_VARIABLE, "POWERTOOLS_SERVICE_NAME")
        )
    ]


def alarms_across_environments(template: Template) -> list[str]:
    """Alarms on metrics of ours that lack a dimension, and so would look at what nobody counts."""
    return [
        id_
        for id_, alarm in of_type(template, "AWS::CloudWatch::Alarm")
        for metric in [alarm, *(one.get("MetricStat", {}).get("Metric", {}) for one in alarm.get("Metrics", []))]
        if metric.get("Namespace") == METRICS_NAMESPACE
        and {dimension["Name"] for dimension in metric.get("Dimensions", [])} != {"environment", "service"}
    ]


def unknown_actions(template: Template) -> list[str]:
    """Custom resources that ask their function for an action that it has not."""
    offences = []
    for id_, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"].startswith("Custom::") and "Action" in properties:
            function = template["Resources"][properties["ServiceToken"]["Fn::GetAtt"][0]]["Properties"]
            module = importlib.import_module(module_of(function["Handler"]))
            if properties["Action"] not in getattr(module, "ACTIONS", {}):
                offences.append(f"{id_}: {properties['Action']}")
    return offences


def unencrypted_or_open_data(template: Template) -> list[str]:
    """Buckets and queues that are open or not encrypted; tables without point-in-time recovery."""
    buckets = [
        id_
        for id_, bucket in of_type(template, "AWS::S3::Bucket")
        if not all((bucket.get("PublicAccessBlockConfiguration") or {"none": False}).values())
    ]
    buckets += [id_ for id_, bucket in of_type(template, "AWS::S3::Bucket") if "BucketEncryption" not in bucket]
    queues = [
        id_
        for id_, queue in of_type(template, "AWS::SQS::Queue")
        if not (queue.get("SqsManagedSseEnabled") or queue.get("KmsMasterKeyId"))
    ]
    tables = [
        id_
        for id_, table in of_type(template, "AWS::DynamoDB::Table")
        if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled")
    ]
    return sorted(set(buckets)) + queues + tables


def untagged(template: Template) -> list[str]:
    """Resources that take tags, as CDK knows, and lack ours; seen on the kinds that hold data or run code."""
    kinds = ("AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::ApiGateway::RestApi", "AWS::Logs::LogGroup",
             "AWS::IAM::Role", "AWS::S3::Bucket", "AWS::Bedrock::Guardrail", "AWS::SQS::Queue", "AWS::SNS::Topic",
             "AWS::StepFunctions::StateMachine", "AWS::Scheduler::ScheduleGroup", "AWS::S3Vectors::VectorBucket",
             "AWS::KMS::Key")  # fmt: skip
    return [
        id_
        for id_, properties in of_type(template, *kinds)
        if not {"quarry:environment", "quarry:owner"} <= {tag["Key"] for tag in properties.get("Tags", [])}
    ]


ALL: Final = (
    wildcard_actions,
    star_resources,
    open_pass_role,
    unconditional_trust,
    shared_roles,
    logs_without_retention,
    log_groups_that_come_back,
    untraced_functions,
    broken_handlers,
    mismatched_environments,
    shared_metrics,
    alarms_across_environments,
    unknown_actions,
    unencrypted_or_open_data,
    untagged,
)
