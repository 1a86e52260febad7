"""All stacks of one environment, in the order they need each other."""

from aws_cdk import App

from stacks.config import Config
from stacks.guardrails import GuardrailsStack
from stacks.inference import InferenceStack


class Platform:
    """One environment's stacks in ``app``."""

    def __init__(self, app: App, *, config: Config, account: str | None) -> None:
        self.guardrails = GuardrailsStack(app, "Guardrails", config=config, account=account)
        self.inference = InferenceStack(app, "Inference", config=config, account=account)
        # Inference reads the guardrail's id from an SSM parameter, which CloudFormation resolves before anything else.
        self.inference.add_stack_dependency(self.guardrails)
