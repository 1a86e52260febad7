"""What whoever ends an environment's costs may do: see what there is, and stop or delete what runs and is this one's.

What is kept (models, disks) and keys go with an environment's end only: a budget that is spent ends what runs.

Lists know no resources, so all may be seen; what is looked at and deleted is the environment's by its tag where the
service knows tags of such things. Who owns what is decided in ``lambdas.teardown.ownership``.
"""

from collections.abc import Sequence
from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from stacks.components.checks import acknowledge_wildcards
from stacks.components.environment_stack import EnvironmentStack

# Lists, which know no resources: of all kinds that cost while they run, of stacks, and of tags.
LISTS: Final = (
    "bedrock:ListCustomModelDeployments",
    "bedrock:ListEvaluationJobs",
    "bedrock:ListKnowledgeBases",
    "bedrock:ListModelCustomizationJobs",
    "bedrock:ListModelInvocationJobs",
    "bedrock:ListProvisionedModelThroughputs",
    "cloudformation:ListStacks",
    "sagemaker:ListApps",
    "sagemaker:ListDomains",
    "tag:GetResources",
    "tag:GetTagValues",
)
LISTS_OF_KEPT: Final = ("bedrock:ListCustomModels", "bedrock:ListImportedModels", "sagemaker:ListSpaces")
# Looks at one thing, whose id is drawn when it is made. (action, service, resource)
_LOOKS: Final = (
    ("bedrock:GetCustomModelDeployment", "bedrock", "custom-model-deployment/*"),
    ("bedrock:GetEvaluationJob", "bedrock", "evaluation-job/*"),
    ("bedrock:GetIngestionJob", "bedrock", "knowledge-base/*"),
    ("bedrock:GetModelCustomizationJob", "bedrock", "model-customization-job/*"),
    ("bedrock:GetModelInvocationJob", "bedrock", "model-invocation-job/*"),
    ("bedrock:GetProvisionedModelThroughput", "bedrock", "provisioned-model/*"),
    ("bedrock:ListDataSources", "bedrock", "knowledge-base/*"),
    ("bedrock:ListIngestionJobs", "bedrock", "knowledge-base/*"),
    ("sagemaker:DescribeApp", "sagemaker", "app/*"),
    ("sagemaker:ListTags", "sagemaker", "domain/*"),
)
_LOOKS_AT_KEPT: Final = (
    ("bedrock:GetCustomModel", "bedrock", "custom-model/*"),
    ("bedrock:GetImportedModel", "bedrock", "imported-model/*"),
    ("sagemaker:DescribeSpace", "sagemaker", "space/*"),
)
# Of Bedrock, where everything that is made at run time carries the environment's tag.
_TAGGED: Final = (
    ("bedrock:DeleteCustomModelDeployment", "custom-model-deployment/*"),
    ("bedrock:DeleteProvisionedModelThroughput", "provisioned-model/*"),
    ("bedrock:StopEvaluationJob", "evaluation-job/*"),
    ("bedrock:StopModelCustomizationJob", "model-customization-job/*"),
    ("bedrock:StopModelInvocationJob", "model-invocation-job/*"),
)
_KEPT: Final = (
    ("bedrock:DeleteCustomModel", "custom-model/*"),
    ("bedrock:DeleteImportedModel", "imported-model/*"),
)
_BECAUSE: Final = "Made after this role and named when it is made; by tag where the service has tags."


def grant_see(role: iam.Role, *, kept: bool) -> None:
    """Allow finding out what there is, in the whole account: neither what is in it, nor changing any of it.

    Args:
        kept: whether models and disks are looked for too, or only what runs.
    """
    stack = EnvironmentStack.of(role)
    looks = (*_LOOKS, *_LOOKS_AT_KEPT) if kept else _LOOKS
    removed = (*_TAGGED, *_KEPT) if kept else _TAGGED
    where = f"{stack.region}:{stack.account}"
    looked = {resource: f"arn:{stack.partition}:{service}:{where}:{resource}" for _, service, resource in looks}
    stacks = f"arn:{stack.partition}:cloudformation:{where}:stack/{stack.config.physical_name('*/*')}"
    statements = [
        iam.PolicyStatement(actions=[*LISTS, *(LISTS_OF_KEPT if kept else ())], resources=["*"]),
        iam.PolicyStatement(actions=[action for action, *_ in looks], resources=list(looked.values())),
        iam.PolicyStatement(
            actions=["bedrock:ListTagsForResource"], resources=[looked[resource] for _, resource in removed]
        ),
        iam.PolicyStatement(actions=["cloudformation:ListStackResources"], resources=[stacks]),
    ]
    for statement in statements:
        role.add_to_policy(statement)
    acknowledge_wildcards(
        role, statements, because="Lists know no resources, and what there is was made after this role, or by others."
    )


def grant_stop(role: iam.Role, *, environment: str) -> None:
    """Allow stopping and deleting what costs while it runs."""
    stack = Stack.of(role)
    where = f"{stack.region}:{stack.account}"
    statements = [
        _tagged(stack, _TAGGED, environment),
        _tagged(stack, [("bedrock:StopIngestionJob", "knowledge-base/*")], environment),
        iam.PolicyStatement(
            actions=["sagemaker:DeleteApp"], resources=[f"arn:{stack.partition}:sagemaker:{where}:app/*"]
        ),
    ]
    for statement in statements:
        role.add_to_policy(statement)
    acknowledge_wildcards(role, statements, because=_BECAUSE)


def grant_remove_kept(role: iam.Role, *, environment: str, keys_stack: str) -> None:
    """Allow deleting what is kept, models and disks, and freezing keys.

    Args:
        keys_stack: name of the stack with the table of keys, which is made after this one.
    """
    stack = Stack.of(role)
    where = f"{stack.region}:{stack.account}"
    statements = [
        _tagged(stack, _KEPT, environment),
        iam.PolicyStatement(
            actions=["sagemaker:DeleteSpace"], resources=[f"arn:{stack.partition}:sagemaker:{where}:space/*"]
        ),
        iam.PolicyStatement(
            actions=["dynamodb:Scan", "dynamodb:UpdateItem"],
            resources=[f"arn:{stack.partition}:dynamodb:{where}:table/{keys_stack}-Keys*"],
        ),
    ]
    for statement in statements:
        role.add_to_policy(statement)
    acknowledge_wildcards(role, statements, because=_BECAUSE)


def _tagged(stack: Stack, verbs: Sequence[tuple[str, str]], environment: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=[action for action, _ in verbs],
        resources=[f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}:{resource}" for _, resource in verbs],
        conditions={"StringEquals": {"aws:ResourceTag/quarry:environment": environment}},
    )
