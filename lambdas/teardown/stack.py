"""The stacks of an environment as CloudFormation knows them: what is needed to take them down without our source."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from lambdas.teardown.aws import Aws
from lambdas.teardown.ownership import WORDS

# Of deleted stacks of one name, which CloudFormation remembers for 90 days: the newest, for what they left.
FORMER: Final = 5
# In which a stack is there, or may come to be.
_LIVING: Final = (
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "CREATE_COMPLETE",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_IN_PROGRESS",
    "IMPORT_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_COMPLETE",
)
DELETED: Final = "DELETE_COMPLETE"
SKIPPED: Final = "DELETE_SKIPPED"
# CDK's own, which every environment of the account is deployed through.
BOOTSTRAP: Final = "CDKToolkit"
_ANY: Final = re.compile(r"quarry-(?P<environment>[a-z][a-z0-9-]{1,19})-[a-z]+")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a stack. ``id`` is CloudFormation's physical id, "" of one that was never made."""

    logical_id: str
    id: str
    type: str
    status: str
    reason: str = ""


@dataclass
class Stack:
    """A stack: ``name`` and ``id`` (its ARN), and what CloudFormation says of it when it is asked."""

    name: str
    id: str
    status: str
    aws: Aws = field(repr=False)
    reason: str = ""

    @property
    def lives(self) -> bool:
        """Whether it is there."""
        return self.status != DELETED

    @cached_property
    def resources(self) -> list[Resource]:
        """Its resources; of a deleted one, for 90 days, with what became of them."""
        listed = self.aws.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=self.id)
        return [
            Resource(
                logical_id=one["LogicalResourceId"],
                id=one.get("PhysicalResourceId") or "",
                type=one["ResourceType"],
                status=one["ResourceStatus"],
                reason=one.get("ResourceStatusReason") or "",
            )
            for one in listed
        ]

    @cached_property
    def template(self) -> Mapping[str, Any]:
        """The template that it was deployed with; {} of one that never got as far."""
        found = self.aws.described("cloudformation", "get_template", StackName=self.id)
        body = (found or {}).get("TemplateBody") or {}
        document = json.loads(body) if isinstance(body, str) else body
        return document if isinstance(document, Mapping) else {}

    @property
    def reads(self) -> frozenset[str]:
        """The names of the SSM parameters that its own parameters are read from: so our stacks hand things on."""
        parameters = self.template.get("Parameters", {}).values()
        return frozenset(
            str(one["Default"])
            for one in parameters
            if str(one.get("Type", "")).startswith("AWS::SSM::Parameter") and "Default" in one
        )

    @property
    def writes(self) -> frozenset[str]:
        """The names of the SSM parameters that it has."""
        return frozenset(one.id for one in self.resources if one.type == "AWS::SSM::Parameter")

    @property
    def retained(self) -> frozenset[str]:
        """The logical ids of what its own template keeps when it goes."""
        resources = self.template.get("Resources", {})
        return frozenset(
            name for name, one in resources.items() if str(one.get("DeletionPolicy", "")).startswith("Retain")
        )


class Stacks:
    """The stacks of one environment, those that are there and the newest that were; read once."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    @cached_property
    def all(self) -> list[Stack]:
        """Those of the environment, the living ones as CloudFormation lists them, the newest first."""
        # A stranger's stack may be called quarry-dev-orders.
        names = {f"quarry-{self._aws.environment}-{word}" for word in WORDS}
        return [stack for stack in self._every if stack.name in names]

    @property
    def living(self) -> list[Stack]:
        """Those that are there."""
        return [stack for stack in self.all if stack.lives]

    @property
    def former(self) -> list[Stack]:
        """The newest of those that are deleted."""
        kept: dict[str, int] = {}
        found = []
        for stack in self.all:
            kept[stack.name] = kept.get(stack.name, 0) + (not stack.lives)
            if not stack.lives and kept[stack.name] <= FORMER:
                found.append(stack)
        return found

    @property
    def bootstrap(self) -> Stack | None:
        """CDK's stack of the account."""
        return next((stack for stack in self._every if stack.name == BOOTSTRAP and stack.lives), None)

    @property
    def environments(self) -> frozenset[str]:
        """The names of all environments of which the account has, or had, a stack."""
        return frozenset(name for stack in self._every if (name := _environment(stack.name)))

    @cached_property
    def _every(self) -> list[Stack]:
        return list(self._listed())

    def _listed(self) -> Iterator[Stack]:
        statuses = [*_LIVING, DELETED]
        pages = self._aws.pages("cloudformation", "list_stacks", "StackSummaries", StackStatusFilter=statuses)
        for one in pages:
            # A nested stack goes with the one that it is in.
            if not one.get("ParentId"):
                yield Stack(
                    name=one["StackName"],
                    id=one["StackId"],
                    status=one["StackStatus"],
                    reason=one.get("StackStatusReason") or "",
                    aws=self._aws,
                )


def _environment(stack_name: str) -> str | None:
    matched = _ANY.fullmatch(stack_name)
    return matched["environment"] if matched else None


def dependents(stack: Stack, others: list[Stack]) -> list[Stack]:
    """Return those of the others that read what this stack hands on, and so go before it."""
    return [other for other in others if other.id != stack.id and stack.writes & other.reads]
