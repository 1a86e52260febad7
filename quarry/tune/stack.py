"""What an environment has deployed to tune models: the outputs of its stack."""

from dataclasses import dataclass

from configuration.tuning.section import Tuning
from lambdas.chat.promotions import Promotions, path_of
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment

STACK = "tuning"


@dataclass(frozen=True, kw_only=True)
class TuningStack:
    """What the tuning stack gives out.

    Attributes:
        bucket: with data sets, requests, outputs and reports.
        state_machine_arn: the pipeline's.
    """

    bucket: str
    state_machine_arn: str

    @classmethod
    def of(cls, deployment: Deployment) -> "TuningStack":
        """Return the outputs of the environment's tuning stack.

        Raises:
            CommandError: there is none, and how to get one.
        """
        config = deployment.config
        if config.physical_name(STACK) not in deployment.outputs():
            deploy = "make up" if deployment.aws else f"make deploy ENVIRONMENT={config.name}"
            if config.tuning is None:
                raise CommandError(
                    f"{config.name} tunes nothing. Add a section `tuning` to environments/{config.name}.yaml "
                    f"(`tuning: {{}}` takes all defaults; idle it costs nothing but storage), and deploy it with "
                    f"`{deploy}`."
                )
            raise CommandError(f"The tuning stack of {config.name} is not deployed. Deploy it with `{deploy}`.")
        found = {
            field: deployment.output(output, stack=STACK)
            for field, output in (("bucket", "DataBucket"), ("state_machine_arn", "StateMachineArn"))
        }
        return cls(**found)


def section(deployment: Deployment) -> Tuning:
    """Return what the environment file says of tuning.

    Raises:
        CommandError: nothing, though the stack may still be there.
    """
    config = deployment.config
    if config.tuning is None:
        raise CommandError(f"environments/{config.name}.yaml has no section `tuning`, so nothing new is tuned.")
    return config.tuning


def promotions(deployment: Deployment) -> Promotions:
    """Return the environment's promotions."""
    config = deployment.config
    return Promotions(
        client=lambda: deployment.client("ssm"),
        path=path_of(config.name),
        tags={"quarry:environment": config.name, "quarry:owner": config.owner},
    )
