"""Checking model access from the command line: by the deployed function, else with the operator's own credentials."""

import json
from dataclasses import dataclass
from typing import Any, Final

from botocore.config import Config as ClientConfig

from configuration.model_access import candidates as candidates_of
from lambdas.model_access import account, candidates
from lambdas.model_access.check import ModelAccessCheck, Progress
from lambdas.model_access.fixes import Fixes
from lambdas.model_access.probers import OwnCredentials
from lambdas.model_access.verdicts import Finding
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment

ROLE: Final = "role"
OWN: Final = "own"

# Longer than the check's function may run, which is 120 s (stacks.inference.model_access_check).
FUNCTION_SECONDS: Final = 150
# Longer than a real call is waited for.
CALL_SECONDS: Final = 30


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Findings, and who made the real calls: "role" is the platform's own, "own" the operator's credentials.

    Attributes:
        notices: what the account lacks besides models, with what to do.
    """

    findings: list[Finding]
    checked_by: str
    notices: list[str]


def check(deployment: Deployment, *, progress: Progress) -> Checked:
    """Check the models of the environment.

    Raises:
        CommandError: the function failed.
        ClientError, BotoCoreError: AWS cannot be asked.
    """
    function = _function(deployment)
    if function is None:
        people, region = deployment.config.models.participants, deployment.config.region
        lacking = [
            *account.notices(deployment.client("lambda"), participants=people, region=region),
            *account.judging(deployment.client("service-quotas"), participants=people, region=region),
        ]
        return Checked(findings=_check_directly(deployment, progress), checked_by=OWN, notices=lacking)
    findings, lacking = _ask(deployment, function)
    return Checked(findings=findings, checked_by=ROLE, notices=lacking)


def _function(deployment: Deployment) -> str | None:
    """Return the name of the deployed check's function, or None if there is none."""
    wanted = deployment.config.physical_name("inference")
    for stack in deployment.stacks:
        if stack["StackName"] == wanted:
            outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
            return outputs.get("ModelAccessFunction")
    return None


def _ask(deployment: Deployment, function: str) -> tuple[list[Finding], list[str]]:
    event = {"action": "check", "candidates": candidates.to_json(candidates_of(deployment.config))}
    client = client_that_asks_once(deployment, "lambda", read_timeout=FUNCTION_SECONDS)
    reply = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    answer: Any = json.loads(reply["Payload"].read())
    if reply.get("FunctionError") or "findings" not in answer:
        told = answer.get("errorMessage", answer) if isinstance(answer, dict) else answer
        raise CommandError(f"The check's function {function} failed: {told}. Its log has more.")
    # A function of an older release tells of no notices.
    return [Finding.from_json(entry) for entry in answer["findings"]], list(answer.get("notices", ()))


def _check_directly(deployment: Deployment, progress: Progress) -> list[Finding]:
    config = deployment.config
    check = ModelAccessCheck(
        bedrock=deployment.client("bedrock"),
        prober=OwnCredentials(client_that_asks_once(deployment, "bedrock-runtime", read_timeout=CALL_SECONDS)),
        quotas=deployment.client("service-quotas"),
        fixes=Fixes(environment=config.name, region=config.region),
        participants=config.models.participants,
        needed_until=config.models.needed_until,
    )
    return check.run(candidates_of(config), progress=progress)


def client_that_asks_once(deployment: Deployment, service: str, *, read_timeout: int) -> Any:
    """Make a client that waits and never retries: a second invocation would check twice, and throttled is an answer."""
    once = ClientConfig(read_timeout=read_timeout, retries={"total_max_attempts": 1}, tcp_keepalive=True)
    return deployment.client(service, config=once)
