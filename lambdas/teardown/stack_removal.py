"""Deleting an environment's stacks from what CloudFormation knows of them, without our source.

A stack goes before those whose SSM parameters it reads. One that fails is looked into: what keeps it is deleted itself,
what is gone already or holds nothing of its own is passed over (``RetainResources``), and then it is tried again.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.teardown.asking import PAUSE_SECONDS, Asking, Key
from lambdas.teardown.inventory import CLOUDFORMATION, STACK, of_stack
from lambdas.teardown.kinds.table import BY_RESOURCE
from lambdas.teardown.stack import Resource, Stack, Stacks, dependents

# Failed deletions of one stack after which it is given up, if each left as much as the one before.
ATTEMPTS: Final = 5
# Failures of one resource after which it is passed over, if it is none that can be looked at and deleted by itself.
FAILURES: Final = 2
_FAILED: Final = "DELETE_FAILED"
# Of the stack that ends the environment by itself: until the others are gone it is what would end them.
LAST: Final = "-foundation"
# It can be deleted although its name says that something is going on.
_NOT_GOING_ON: Final = "REVIEW_IN_PROGRESS"


def key_of(stack: Stack) -> Key:
    """Return the stack's key among things."""
    return CLOUDFORMATION, STACK, stack.name


@dataclass
class StackRemoval:
    """One run's deletion of stacks.

    Args:
        asking: the run.
        spared: names of stacks that are somebody else's to delete.
        keeps_data: whether tables and buckets stay.
    """

    asking: Asking
    spared: frozenset[str] = frozenset()
    keeps_data: bool = False
    _failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    _left_by: dict[str, int] = field(default_factory=dict)
    _in_vain: Counter[str] = field(default_factory=Counter)
    # By id: what a stack reads and hands on does not change any more.
    _known: dict[str, Stack] = field(default_factory=dict)

    def run(self) -> None:
        """Delete them, until none is left, or hope, or time."""
        looks = 0
        while True:
            stacks = self._living()
            waiting = [stack for stack in stacks if not self._is_hopeless(stack)]
            if not waiting:
                return
            self.asking.tell("; ".join(f"{stack.name} is {stack.status}" for stack in waiting))
            for stack in waiting:
                if self._may_go(stack, waiting):
                    self._go_on(stack)
            if self.asking.left() <= 0:
                return
            self.asking.sleep(min(PAUSE_SECONDS, looks))
            looks += 1

    def _living(self) -> list[Stack]:
        try:
            stacks = [stack for stack in Stacks(self.asking.aws).living if stack.name not in self.spared]
        except (ClientError, BotoCoreError) as error:
            self.asking.progress.note((CLOUDFORMATION, STACK, "all"), error)
            return []
        self.asking.progress.saw(of_stack(stack) for stack in stacks)
        return stacks

    def _is_hopeless(self, stack: Stack) -> bool:
        return self._in_vain[stack.id] >= ATTEMPTS or self.asking.progress.is_hopeless(key_of(stack))

    def _may_go(self, stack: Stack, waiting: Sequence[Stack]) -> bool:
        if stack.status.endswith("_IN_PROGRESS") and stack.status != _NOT_GOING_ON:
            return False
        try:
            if stack.name.endswith(LAST) and not all(other.name.endswith(LAST) for other in waiting):
                return False
            known = self._known.setdefault(stack.id, stack)
            others = [self._known.setdefault(other.id, other) for other in waiting]
            return not dependents(known, others)
        except (ClientError, BotoCoreError):
            # The order is what saves a failure, not what is needed.
            return True

    def _go_on(self, stack: Stack) -> None:
        passed_over: list[str] = []
        try:
            if stack.status == _FAILED:
                passed_over = self._look_into(stack)
            client = self.asking.aws.client(CLOUDFORMATION)
            client.delete_stack(StackName=stack.id, **({"RetainResources": passed_over} if passed_over else {}))
        except (ClientError, BotoCoreError) as error:
            self.asking.progress.note(key_of(stack), error)

    def _look_into(self, stack: Stack) -> list[str]:
        """Delete what keeps a failed stack; return the logical ids of what it may pass over."""
        failed = [one for one in stack.resources if one.status == _FAILED]
        known = len(stack.resources)
        self._in_vain[stack.id] = self._in_vain[stack.id] + 1 if known >= self._left_by.get(stack.id, known + 1) else 1
        self._left_by[stack.id] = known
        self.asking.progress.why[key_of(stack)] = "; ".join(
            f"{one.logical_id} ({one.type} {one.id}): {one.reason or self._reason(stack, one)}" for one in failed
        )
        return [one.logical_id for one in failed if self._may_be_passed_over(stack, one)]

    def _reason(self, stack: Stack, resource: Resource) -> str:
        """Return why a resource failed, where the list of all does not tell."""
        named = {"StackName": stack.id, "LogicalResourceId": resource.logical_id}
        told = self.asking.aws.described(CLOUDFORMATION, "describe_stack_resources", **named) or {}
        return next((str(one.get("ResourceStatusReason") or "") for one in told.get("StackResources", [])), "")

    def _may_be_passed_over(self, stack: Stack, resource: Resource) -> bool:
        kind = BY_RESOURCE.get(resource.type)
        self._failures[stack.id, resource.logical_id] += 1
        if not resource.id:
            return True
        if kind is None:
            return self._failures[stack.id, resource.logical_id] >= FAILURES
        if kind.data and self.keeps_data:
            return True
        if self._is_gone(kind.looks, resource.id):
            return True
        self.asking.delete((kind.service, kind.type, resource.id), kind)
        return False

    def _is_gone(self, looks: Callable[..., object], id_: str) -> bool:
        try:
            return looks(self.asking.aws, id_) is None
        except (ClientError, BotoCoreError):
            return False
