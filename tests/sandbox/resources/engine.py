"""MiniStack's CloudFormation engine, run in this process without a server."""

from __future__ import annotations

import asyncio
import json
import urllib.parse
from typing import Any

from ministack.services import cloudformation

from tests.sandbox.resources.examples import Template

STACK = "trial"


def deploy(resources: Template, outputs: dict[str, Any] | None = None, *, stack: str = STACK, **tags: str) -> str:
    """Create the stack or update it to these resources, and answer the status it ends in."""
    known = stack in cloudformation._stacks and cloudformation._stacks[stack]["StackStatus"] != "DELETE_COMPLETE"
    body = {"Resources": resources, "Outputs": {name: {"Value": value} for name, value in (outputs or {}).items()}}
    flat = {"Capabilities.member.1": "CAPABILITY_NAMED_IAM"}
    for number, (key, value) in enumerate(tags.items(), start=1):
        flat |= {f"Tags.member.{number}.Key": key, f"Tags.member.{number}.Value": value}
    _request("UpdateStack" if known else "CreateStack", stack, TemplateBody=json.dumps(body), **flat)
    return str(cloudformation._stacks[stack]["StackStatus"])


def destroy(stack: str = STACK) -> str:
    """Delete the stack and answer the status it ends in."""
    record = cloudformation._stacks[stack]
    _request("DeleteStack", stack)
    return str(record["StackStatus"])


def physical_id(logical_id: str, stack: str = STACK) -> str:
    """The physical id of a resource of the stack."""
    return str(cloudformation._stacks[stack]["_resources"][logical_id]["PhysicalResourceId"])


def attributes(logical_id: str, stack: str = STACK) -> dict[str, Any]:
    """What Fn::GetAtt answers for a resource of the stack."""
    found: dict[str, Any] = cloudformation._stacks[stack]["_resources"][logical_id]["Attributes"]
    return found


def outputs(stack: str = STACK) -> dict[str, str]:
    """The outputs of the stack."""
    return {each["OutputKey"]: each["OutputValue"] for each in cloudformation._stacks[stack]["Outputs"]}


def reasons(stack: str = STACK) -> list[str]:
    """Why resources of the stack failed, oldest first."""
    stack_id = cloudformation._stacks[stack]["StackId"]
    events = cloudformation._stack_events[stack_id]
    return [each["ResourceStatusReason"] for each in events if each["ResourceStatus"].endswith("_FAILED")]


def _request(action: str, stack: str, **fields: str) -> None:
    body = urllib.parse.urlencode({"Action": action, "StackName": stack, **fields}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}

    async def run() -> None:
        status, _, reply = await cloudformation.handle_request("POST", "/", headers, body, {})
        assert status == 200, reply
        # The engine works in tasks that outlive the request.
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

    asyncio.run(run())
