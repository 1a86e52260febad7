"""The models behind the aliases: what is called, what it may do, and who pays for it."""

from dataclasses import replace

from aws_cdk import Tags
from aws_cdk import aws_bedrock as bedrock
from constructs import Construct

from configuration import fingerprint
from configuration.targets import Target
from lambdas.catalogue.facts import FoundationModel, Kind
from lambdas.chat.counting import is_counted
from lambdas.chat.settings import CandidateEntry
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.model_arns import source_arn


class ServedModels(Construct):
    """The targets of all aliases, and the application inference profiles before them.

    Attributes:
        aliases: alias -> its targets as they are deployed, best first.
    """

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        self._stack = EnvironmentStack.of(self)
        config = self._config = self._stack.config
        self.aliases = {
            alias: [self._deployed(alias, target) for target in config.targets(alias)]
            for alias in config.models.aliases
        }

    def of_kind(self, kind: Kind) -> list[Target]:
        """Return the targets whose models are of a kind; one that has several aliases is there once for each."""
        return [target for target in self._every() if target.model.kind == kind]

    def counted(self) -> list[FoundationModel]:
        """Return the models that Bedrock counts tokens for, likewise."""
        return [target.model for target in self._every() if is_counted(target.model.model_id)]

    def reranking(self) -> list[FoundationModel]:
        """Return the models that put texts in order, likewise."""
        return [target.model for target in self.of_kind("rerank")]

    def _every(self) -> list[Target]:
        return [target for targets in self.aliases.values() for target in targets]

    def entries(self) -> dict[str, tuple[CandidateEntry, ...]]:
        """Return alias -> what the function is told of each target."""
        return {alias: tuple(target.entry for target in targets) for alias, targets in self.aliases.items()}

    def chatting(self) -> dict[str, list[str]]:
        """Return alias -> ids or ARNs of its configured candidates, best first, of the aliases that can chat."""
        return {
            alias: [target.own_id for target in targets]
            for alias, targets in self.aliases.items()
            if targets[0].model.kind == "chat"
        }

    def _deployed(self, alias: str, target: Target) -> Target:
        # A custom model is a resource of its own with tags of its own: nothing to allocate. Rerank takes no profile.
        if not self._config.models.cost_allocation or target.custom_arn or target.model.kind == "rerank":
            return target
        # All properties are create-only, so the name changes with what it copies.
        mark = fingerprint.of_text(target.callable_id)
        profile = bedrock.CfnApplicationInferenceProfile(
            self,
            f"{alias.title()}{mark}",
            inference_profile_name=self._config.physical_name(f"{alias}-{mark}"),
            model_source=bedrock.CfnApplicationInferenceProfile.InferenceProfileModelSourceProperty(
                copy_from=source_arn(target, stack=self._stack)
            ),
        )
        Tags.of(profile).add("quarry:alias", alias)
        return replace(target, cost_profile_arn=profile.attr_inference_profile_arn)
