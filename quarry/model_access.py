"""Checking model access from the command line: by the deployed function, else with the operator's own credentials."""

import json
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.model_access import candidates
from lambdas.model_access.check import ModelAccessCheck, Progress
from lambdas.model_access.fixes import Fixes
from lambdas.model_access.probers import OwnCredentials
from lambdas.model_access.verdicts import Finding
from quarry.command_error import CommandError
from quarry.deployment import Deployment
from stacks.model_access import candidates as candidates_of

ROLE: Final = "role"
OWN: Final = "own"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Findings, and who made the real calls: "role" is the platform's own, "own" the operator's credentials."""

    findings: list[Finding]
    checked_by: str


def check(deployment: Deployment, *, progress: Progress) -> Checked:
    """Check the models of the environment.

    Raises:
        CommandError: the function cannot be asked, or failed.
    """
    function = _function(deployment)
    if function is None:
        return Checked(findings=_check_directly(deployment, progress), checked_by=OWN)
    return Checked(findings=_ask(deployment, function), checked_by=ROLE)


def _function(deployment: Deployment) -> str | None:
    """Return the name of the deployed check's function, or None if there is none."""
    wanted = deployment.config.physical_name("inference")
    for stack in deployment.stacks:
        if stack["StackName"] == wanted:
            outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
            return outputs.get("ModelAccessFunction")
    return None


def _ask(deployment: Deployment, function: str) -> list[Finding]:
    event = {"action": "check", "candidates": candidates.to_json(candidates_of(deployment.config))}
    try:
        reply = deployment.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        answer: Any = json.loads(reply["Payload"].read())
    except (ClientError, BotoCoreError) as error:
        raise CommandError(f"The check's function {function} cannot be asked: {error}") from error
    if reply.get("FunctionError") or "findings" not in answer:
        told = answer.get("errorMessage", answer) if isinstance(answer, dict) else answer
        raise CommandError(f"The check's function {function} failed: {told}. Its log has more.")
    return [Finding.from_json(entry) for entry in answer["findings"]]


def _check_directly(deployment: Deployment, progress: Progress) -> list[Finding]:
    config = deployment.config
    check = ModelAccessCheck(
        bedrock=deployment.client("bedrock"),
        prober=OwnCredentials(deployment.client("bedrock-runtime")),
        quotas=deployment.client("service-quotas"),
        fixes=Fixes(environment=config.name, region=config.region),
        participants=config.models.participants,
    )
    return check.run(candidates_of(config), progress=progress)
