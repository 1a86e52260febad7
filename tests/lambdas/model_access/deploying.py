"""Deployments that ask for the check: the request of CloudFormation, and what it is answered."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.model_access import candidates, handler
from lambdas.model_access.candidates import CheckedCandidate
from lambdas.model_access.passed import PassedInParameter
from lambdas.model_access.verdicts import Finding, Verdict
from tests.lambdas.cloudformation import Context, FakeCloudFormation, asked
from tests.lambdas.model_access.fakes import HAIKU, MICRO, FakeParameters, denied

FORM = Finding(
    alias="smart", model_id="m", callable_id="us.m", verdict=Verdict.ANTHROPIC_FORM_MISSING, usable=False, fix="send it"
)
READY = Finding(alias="smart", model_id="n", callable_id="n", verdict=Verdict.READY, usable=True)


def event(request: str = "Create", *, mode: str = "fail", **changes: Any) -> dict[str, Any]:
    properties = {"Mode": mode, "Candidates": json.dumps(candidates.to_json([MICRO, HAIKU]))}
    return asked(request, changes.pop("ResourceProperties", properties), LogicalResourceId="Check", **changes)


def finds(*findings: Finding) -> Callable[[list[CheckedCandidate]], list[Finding]]:
    """A check that finds that."""
    return lambda _asked: list(findings)


def broken(_asked: list[CheckedCandidate]) -> list[Finding]:
    """A check that fails to find out."""
    raise RuntimeError("no answer")


def deploy(
    check: Callable[[list[CheckedCandidate]], list[Finding]],
    *,
    seconds: float = 120,
    parameters: FakeParameters | None = None,
    now: float = 0,
    lacking: Sequence[str] = (),
    **changes: Any,
) -> dict[str, Any]:
    """Return the answer to CloudFormation."""
    cloudformation = FakeCloudFormation()
    passed = PassedInParameter(parameters or FakeParameters(), "p", clock=lambda: now)
    handler.lambda_handler(
        event(**changes),
        Context(seconds),
        check=check,
        send=cloudformation,
        passed=lambda: passed,
        notices=lambda: list(lacking),
    )
    return cloudformation.answer


@dataclass
class Unwritable(FakeParameters):
    """A parameter that may not be written, nor read if not ``readable``."""

    readable: bool = True

    def get_parameter(self, **kwargs: Any) -> dict[str, Any]:
        if not self.readable:
            raise denied("AccessDeniedException")
        return super().get_parameter(**kwargs)

    def put_parameter(self, **kwargs: Any) -> dict[str, Any]:
        raise denied("AccessDeniedException")
