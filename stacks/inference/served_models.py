"""The models behind the aliases: what is called, what it may do, and who pays for it."""

import hashlib

from aws_cdk import Tags
from aws_cdk import aws_bedrock as bedrock
from constructs import Construct

from configuration.aliases import ModelTarget, ServedModel
from configuration.config import Config
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.model_arns import source_arn


class ServedModels(Construct):
    """All candidates of all aliases.

    Attributes:
        aliases: alias -> its models, best first.
    """

    def __init__(self, scope: EnvironmentStack, id_: str, *, config: Config) -> None:
        super().__init__(scope, id_)
        self._stack = scope
        self._config = config
        self.aliases = {
            alias: [self._serve(alias, target) for target in config.targets(alias)] for alias in config.models.aliases
        }

    def every(self) -> list[ServedModel]:
        """Return the models of all aliases; one that has several aliases is there once for each."""
        return [served for models in self.aliases.values() for served in models]

    def settings(self) -> dict[str, list[dict[str, str]]]:
        """Return alias -> what the function is told about each candidate."""
        return {alias: [served.settings() for served in models] for alias, models in self.aliases.items()}

    def _serve(self, alias: str, target: ModelTarget) -> ServedModel:
        # A custom model is a resource of its own with tags of its own: nothing to allocate.
        if not self._config.models.cost_allocation or target.custom_arn:
            return ServedModel(target=target, cost_profile_arn=None)
        # All properties are create-only, so the name changes with what it copies.
        fingerprint = hashlib.sha256(target.callable_id.encode()).hexdigest()[:8]
        profile = bedrock.CfnApplicationInferenceProfile(
            self,
            f"{alias.title()}{fingerprint}",
            inference_profile_name=self._config.physical_name(f"{alias}-{fingerprint}"),
            model_source=bedrock.CfnApplicationInferenceProfile.InferenceProfileModelSourceProperty(
                copy_from=source_arn(target, stack=self._stack)
            ),
        )
        Tags.of(profile).add("quarry:alias", alias)
        return ServedModel(target=target, cost_profile_arn=profile.attr_inference_profile_arn)
