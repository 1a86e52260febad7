"""Base of all stacks: name, region, tags, and what their constructs ask for, decided once from the environment."""

from functools import cached_property
from typing import Self

from aws_cdk import Environment, RemovalPolicy, Stack, Tags
from constructs import Construct, IConstruct

from configuration.config import Config
from stacks.components.dependency_layer import DependencyLayer


class EnvironmentStack(Stack):
    """A stack of one environment, named quarry-<environment>-<id>. ``of`` is how a construct finds its own.

    Args:
        compact: whether the template is written without indentation: for one that comes near CloudFormation's 1 MB.

    Attributes:
        config: the environment.
        removal_policy: of what holds data or logs: destroyed with the stack unless the environment retains data. What
            is retained goes all the same if the very deployment that makes it fails, so that the next one finds no
            name taken and nothing is left that nobody uses.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: Config,
        account: str | None,
        description: str,
        compact: bool = False,
    ) -> None:
        super().__init__(
            scope,
            id_,
            stack_name=config.physical_name(id_.lower()),
            description=description,
            env=Environment(account=account, region=config.region),
            suppress_template_indentation=compact,
        )
        self.config = config
        self.removal_policy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if config.retain_data else RemovalPolicy.DESTROY
        Tags.of(self).add("quarry:environment", config.name)
        Tags.of(self).add("quarry:owner", config.owner)

    @classmethod
    def of(cls, construct: IConstruct) -> Self:
        """Return the stack that a construct is in.

        Raises:
            TypeError: it is in a stack of another kind.
        """
        stack = Stack.of(construct)
        if not isinstance(stack, cls):
            raise TypeError(f"{construct.node.path} has to be in {cls.__name__}, and is in {type(stack).__name__}")
        return stack

    @cached_property
    def dependency_layer(self) -> DependencyLayer:
        """The packages of the stack's functions, made when the first function asks: a stack without has none."""
        return DependencyLayer(self, "Dependencies", target=self.config.functions.build_for)
