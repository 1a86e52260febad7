"""The function that keeps an environment's end and budget, asked for something."""

import json
from typing import Any, Final

from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment, environment

STACK: Final = "foundation"


def ask(name: str, action: str, **more: Any) -> dict[str, Any]:
    """Return what the environment's keeper answers: see ``lambdas.expiry.keeper``.

    Raises:
        CommandError: the environment has neither an end nor a budget, or what is asked for cannot be.
    """
    config = environment(name)
    deployment = Deployment(config)
    if config.physical_name(STACK) not in deployment.outputs():
        raise CommandError(
            f"{name} has neither an end nor a budget: its file says expires_after: null and has no budget, or it was "
            "deployed before it had one."
        )
    function = deployment.output("KeeperFunction", stack=STACK)
    payload = json.dumps({"action": action, **more}).encode()
    reply = deployment.client("lambda").invoke(FunctionName=function, Payload=payload)
    answer: dict[str, Any] = json.loads(reply["Payload"].read())
    if "FunctionError" in reply:
        raise CommandError(f"{function} failed: {answer.get('errorMessage', answer)}. Its log group has the rest.")
    if "error" in answer:
        raise CommandError(f"{name}: {answer['error']['message']}")
    return answer
