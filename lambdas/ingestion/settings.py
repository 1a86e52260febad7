"""The settings of the two functions around an ingestion job."""

from dataclasses import dataclass

from lambdas.common.settings import EnvSettings


@dataclass(frozen=True, kw_only=True)
class StarterSettings(EnvSettings):
    """What the stack tells the function that starts jobs.

    Attributes:
        knowledge_base_id: id of the knowledge base.
        data_source_id: id of its data source.
        watcher_arn: ARN of the state machine that watches a job to its end.
    """

    knowledge_base_id: str
    data_source_id: str
    watcher_arn: str


@dataclass(frozen=True, kw_only=True)
class RecorderSettings(EnvSettings):
    """What the stack tells the function that records what became of a job.

    Attributes:
        data_bucket: name of the bucket that holds the documents and takes the outcomes.
        outcomes_prefix: what the keys of outcomes begin with, as "ingestions/".
        topic_arn: ARN of the topic that is told of failures.
        environment: name of the environment, for the message.
    """

    data_bucket: str
    outcomes_prefix: str
    topic_arn: str
    environment: str
