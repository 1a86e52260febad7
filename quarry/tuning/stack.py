"""What an environment has deployed to tune models: the outputs of its stack."""

from dataclasses import dataclass

from configuration.tuning.names import BUCKET_OUTPUT, DRAIN_OUTPUT, PIPELINE_OUTPUT, STACK
from configuration.tuning.section import Tuning
from lambdas.chat.promotions import Promotions, path_of
from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment


@dataclass(frozen=True, kw_only=True)
class TuningStack:
    """What the tuning stack gives out.

    Attributes:
        bucket: with data sets, requests, outputs and reports.
        pipeline_arn: the pipeline's state machine; a run is an execution of its name.
        drain_seconds: how long a model is kept that its alias has fallen back from.
    """

    bucket: str
    pipeline_arn: str
    drain_seconds: int

    def execution_arn(self, run: str) -> str:
        """Return the ARN of a run's execution."""
        return f"{self.pipeline_arn.replace(':stateMachine:', ':execution:', 1)}:{run}"

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
                    "(`tuning: {base_models: [amazon.nova-micro-v1:0]}` takes all other defaults; idle it costs "
                    "nothing but storage), and deploy it with "
                    f"`{deploy}`."
                )
            raise CommandError(f"The tuning stack of {config.name} is not deployed. Deploy it with `{deploy}`.")
        found = {
            field: deployment.output(output, stack=STACK)
            for field, output in (
                ("bucket", BUCKET_OUTPUT),
                ("pipeline_arn", PIPELINE_OUTPUT),
                ("drain_seconds", DRAIN_OUTPUT),
            )
        }
        return cls(
            bucket=found["bucket"], pipeline_arn=found["pipeline_arn"], drain_seconds=int(found["drain_seconds"])
        )


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
