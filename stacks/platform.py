"""All stacks of one environment, in the order they need each other."""

from collections.abc import Sequence

from aws_cdk import App

from configuration.config import Config
from configuration.prompts import PromptFile
from configuration.studio.names import STACK_ID
from configuration.tuning.names import STACK_ID as TUNING
from stacks.foundation.stack import FoundationStack, is_needed
from stacks.guardrails.stack import GuardrailsStack
from stacks.inference.stack import InferenceStack
from stacks.knowledge.stack import KnowledgeStack
from stacks.prompts.stack import PromptsStack
from stacks.studio.stack import StudioStack
from stacks.tuning.stack import TuningStack


class Platform:
    """One environment's stacks in ``app``."""

    def __init__(self, app: App, *, config: Config, account: str | None, prompts: Sequence[PromptFile]) -> None:
        # First, so that it goes last: it is what ends the others.
        self.foundation = (
            FoundationStack(app, "Foundation", config=config, account=account) if is_needed(config) else None
        )
        self.guardrails = GuardrailsStack(app, "Guardrails", config=config, account=account)
        self.knowledge = (
            KnowledgeStack(app, "Knowledge", config=config, account=account, knowledge=config.knowledge)
            if config.knowledge
            else None
        )
        self.inference = InferenceStack(app, "Inference", config=config, account=account, prompts=prompts)
        # An empty stack cannot be deployed, nor one whose resources the region does not know.
        self.prompts = (
            PromptsStack(app, "Prompts", config=config, account=account, prompts=prompts)
            if prompts and config.publishes_prompts
            else None
        )
        # Inference reads the ids of guardrail and knowledge base from SSM parameters, which CloudFormation resolves
        # before anything else.
        self.inference.add_stack_dependency(self.guardrails)
        if self.knowledge:
            self.inference.add_stack_dependency(self.knowledge)
        self.studio = (
            StudioStack(app, STACK_ID, config=config, account=account, studio=config.studio) if config.studio else None
        )
        if self.studio:
            # Notebooks are told the endpoint's URL, by a parameter too.
            self.studio.add_stack_dependency(self.inference)
        self.tuning = (
            TuningStack(app, TUNING, config=config, account=account, tuning=config.tuning) if config.tuning else None
        )
        if self.foundation:
            for stack in (self.guardrails, self.knowledge, self.inference, self.prompts, self.studio, self.tuning):
                if stack:
                    stack.add_stack_dependency(self.foundation)
