"""What a resource that could not be deleted still needs is kept, so that deleting the stack again can go on from there.

MiniStack goes on deleting: the function behind a custom resource that failed is gone when the stack is deleted again,
and then nothing can delete it any more. Source: CloudFormation user guide, "Delete failed" of troubleshooting, and
"Force delete": what failed is retained together with its dependencies. Unlike AWS, a resource that is kept is named
among those that failed, with the one that needs it.
"""

from typing import Any, Final

from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

_FAILED: Final = "DELETE_FAILED"

_delete_resource = stacks._delete_resource


class StillNeededError(Exception):
    """The resource is not deleted, because one that needs it could not be. ``PREFIX``: what its reason begins with."""

    PREFIX: Final = "kept: "


def install() -> None:
    """Keep dependencies of what failed. Doing it again changes nothing."""
    stacks._delete_resource = _delete


def _delete(kind: str, physical_id: str, properties: Any, stack_name: str, logical_id: str) -> Any:
    stack = cloudformation._stacks.get(stack_name) or {}
    resources: dict[str, Any] = stack.get("_resources") or {}
    definitions: dict[str, Any] = (stack.get("_template") or {}).get("Resources") or {}
    for name, resource in resources.items():
        failed = name != logical_id and resource.get("ResourceStatus") == _FAILED
        if failed and logical_id in stacks._with_dependencies([name], definitions, set(resources)):
            raise StillNeededError(f"{StillNeededError.PREFIX}{name}, which could not be deleted, still needs it")
    return _delete_resource(kind, physical_id, properties, stack_name, logical_id)
