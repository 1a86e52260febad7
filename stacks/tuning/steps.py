"""The functions that do the pipeline's steps, each with its own role and no more than it needs."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

from configuration.config import Config
from configuration.targets import Target, resolve
from configuration.tuning.section import Tuning
from lambdas.tuning.places import DATA_PREFIX
from lambdas.tuning.settings import (
    ConductorSettings,
    EvaluatorSettings,
    PreparerSettings,
    ReporterSettings,
    StarterSettings,
)
from stacks.components.checks import acknowledge_wildcards
from stacks.components.dependency_layer import REQUIREMENTS, DependencyLayer
from stacks.components.environment_stack import EnvironmentStack
from stacks.components.python_function import FunctionLayer, PythonFunction
from stacks.tuning import permissions
from stacks.tuning.pipeline_steps import Functions

# Lambda's most: a data set of some gigabytes is read in it, and a piece of the test set asked.
LONGEST_SECONDS: Final = 900
CONDUCTOR_SECONDS: Final = 60
STARTER_SECONDS: Final = 30
LAYER_REQUIREMENTS: Final = REQUIREMENTS.parent / "tuning" / "requirements.txt"

_BECAUSE: Final = (
    "What runs make has no id before it is there; what is there is bound by the environment's tag. Objects lie below "
    "the prefixes that are named, and lists know no resources."
)


class Steps(Construct):
    """The functions of ``tuning``, but for the one that starts runs, which has to know the pipeline.

    Attributes:
        arns: of the functions, as the pipeline is told them.
        conductor: the one that makes and takes away.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        tuning: Tuning,
        bucket: s3.IBucket,
        topic: sns.ITopic,
        layer: FunctionLayer,
        drain_seconds: int,
        job_role: iam.IRole,
        schedule_role: iam.IRole,
    ) -> None:
        super().__init__(scope, id_)
        self._stack = EnvironmentStack.of(self)
        self._config: Config = self._stack.config
        self._tuning = tuning
        self._bucket = bucket
        self._layer = layer
        self.preparer = self._preparer()
        self.conductor = self._conductor(
            ConductorSettings(
                data_bucket=bucket.bucket_name,
                environment=self._config.name,
                owner=self._config.owner,
                job_role_arn=job_role.role_arn,
                schedule_role_arn=schedule_role.role_arn,
                drain_seconds=drain_seconds,
                topic_arn=topic.topic_arn,
            )
        )
        self.evaluator = self._evaluator()
        self.reporter = self._reporter()
        self.arns = Functions(
            preparer=self.preparer.function.function_arn,
            conductor=self.conductor.function.function_arn,
            evaluator=self.evaluator.function.function_arn,
            reporter=self.reporter.function.function_arn,
        )

    @property
    def functions(self) -> list[PythonFunction]:
        """All of them."""
        return [self.preparer, self.conductor, self.evaluator, self.reporter]

    def _preparer(self) -> PythonFunction:
        tuning = self._tuning
        function = PythonFunction(
            self,
            "Preparer",
            description="Checks a request for tuning, its data, its price and the account's quotas",
            handler="lambdas.tuning.preparer.lambda_handler",
            service="tuning-preparer",
            settings=PreparerSettings(
                data_bucket=self._bucket.bucket_name,
                region=self._config.region,
                aliases=self._config.alias_targets.chatting(),
                base_models=tuning.base_models,
                hyperparameters={name: str(value) for name, value in tuning.hyperparameters.items()},
                hosting=tuning.hosting,
                max_hours=tuning.provisioned.max_hours,
                model_units=tuning.provisioned.model_units,
                metric=tuning.metric,
                margin=tuning.margin,
                max_training_usd=tuning.max_training_usd,
                judge_alias=tuning.judge_alias or "",
                test_records=tuning.test_records,
            ),
            memory_megabytes=1024,
            timeout_seconds=LONGEST_SECONDS,
            layers=[self._layer],
        )
        self._may(
            function,
            [
                permissions.reading_requests(self._bucket),
                *permissions.reporting(self._bucket, reads=False),
                *permissions.looking_at_quotas(),
            ],
        )
        return function

    def _conductor(self, settings: ConductorSettings) -> PythonFunction:
        function = PythonFunction(
            self,
            "Conductor",
            description="Makes tuning's jobs and hosting, promotes, and takes away",
            handler="lambdas.tuning.conductor.lambda_handler",
            service="tuning-conductor",
            settings=settings,
            memory_megabytes=512,
            timeout_seconds=CONDUCTOR_SECONDS,
        )
        stack, environment = self._stack, settings.environment
        self._may(
            function,
            [
                *permissions.reporting(self._bucket),
                *permissions.making_jobs(
                    stack, base_models=self._tuning.base_models, job_role_arn=settings.job_role_arn
                ),
                *permissions.hosting(stack, environment=environment),
                permissions.looking_at_jobs(stack),
                # Jobs, models and throughput of a run are found by its names; the alias's deployment may be another's.
                *permissions.removing(stack, environment=environment, told_by_tags=["custom-model-deployment"]),
                *permissions.scheduling(stack, environment=environment, schedule_role_arn=settings.schedule_role_arn),
                *permissions.removing_schedules(stack, environment=environment),
                *permissions.promoting(stack, environment=environment),
                iam.PolicyStatement(actions=["sns:Publish"], resources=[settings.topic_arn]),
            ],
        )
        return function

    def _evaluator(self) -> PythonFunction:
        bases = {base: self._target(base) for base in self._tuning.base_models}
        judge = self._judge()
        function = PythonFunction(
            self,
            "Evaluator",
            description="Asks base and tuned model the same and compares",
            handler="lambdas.tuning.evaluator.lambda_handler",
            service="tuning-evaluator",
            settings=EvaluatorSettings(
                data_bucket=self._bucket.bucket_name,
                base_models={base: target.own_id for base, target in bases.items()},
                judge=judge.own_id if judge else "",
                max_tokens=self._tuning.max_answer_tokens,
            ),
            memory_megabytes=512,
            timeout_seconds=LONGEST_SECONDS,
            layers=[self._layer],
        )
        asked = [*bases.values(), *([judge] if judge else [])]
        self._may(
            function,
            [
                permissions.reading(self._bucket, DATA_PREFIX),
                *permissions.reporting(self._bucket),
                *permissions.asking_models(self._stack, asked),
                permissions.asking_tuned_models(self._stack, environment=self._config.name),
            ],
        )
        return function

    def _reporter(self) -> PythonFunction:
        function = PythonFunction(
            self,
            "Reporter",
            description="Writes the report of an evaluation, and says whether tuned is better",
            handler="lambdas.tuning.reporter.lambda_handler",
            service="tuning-reporter",
            settings=ReporterSettings(data_bucket=self._bucket.bucket_name),
            memory_megabytes=1024,
            timeout_seconds=LONGEST_SECONDS,
        )
        self._may(function, [*permissions.reporting(self._bucket), permissions.looking_at_jobs(self._stack)])
        return function

    def _target(self, base: str) -> Target:
        return resolve(base, region=self._config.region, residency=self._config.models.residency)

    def _judge(self) -> Target | None:
        alias = self._tuning.judge_alias
        return self._config.alias_targets.of_kind(alias, "chat")[0] if alias else None

    def _may(self, function: PythonFunction, statements: Sequence[iam.PolicyStatement]) -> None:
        allow(function, statements)


def starter(
    scope: Construct, id_: str, *, bucket: s3.IBucket, pipeline_arn: str, layer: FunctionLayer
) -> PythonFunction:
    """Return the function that starts a run for a request."""
    function = PythonFunction(
        scope,
        id_,
        description="Starts a run of tuning for a request in the bucket",
        handler="lambdas.tuning.starter.lambda_handler",
        service="tuning-starter",
        settings=StarterSettings(data_bucket=bucket.bucket_name, pipeline_arn=pipeline_arn),
        memory_megabytes=256,
        timeout_seconds=STARTER_SECONDS,
        layers=[layer],
    )
    statements = [
        permissions.reading_requests(bucket),
        *permissions.reporting(bucket),
        permissions.starting(pipeline_arn),
    ]
    allow(function, statements)
    return function


def allow(function: PythonFunction, statements: Sequence[iam.PolicyStatement]) -> None:
    """Let a function do these things."""
    for statement in statements:
        function.role.add_to_policy(statement)
    acknowledge_wildcards(function.role, statements, because=_BECAUSE)


def tuning_layer(scope: Construct, id_: str) -> FunctionLayer:
    """Return the layer that reads run.yaml and compares answers; no other function carries it."""
    layer = DependencyLayer(
        scope,
        id_,
        target=EnvironmentStack.of(scope).config.functions.build_for,
        requirements=LAYER_REQUIREMENTS,
        description="Packages of tuning's functions",
    )
    return FunctionLayer(layer=layer.layer)
