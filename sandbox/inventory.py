"""What lives in the sandbox's AWS, read from MiniStack's own state.

Every store of every loaded service is looked at, so that a service nobody thought of is not overlooked. Left out is
what is named here: records AWS too keeps of a resource that is gone, details of one listed elsewhere, built-ins.
"""

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from ministack.app import SERVICE_REGISTRY
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from sandbox.administrator import USER
from sandbox.connection import ACCESS_KEY_ID, ACCOUNT, REGION

Source = Callable[[], Mapping[str, list[str]]]

_PACKAGE = "ministack.services."

# Names of stores, in any service, that hold no resource of their own: tags, records of what happened, details, caches.
_NOT_RESOURCES = re.compile(
    r"tags$|events?$|_events_log$|_history$|_records$|_metrics$|_queries$|_changes$|_requests$|_operations?$|_builds$"
    r"|_jobs$|_job_runs$|_runs$|executions$|invocations$|_invokes$|_steps$|_sessions?$|_tokens?$|_messages$|_emails$"
    r"|_cache$|_positions$|_attrs$|_dates$|_counters$|_refs$|_index$|_uploads$|_idempotency$|_trimmed$|_streams_closed$"
    r"|_account_\w+$|_sfn_mock_config$|_statuses$|_progress$|_iterators$|_aws_managed_\w+$|_credential_reports$"
)
# Details of a resource that another store of the same service lists.
_DETAILS: dict[str, tuple[str, ...]] = {
    "apigateway": ("_routes", "_integrations", "_stages", "_deployments", "_route_responses", "_integration_responses"),
    "apigateway_v1": (
        "_resources",
        "_stages_v1",
        "_deployments_v1",
        "_models",
        "_gateway_responses",
        "_deployed_gateway_responses",
        "_documentation_parts",
        "_request_validators",
    ),
    "alb": ("_targets",),
    "bedrock": ("_USE_CASE",),
    "bedrock_agent": ("_kb_documents", "_kb_document_texts"),
    "budgets": ("_notification_store",),
    "cloudformation": ("_change_sets", "_exports"),
    "cloudwatch": ("_composite_triggers",),
    "cognito": ("_pool_domain_map",),
    "dynamodb": ("_ttl_settings", "_pitr_settings", "_contributor_insights", "_closed_streams", "_exports", "_imports"),
    "ecr": ("_layer_blobs", "_lifecycle_policies", "_manifest_blobs", "_repo_policies"),
    "ecs": ("_task_def_latest",),
    "elasticache": ("_param_group_params",),
    "eventbridge": ("_targets",),
    "lambda_durable": ("_callback_index",),
    "lambda_svc": ("_esm_backoff_until",),
    "sns": ("_sub_arn_to_topic",),
    "sqs": ("_queue_name_to_url",),
    "ssm": ("_commands", "_service_settings"),
    "stepfunctions": ("_activity_tasks",),
}
_BUCKET_DETAIL = re.compile(r"_(bucket|object)_")
# What the default VPC is made of, and the parameter groups, buses and the like that every account has.
_BUILT_IN = re.compile(
    r"(vpc|subnet|sg|igw|rtb|acl|dopt)-0000000\d|default(\.\w.*)?|default/.*|primary|AwsDataCatalog|alias/aws/.*"
)
_BUILT_IN_MODULES = ("athena", "ec2", "elasticache", "eventbridge", "kms", "scheduler")
_GONE_STATES = frozenset(("DELETE_COMPLETE", "PendingDeletion", "DELETED"))
_STATE_FIELDS = ("StackStatus", "KeyState", "State", "status")

_sources: list[Source] = []


def source(function: Source) -> Source:
    """Register a function that lists resources MiniStack does not know: ``{"AWS::Service::Kind": [identifier]}``."""
    if function not in _sources:
        _sources.append(function)
    return function


def take(*, without_stacks: Collection[str] = ()) -> dict[str, list[str]]:
    """Everything that lives in the sandbox: ``{service: ["kind/identifier", ...]}``, sorted; empty when nothing does.

    Identifiers outside the sandbox's own account and region end in ``@account`` or ``@account/region``. The stacks
    named in ``without_stacks`` and what belongs to them is left out.
    """
    owned = _owned_by(without_stacks)
    found: dict[str, set[str]] = {}
    for module, service in _services().items():
        for name, store in _stores(module):
            found.setdefault(service, set()).update(_identifiers(module, name, store))
    for function in _sources:
        for type_name, identifiers in function().items():
            _, service, kind = type_name.split("::")
            found.setdefault(service.lower(), set()).update(f"{kind}/{identifier}" for identifier in identifiers)
    left = {service: {name for name in names if not _identities(name) & owned} for service, names in found.items()}
    return {service: sorted(names) for service, names in sorted(left.items()) if names}


def _identities(name: str) -> set[str]:
    """What CloudFormation may call the resource listed as ``kind/identifier``; a rule's key begins with its bus."""
    identifier = name.partition("/")[2]
    return {identifier, identifier.rpartition("|")[2]}


def _owned_by(stacks: Collection[str]) -> set[str]:
    """The stacks' own names and the physical ids of their resources."""
    from ministack.services.cloudformation import _stacks

    described = {key[-1]: stack for key, stack in _stacks.to_dict().items() if key[-1] in stacks}
    resources = [resource for stack in described.values() for resource in stack.get("_resources", {}).values()]
    return {*described, *(str(resource.get("PhysicalResourceId", "")) for resource in resources)}


def _services() -> dict[str, str]:
    """Loaded modules with state, and the name of the AWS service each belongs to."""
    names: dict[str, str] = {}
    for service, settings in SERVICE_REGISTRY.items():
        for module in (settings["module"], *settings.get("sub_modules", ())):
            names.setdefault(module, service)
    loaded = [name.removeprefix(_PACKAGE) for name in sys.modules if name.startswith(_PACKAGE)]
    return {module: names.get(module, module) for module in sorted(loaded) if "." not in module}


def _stores(module: str) -> Iterator[tuple[str, Mapping[tuple[str, ...], Any]]]:
    for name, value in list(vars(sys.modules[_PACKAGE + module]).items()):
        if isinstance(value, AccountScopedDict | AccountRegionScopedDict) and _holds_resources(module, name):
            yield name, value.to_dict()


def _holds_resources(module: str, name: str) -> bool:
    if module == "s3" and _BUCKET_DETAIL.match(name):
        return False
    return not _NOT_RESOURCES.search(name) and name not in _DETAILS.get(module, ())


def _identifiers(module: str, name: str, store: Mapping[tuple[str, ...], Any]) -> Iterator[str]:
    for (account, *region, key), value in store.items():
        if _is_built_in(module, str(key)) or _is_gone(module, name, value):
            continue
        shown = f"{name.strip('_').removesuffix('_v1')}/{key if isinstance(key, str) else '/'.join(map(str, key))}"
        elsewhere = [account] if account != ACCOUNT or region not in ([], [REGION]) else []
        yield "@".join([shown, "/".join([*elsewhere, *region])]) if elsewhere else shown


def _is_built_in(module: str, key: str) -> bool:
    if module == "iam":
        return key in (USER, ACCESS_KEY_ID)
    return module in _BUILT_IN_MODULES and _BUILT_IN.fullmatch(key.rsplit(":", 1)[-1]) is not None


def _is_gone(module: str, name: str, value: Any) -> bool:
    """Whether AWS would not count the record: nothing in it, deleted, waiting for its deletion, or never created."""
    if isinstance(value, dict | list | set | tuple) and not value:
        return True
    if not isinstance(value, dict):
        return False
    if module == "lambda_svc" and name == "_layers":
        return not value.get("versions")
    return any(value.get(field) in _GONE_STATES for field in _STATE_FIELDS) or bool(value.get("DeletedDate"))
