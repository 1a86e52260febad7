"""The knowledge base that an environment has deployed: the outputs of its stack."""

from dataclasses import dataclass

from quarry.command_error import CommandError
from quarry.deployed.deployment import Deployment


@dataclass(frozen=True, kw_only=True)
class KnowledgeStack:
    """What the knowledge stack gives out. ``prefix`` is what documents' keys begin with and ends in "/"."""

    knowledge_base_id: str
    data_source_id: str
    bucket: str
    prefix: str
    queue_url: str
    watcher_arn: str

    @classmethod
    def of(cls, deployment: Deployment) -> "KnowledgeStack":
        """Return the outputs of the environment's knowledge stack.

        Raises:
            CommandError: there is none, and how to get one.
        """
        config = deployment.config
        if config.physical_name("knowledge") not in deployment.outputs():
            deploy = "make up" if deployment.aws else f"make deploy ENVIRONMENT={config.name}"
            if config.knowledge is None:
                raise CommandError(
                    f"{config.name} has no knowledge base. Add a `knowledge` section to "
                    f"environments/{config.name}.yaml (`knowledge: {{}}` takes all defaults), and deploy it with "
                    f"`{deploy}`."
                )
            raise CommandError(f"The knowledge base of {config.name} is not deployed. Deploy it with `{deploy}`.")
        found = {
            field: deployment.output(output, stack="knowledge")
            for field, output in (
                ("knowledge_base_id", "KnowledgeBaseId"),
                ("data_source_id", "DataSourceId"),
                ("bucket", "DataBucket"),
                ("prefix", "DocumentsPrefix"),
                ("queue_url", "IngestionQueueUrl"),
                ("watcher_arn", "IngestionStateMachineArn"),
            )
        }
        found["prefix"] = found["prefix"].rstrip("/") + "/"
        return cls(**found)
