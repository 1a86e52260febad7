"""What MiniStack's deletion of a stack does otherwise than CloudFormation's.

A deleted stack is remembered by its id for 90 days, with what was not deleted with it (``DELETE_SKIPPED``), and its
name is free. Of a stack that failed to be deleted only those resources are ``DELETE_FAILED`` that failed themselves.
Source: API reference, ListStackResources ("For deleted stacks ..."), DescribeStacks.
"""

from __future__ import annotations

import asyncio
import copy
import functools
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, stacks

from sandbox import kept_dependencies
from sandbox.deletions import script
from sandbox.kept_dependencies import StillNeededError

_LOOK_SECONDS = 0.05


@functools.cache
def install() -> None:
    """Put it in place; doing it again changes nothing."""
    kept_dependencies.install()
    delete_stack, delete_resource = stacks._delete_stack_async, kept_dependencies._delete_resource

    async def deleting(stack_name: str, stack_id: str, *arguments: Any, **more: Any) -> None:
        stack = cloudformation._stacks.get(stack_name)
        before = copy.copy((stack or {}).get("_resources") or {})
        while stack is not None and script.hangs(stack_name, list(before)):
            stack["StackStatus"] = "DELETE_IN_PROGRESS"
            await asyncio.sleep(_LOOK_SECONDS)
        await delete_stack(stack_name, stack_id, *arguments, **more)
        if stack is not None:
            _remember(stack_name, stack, before)

    def deleting_resource(
        kind: str, physical_id: str, properties: Any, stack_name: str | None = None, logical_id: str | None = None
    ) -> Any:
        script.refuse(stack_name or "", logical_id or "")
        return delete_resource(kind, physical_id, properties, stack_name, logical_id)

    stacks._delete_stack_async = handlers._delete_stack_async = deleting
    # What is kept for something that failed is not tried at all.
    kept_dependencies._delete_resource = deleting_resource


def _remember(name: str, stack: dict[str, Any], before: dict[str, Any]) -> None:
    if stack.get("StackStatus") == "DELETE_COMPLETE":
        events = cloudformation._stack_events.get(stack["StackId"]) or []
        skipped = {one["LogicalResourceId"] for one in events if one["ResourceStatus"] == "DELETE_SKIPPED"}
        stack["_resources"] = {
            logical_id: {**resource, "ResourceStatus": "DELETE_SKIPPED"}
            for logical_id, resource in {**(stack.get("_left") or {}), **before}.items()
            if logical_id in skipped
        }
        if cloudformation._stacks.get(name) is stack:
            del cloudformation._stacks[name]
            cloudformation._stacks[stack["StackId"]] = stack
        return
    # What a retry passes over is not among the resources of the last one.
    stack["_left"] = {**(stack.get("_left") or {}), **before}
    for resource in (stack.get("_resources") or {}).values():
        if str(resource.get("ResourceStatusReason") or "").startswith(StillNeededError.PREFIX):
            resource.update(ResourceStatus="CREATE_COMPLETE", ResourceStatusReason="")
