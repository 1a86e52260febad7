"""The faults that are tried: one deletion of one resource of one stack goes wrong, each way that deletions go wrong."""

import itertools
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lambdas.teardown.aws import Aws
from lambdas.teardown.teardown import tear_down
from lambdas.teardown.verdict import Verdict
from sandbox import inventory
from sandbox.connection import REGION
from sandbox.deletions import script
from sandbox.deletions.script import Step
from tests.sandbox.teardown_faults.conftest import ENVIRONMENT
from tests.sandbox.teardown_faults.local_aws import LocalAws

WAYS: Final = ("fails once", "times out", "is gone already", "is denied", "is in use")
# Of each stack and way, unless all are asked for: `make test-teardown SAMPLE=all`.
SAMPLE: Final = os.environ.get("SAMPLE") or "2"
tried: Final[list[str]] = []


@dataclass(frozen=True)
class Fault:
    """One resource whose deletion goes wrong in one way."""

    stack: str
    logical_id: str
    type: str
    id: str
    way: str

    def __str__(self) -> str:
        return f"{self.stack} {self.logical_id} ({self.type}) {self.way}"


def of_stack(aws: LocalAws, stack: str, way: str) -> list[Fault]:
    """Return a stack's faults of one way: all, or a sample: another one with another SEED."""
    found = [
        Fault(stack, one["LogicalResourceId"], one["ResourceType"], one["PhysicalResourceId"], way)
        for one in aws.client("cloudformation")
        .get_paginator("list_stack_resources")
        .paginate(StackName=f"quarry-{ENVIRONMENT}-{stack}")
        .search("StackResourceSummaries[]")
    ]
    if SAMPLE == "all":
        return found
    seed = os.environ.get("SEED") or "1"
    return random.Random(f"{seed} {stack} {way}").sample(found, min(int(SAMPLE), len(found)))


def environment(aws: LocalAws, name: str = ENVIRONMENT) -> Aws:
    """Return what a teardown asks AWS with."""
    return Aws(environment=name, region=REGION, clients=aws.client)


class Time:
    """Seconds that pass only by sleeping, and a little with every look."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._looks = itertools.count()

    def left(self) -> float:
        """Return what is left; looking takes a moment."""
        self.seconds -= 0.1
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds -= seconds


def run(aws: LocalAws, *, seconds: float = 3600.0, name: str = ENVIRONMENT) -> Verdict:
    """Run a teardown."""
    time = Time(seconds)
    return tear_down(environment(aws, name), left=time.left, sleep=time.sleep)


def left(aws: LocalAws, name: str = ENVIRONMENT) -> list[str]:
    """Return what the sandbox's own inventory, which looks into every store, has of the environment."""
    found: dict[str, list[str]] = aws.run(inventory.take)
    prefix, path = f"quarry-{name}-", f"quarry/{name}/"
    return [
        f"{service} {one}"
        for service, names in found.items()
        for one in names
        if (prefix in one or path in one)
        and not one.endswith("-backup")
        and "-backup-bucket" not in one
        and "sandbox-studio-backup" not in one
    ]


def begin(fault: Fault, aws: LocalAws) -> None:
    """Bring the fault about."""
    step: dict[str, Any] = {"resource": fault.logical_id, "stack": f"quarry-{ENVIRONMENT}-{fault.stack}"}
    if fault.way == "fails once":
        script.replace([Step(do="fail", times=1, **step)])
    elif fault.way == "times out":
        script.replace([Step(do="hang", **step)])
    elif fault.way == "is denied":
        script.replace([Step(do="deny", **step)])
        aws.denied = {fault.id}
    elif fault.way == "is in use":
        script.replace([Step(do="in_use", times=3, **step)])
    else:
        aws.vanish(fault.stack, fault.logical_id)


def problems(fault: Fault, aws: LocalAws) -> Iterator[str]:
    """Try a fault, and yield what is wrong about how the teardown met it."""
    begin(fault, aws)
    first = run(aws, seconds=240.0 if fault.way == "times out" else 3600.0)
    yield from _of_verdict(first, left(aws), fault)
    if fault.way == "times out" and first.is_zero:
        yield "nothing was left although a deletion hung"
    if fault.way in ("fails once", "is gone already", "is in use") and not first.is_zero:
        yield f"it did not get over it: {_told(first)}"
    if not first.is_zero:
        aws.forget()
        second = run(aws)
        yield from _of_verdict(second, left(aws), fault)
        if not second.is_zero:
            yield f"it did not go on: {_told(second)}"


def _of_verdict(verdict: Verdict, there: Sequence[str], fault: Fault) -> Iterator[str]:
    """Hold the verdict against what is there."""
    if verdict.is_zero and there:
        yield f"it says that nothing is left, and there is {there}"
    if verdict.is_zero and verdict.usd_per_hour_left:
        yield "nothing is left and it is paid"
    unexplained = [one.id for one in verdict.left if not one.why and not one.state]
    if unexplained:
        yield f"nobody says why {unexplained} are left"
    if not verdict.is_zero and fault.way == "is denied":
        told = " ".join(one.why for one in verdict.left)
        if "AccessDenied" not in told and "not authorized" not in told:
            yield f"nobody says that a right is missing: {told}"


def _told(verdict: Verdict) -> str:
    left_over = ", ".join(f"{one.type} {one.id}: {one.why or one.state}" for one in verdict.left)
    return f"{left_over} {verdict.unseen}"
