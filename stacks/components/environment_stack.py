"""Base of all stacks: name, region, tags and removal policy, decided once from the environment."""

from aws_cdk import Environment, RemovalPolicy, Stack, Tags
from constructs import Construct

from configuration.config import Config


class EnvironmentStack(Stack):
    """A stack of one environment, named quarry-<environment>-<id>.

    Attributes:
        config: the environment.
        removal_policy: of what holds data or logs: destroyed with the stack unless the environment retains data.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, account: str | None, description: str) -> None:
        super().__init__(
            scope,
            id_,
            stack_name=config.physical_name(id_.lower()),
            description=description,
            env=Environment(account=account, region=config.region),
        )
        self.config = config
        self.removal_policy = RemovalPolicy.RETAIN if config.retain_data else RemovalPolicy.DESTROY
        Tags.of(self).add("quarry:environment", config.name)
        Tags.of(self).add("quarry:owner", config.owner)
