"""Deleting an environment's stacks, one after the other, as whoever deployed them may: no role is named.

CloudFormation then takes the role that the stack was deployed with (CDK's execution role), so who asks needs no right
but to ask. Source: API reference, DeleteStack, RoleARN.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from lambdas.common.aws_errors import code_of

# How often a deletion is begun.
TRIES: Final = 3
# Reasons of one stack that are told.
REASONS: Final = 3
_MISSING: Final = re.compile(r"does not exist")


class CloudFormation(Protocol):
    """The calls of CloudFormation that are made, with its own shapes."""

    def delete_stack(self, **kwargs: Any) -> Any: ...
    def describe_stacks(self, **kwargs: Any) -> Any: ...
    def describe_stack_events(self, **kwargs: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """How far the deletion of one stack is.

    Attributes:
        gone: it is not there any more.
        failed: why it is not deleted, and will not be by asking again; "" as long as it may be.
        tries: how often it was begun.
    """

    gone: bool = False
    failed: str = ""
    tries: int = 0


class Stacks:
    """The stacks of one environment."""

    def __init__(self, cloudformation: CloudFormation) -> None:
        self._cloudformation = cloudformation

    def there(self, names: tuple[str, ...]) -> list[str]:
        """Return those of the names that there are."""
        return [name for name in names if self._status(name)]

    def delete(self, name: str, *, tries: int) -> Deletion:
        """Begin the deletion of a stack, or look how far it is.

        Args:
            tries: how often it was begun before.
        """
        status = self._status(name)
        if not status:
            return Deletion(gone=True, tries=tries)
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            return Deletion(tries=tries)
        if status == "DELETE_FAILED" and tries >= TRIES:
            return Deletion(failed=self._reason(name), tries=tries)
        try:
            self.begin(name)
        except ClientError as error:
            if code_of(error) == "Throttling":
                return Deletion(tries=tries)
            if tries + 1 < TRIES and code_of(error) != "AccessDenied" and "TerminationProtection" not in str(error):
                return Deletion(tries=tries + 1)
            return Deletion(failed=str(error.response["Error"].get("Message", error)), tries=tries + 1)
        return Deletion(tries=tries + 1)

    def begin(self, name: str) -> None:
        """Ask for the deletion of a stack; of one that is gone, nothing comes."""
        self._cloudformation.delete_stack(StackName=name)

    def _status(self, name: str) -> str:
        """Return CloudFormation's, "" for a stack that is gone."""
        try:
            (stack,) = self._cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            if code_of(error) == "ValidationError" and _MISSING.search(str(error)):
                return ""
            raise
        status = str(stack["StackStatus"])
        return "" if status == "DELETE_COMPLETE" else status

    def _reason(self, name: str) -> str:
        """Return which resources were not deleted in the last try, and why."""
        reasons: list[str] = []
        for event in self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]:
            status, resource = event.get("ResourceStatus", ""), event.get("LogicalResourceId", "")
            if event.get("ResourceType") == "AWS::CloudFormation::Stack" and status == "DELETE_IN_PROGRESS":
                break
            if status == "DELETE_FAILED" and event.get("ResourceType") != "AWS::CloudFormation::Stack":
                reasons.append(f"{resource}: {event.get('ResourceStatusReason', 'no reason given')}")
        more = f"; and {len(reasons) - REASONS} more" if len(reasons) > REASONS else ""
        return "; ".join(reasons[:REASONS]) + more or "CloudFormation names no reason"
