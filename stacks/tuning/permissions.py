"""What tuning's roles may do: exact verbs, and of what is made at run time only what carries the environment's tag.

Sources: Bedrock user guide, "Create a service role for model customization"; Service Authorization Reference of
bedrock, scheduler, servicequotas and states. What is made has no id yet, so creating names kinds; what is there is
bound by its tag.
"""

from collections.abc import Sequence
from typing import Any, Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from configuration.targets import Target
from lambdas.catalogue import customization
from lambdas.chat.promotions import path_of
from lambdas.tuning import names
from lambdas.tuning.places import DATA_PREFIX, OUTPUT_PREFIX, REPORTS_PREFIX, RUNS_PREFIX
from stacks.components.checks import acknowledge_wildcards
from stacks.components.confused_deputy import only_for
from stacks.components.model_arns import destination_arns, foundation_model_arn, source_arn

LISTS: Final = (
    "bedrock:ListCustomModelDeployments",
    "bedrock:ListCustomModels",
    "bedrock:ListModelCustomizationJobs",
    "bedrock:ListProvisionedModelThroughputs",
)
_KINDS: Final = ("custom-model", "custom-model-deployment", "model-customization-job", "provisioned-model")


def made(stack: Stack, *kinds: str) -> list[str]:
    """Return the ARNs of all that Bedrock makes of these kinds in the account and region."""
    return [f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}:{kind}/*" for kind in kinds]


def tagged(environment: str) -> dict[str, Any]:
    """Return the condition that a resource carries the environment's tag."""
    return {"StringEquals": {f"aws:ResourceTag/{names.ENVIRONMENT_TAG}": environment}}


def job_role(scope: Construct, id_: str, *, bucket: s3.IBucket) -> iam.Role:
    """Return the role that Bedrock trains with: for jobs of this account and region only."""
    stack = Stack.of(scope)
    ours = only_for(stack, service="bedrock", source="model-customization-job/*")
    role = iam.Role(scope, id_, assumed_by=iam.ServicePrincipal("bedrock.amazonaws.com", conditions=ours))
    statements = training(stack=stack, bucket=bucket)
    for statement in statements:
        role.add_to_policy(statement)
    acknowledge_wildcards(role, statements, because="Any data set may be trained with, and each run has output.")
    return role


def training(*, stack: Stack, bucket: s3.IBucket) -> list[iam.PolicyStatement]:
    """Reading data sets, and writing output, as long as the bucket is ours."""
    ours = {"StringEquals": {"aws:ResourceAccount": stack.account}}
    output = f"{bucket.bucket_arn}/{OUTPUT_PREFIX}*"
    return [
        iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn], conditions=ours),
        iam.PolicyStatement(
            actions=["s3:GetObject"], resources=[f"{bucket.bucket_arn}/{DATA_PREFIX}*", output], conditions=ours
        ),
        iam.PolicyStatement(actions=["s3:PutObject"], resources=[output], conditions=ours),
    ]


def reading(bucket: s3.IBucket, *prefixes: str) -> iam.PolicyStatement:
    """Reading what lies below these prefixes."""
    return iam.PolicyStatement(
        actions=["s3:GetObject"], resources=[f"{bucket.bucket_arn}/{prefix}*" for prefix in prefixes]
    )


def finding(bucket: s3.IBucket) -> iam.PolicyStatement:
    """Listing the bucket, without which S3 does not even say that a key is not there."""
    return iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn])


def reporting(bucket: s3.IBucket, *, reads: bool = True) -> list[iam.PolicyStatement]:
    """Writing statuses and reports, and reading what others wrote of a run; and being told of what is not there.

    Args:
        bucket: tuning's.
        reads: False for who writes the first of a run.
    """
    verbs = ["s3:GetObject", "s3:PutObject"] if reads else ["s3:PutObject"]
    reports = f"{bucket.bucket_arn}/{REPORTS_PREFIX}*"
    return [iam.PolicyStatement(actions=verbs, resources=[reports]), finding(bucket)]


def reading_requests(bucket: s3.IBucket) -> iam.PolicyStatement:
    """Reading requests and data sets."""
    return reading(bucket, RUNS_PREFIX, DATA_PREFIX)


def starting(state_machine_arn: str) -> iam.PolicyStatement:
    """Starting a state machine."""
    return iam.PolicyStatement(actions=["states:StartExecution"], resources=[state_machine_arn])


def looking_at_quotas() -> list[iam.PolicyStatement]:
    """Seeing the account's quotas of Bedrock, and what fills them. Neither knows resources."""
    return [iam.PolicyStatement(actions=[*LISTS, "servicequotas:ListServiceQuotas"], resources=["*"])]


def looking_at_jobs(stack: Stack) -> iam.PolicyStatement:
    """Seeing a job with its details."""
    return iam.PolicyStatement(
        actions=["bedrock:GetModelCustomizationJob"], resources=made(stack, "model-customization-job")
    )


def looking_at_hosting(stack: Stack) -> list[iam.PolicyStatement]:
    """Seeing whether what hosts a model is there."""
    return [
        iam.PolicyStatement(
            actions=["bedrock:GetCustomModelDeployment"], resources=made(stack, "custom-model-deployment")
        ),
        iam.PolicyStatement(
            actions=["bedrock:GetProvisionedModelThroughput"], resources=made(stack, "provisioned-model")
        ),
    ]


def making_jobs(stack: Stack, *, base_models: Sequence[str], job_role_arn: str) -> list[iam.PolicyStatement]:
    """Making jobs over these base models, with the one role."""
    bases = [
        foundation_model_arn(customization.find(base).customization_id, region=stack.region, stack=stack)
        for base in base_models
    ]
    return [
        iam.PolicyStatement(
            actions=["bedrock:CreateModelCustomizationJob"],
            resources=[*bases, *made(stack, "custom-model", "model-customization-job")],
        ),
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[job_role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
        ),
    ]


def hosting(stack: Stack, *, environment: str) -> list[iam.PolicyStatement]:
    """Making deployments and provisioned throughput, with the environment's tags, and changing its deployments."""
    requested = {"StringEquals": {f"aws:RequestTag/{names.ENVIRONMENT_TAG}": environment}}
    return [
        iam.PolicyStatement(
            actions=["bedrock:CreateCustomModelDeployment", "bedrock:CreateProvisionedModelThroughput"],
            resources=made(stack, "custom-model", "custom-model-deployment", "provisioned-model"),
            conditions=requested,
        ),
        iam.PolicyStatement(actions=["bedrock:TagResource"], resources=made(stack, *_KINDS), conditions=requested),
        iam.PolicyStatement(
            actions=["bedrock:UpdateCustomModelDeployment"],
            resources=made(stack, "custom-model", "custom-model-deployment"),
            conditions=tagged(environment),
        ),
    ]


def removing(stack: Stack, *, environment: str, told_by_tags: Sequence[str] = _KINDS) -> list[iam.PolicyStatement]:
    """Finding what tuning has made, and stopping and deleting what carries the environment's tag.

    Args:
        told_by_tags: kinds whose tags are read, because names do not say whose they are.
    """
    verbs = {
        "model-customization-job": "StopModelCustomizationJob",
        "custom-model": "DeleteCustomModel",
        "custom-model-deployment": "DeleteCustomModelDeployment",
        "provisioned-model": "DeleteProvisionedModelThroughput",
    }
    return [
        iam.PolicyStatement(actions=list(LISTS), resources=["*"]),
        iam.PolicyStatement(actions=["bedrock:ListTagsForResource"], resources=made(stack, *told_by_tags)),
        *(
            iam.PolicyStatement(
                actions=[f"bedrock:{verb}"], resources=made(stack, kind), conditions=tagged(environment)
            )
            for kind, verb in verbs.items()
        ),
    ]


def scheduling(stack: Stack, *, environment: str, schedule_role_arn: str) -> list[iam.PolicyStatement]:
    """Making the schedules that end throughput, in the environment's group, with the one role."""
    return [
        iam.PolicyStatement(actions=["scheduler:CreateSchedule"], resources=[_schedules(stack, environment)]),
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[schedule_role_arn],
            conditions={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
        ),
    ]


def removing_schedules(stack: Stack, *, environment: str) -> list[iam.PolicyStatement]:
    """Deleting those schedules."""
    return [iam.PolicyStatement(actions=["scheduler:DeleteSchedule"], resources=[_schedules(stack, environment)])]


def listing_schedules() -> iam.PolicyStatement:
    """Seeing the account's schedules. Lists know no resources."""
    return iam.PolicyStatement(actions=["scheduler:ListSchedules"], resources=["*"])


def promoting(stack: Stack, *, environment: str) -> list[iam.PolicyStatement]:
    """Reading and writing which tuned model stands before an alias's own candidates."""
    path = _promotions(stack, environment)
    return [
        _finding_promotions(path),
        iam.PolicyStatement(
            actions=["ssm:AddTagsToResource", "ssm:GetParameter", "ssm:PutParameter"], resources=[f"{path}/*"]
        ),
    ]


def ending_promotions(stack: Stack, *, environment: str) -> list[iam.PolicyStatement]:
    """Finding the promotions, and deleting them."""
    path = _promotions(stack, environment)
    return [
        _finding_promotions(path),
        iam.PolicyStatement(actions=["ssm:DeleteParameter"], resources=[f"{path}/*"]),
    ]


def asking_models(stack: Stack, targets: Sequence[Target]) -> list[iam.PolicyStatement]:
    """Having models answer; those of a profile in each region that it may send to, and only through it."""
    statements = []
    for target in targets:
        called = source_arn(target, stack=stack)
        statements.append(iam.PolicyStatement(actions=["bedrock:InvokeModel"], resources=[called]))
        if target.profile:
            statements.append(
                iam.PolicyStatement(
                    actions=["bedrock:InvokeModel"],
                    resources=sorted(destination_arns(target, stack=stack)),
                    conditions={"StringEquals": {"bedrock:InferenceProfileArn": called}},
                )
            )
    return statements


def asking_tuned_models(stack: Stack, *, environment: str) -> iam.PolicyStatement:
    """Having the environment's own tuned models answer."""
    return iam.PolicyStatement(
        actions=["bedrock:InvokeModel"],
        resources=made(stack, "custom-model-deployment", "provisioned-model"),
        conditions=tagged(environment),
    )


def _schedules(stack: Stack, environment: str) -> str:
    group = names.schedule_group(environment)
    return f"arn:{stack.partition}:scheduler:{stack.region}:{stack.account}:schedule/{group}/*"


def _promotions(stack: Stack, environment: str) -> str:
    return f"arn:{stack.partition}:ssm:{stack.region}:{stack.account}:parameter{path_of(environment)}"


def _finding_promotions(path: str) -> iam.PolicyStatement:
    """AWS authorises the path, as ``stacks.inference.permissions.grant_read_promotions`` has it."""
    return iam.PolicyStatement(actions=["ssm:GetParametersByPath"], resources=[path])
