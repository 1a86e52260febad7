"""The settings of the pipeline's functions."""

from dataclasses import dataclass

from lambdas.common.settings import EnvSettings
from lambdas.tuning.run import Hosting, Metric


@dataclass(frozen=True, kw_only=True)
class StarterSettings(EnvSettings):
    """``data_bucket``: of requests. ``pipeline_arn``: the state machine that is started."""

    data_bucket: str
    pipeline_arn: str


@dataclass(frozen=True, kw_only=True)
class PreparerSettings(EnvSettings):
    """What a request may ask for, and what it gets where it does not say.

    Attributes:
        data_bucket: of data sets and reports.
        region: where models are tuned.
        aliases: which may be promoted.
        base_models: which may be tuned, by the catalogue's ids.
        hyperparameters: of those that a request does not name.
        hosting, max_hours, model_units, metric, margin, max_training_usd: the environment's.
        judge_alias: the alias that may judge; "" is none.
        test_records: how many records of the test set are asked at most.
    """

    data_bucket: str
    region: str
    aliases: list[str]
    base_models: list[str]
    hyperparameters: dict[str, str]
    hosting: Hosting
    max_hours: float
    model_units: int
    metric: Metric
    margin: float
    max_training_usd: float
    judge_alias: str
    test_records: int


@dataclass(frozen=True, kw_only=True)
class ConductorSettings(EnvSettings):
    """Who makes jobs and hosting, and takes them away.

    Attributes:
        data_bucket: of data sets, Bedrock's output and reports.
        environment, owner: for names and tags.
        job_role_arn: the role that Bedrock trains with.
        schedule_role_arn: the role of the schedules that end hosting.
        drain_seconds: how long a model that no alias calls any more is kept: what readers remember, and the longest
            call.
        topic_arn: where ends are told.
    """

    data_bucket: str
    environment: str
    owner: str
    job_role_arn: str
    schedule_role_arn: str
    drain_seconds: int
    topic_arn: str


@dataclass(frozen=True, kw_only=True)
class EvaluatorSettings(EnvSettings):
    """Who is asked.

    Attributes:
        data_bucket: of the test set, and of what was measured.
        base_models: the catalogue's id -> what Converse is given for it.
        judge: what Converse is given for the model that judges; "" is none.
        max_tokens: of an answer.
    """

    data_bucket: str
    base_models: dict[str, str]
    judge: str
    max_tokens: int


@dataclass(frozen=True, kw_only=True)
class ReporterSettings(EnvSettings):
    """``data_bucket``: of what was measured, and of the report."""

    data_bucket: str
