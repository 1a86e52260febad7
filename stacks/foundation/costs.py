"""What whoever ends an environment's costs may do: see what there is, and stop or delete what runs and is this one's.

Lists know no resources, so all may be seen; what is looked at and deleted is the environment's by its tag where the
service knows tags of such things. Who owns what is decided in ``lambdas.teardown.ownership``.
"""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from stacks.components.checks import acknowledge_wildcards
from stacks.components.environment_stack import EnvironmentStack

# Lists, which know no resources: of all kinds that cost by the hour or the request, of stacks, and of tags.
LISTS: Final = (
    "bedrock:ListCustomModelDeployments",
    "bedrock:ListCustomModels",
    "bedrock:ListEvaluationJobs",
    "bedrock:ListImportedModels",
    "bedrock:ListKnowledgeBases",
    "bedrock:ListModelCustomizationJobs",
    "bedrock:ListModelInvocationJobs",
    "bedrock:ListProvisionedModelThroughputs",
    "cloudformation:ListStacks",
    "sagemaker:ListApps",
    "sagemaker:ListDomains",
    "sagemaker:ListSpaces",
    "tag:GetResources",
    "tag:GetTagValues",
)
# Looks at one thing, whose id is drawn when it is made. (action, service, resource)
_LOOKS: Final = (
    ("bedrock:GetCustomModel", "bedrock", "custom-model/*"),
    ("bedrock:GetCustomModelDeployment", "bedrock", "custom-model-deployment/*"),
    ("bedrock:GetEvaluationJob", "bedrock", "evaluation-job/*"),
    ("bedrock:GetImportedModel", "bedrock", "imported-model/*"),
    ("bedrock:GetIngestionJob", "bedrock", "knowledge-base/*"),
    ("bedrock:GetModelCustomizationJob", "bedrock", "model-customization-job/*"),
    ("bedrock:GetModelInvocationJob", "bedrock", "model-invocation-job/*"),
    ("bedrock:GetProvisionedModelThroughput", "bedrock", "provisioned-model/*"),
    ("bedrock:ListDataSources", "bedrock", "knowledge-base/*"),
    ("bedrock:ListIngestionJobs", "bedrock", "knowledge-base/*"),
    ("sagemaker:DescribeApp", "sagemaker", "app/*"),
    ("sagemaker:DescribeSpace", "sagemaker", "space/*"),
    ("sagemaker:ListTags", "sagemaker", "domain/*"),
)
# Of Bedrock, where everything that is made at run time carries the environment's tag.
_TAGGED: Final = (
    ("bedrock:DeleteCustomModel", "custom-model/*"),
    ("bedrock:DeleteCustomModelDeployment", "custom-model-deployment/*"),
    ("bedrock:DeleteImportedModel", "imported-model/*"),
    ("bedrock:DeleteProvisionedModelThroughput", "provisioned-model/*"),
    ("bedrock:StopEvaluationJob", "evaluation-job/*"),
    ("bedrock:StopModelCustomizationJob", "model-customization-job/*"),
    ("bedrock:StopModelInvocationJob", "model-invocation-job/*"),
)


def grant_see(role: iam.Role) -> None:
    """Allow finding out what there is, in the whole account: neither what is in it, nor changing any of it."""
    stack = EnvironmentStack.of(role)
    where = f"{stack.region}:{stack.account}"
    looked = {resource: f"arn:{stack.partition}:{service}:{where}:{resource}" for _, service, resource in _LOOKS}
    tagged = [looked[resource] for resource in dict.fromkeys(resource for _, resource in _TAGGED)]
    stacks = f"arn:{stack.partition}:cloudformation:{where}:stack/{stack.config.physical_name('*/*')}"
    statements = [
        iam.PolicyStatement(actions=list(LISTS), resources=["*"]),
        iam.PolicyStatement(actions=[action for action, *_ in _LOOKS], resources=list(looked.values())),
        iam.PolicyStatement(actions=["bedrock:ListTagsForResource"], resources=tagged),
        iam.PolicyStatement(actions=["cloudformation:ListStackResources"], resources=[stacks]),
    ]
    for statement in statements:
        role.add_to_policy(statement)
    acknowledge_wildcards(
        role, statements, because="Lists know no resources, and what there is was made after this role, or by others."
    )


def grant_remove(role: iam.Role, *, environment: str, keys_stack: str) -> None:
    """Allow stopping and deleting what costs by the hour, and freezing keys.

    Args:
        keys_stack: name of the stack with the table of keys, which is made after this one.
    """
    stack = Stack.of(role)
    where = f"{stack.region}:{stack.account}"
    tagged = iam.PolicyStatement(
        actions=[action for action, _ in _TAGGED],
        resources=[f"arn:{stack.partition}:bedrock:{where}:{resource}" for _, resource in _TAGGED],
        conditions={"StringEquals": {"aws:ResourceTag/quarry:environment": environment}},
    )
    ingestion = iam.PolicyStatement(
        actions=["bedrock:StopIngestionJob"],
        resources=[f"arn:{stack.partition}:bedrock:{where}:knowledge-base/*"],
        conditions={"StringEquals": {"aws:ResourceTag/quarry:environment": environment}},
    )
    studio = iam.PolicyStatement(
        actions=["sagemaker:DeleteApp", "sagemaker:DeleteSpace"],
        resources=[f"arn:{stack.partition}:sagemaker:{where}:{kind}/*" for kind in ("app", "space")],
    )
    keys = iam.PolicyStatement(
        actions=["dynamodb:Scan", "dynamodb:UpdateItem"],
        resources=[f"arn:{stack.partition}:dynamodb:{where}:table/{keys_stack}-Keys*"],
    )
    statements = [tagged, ingestion, studio, keys]
    for statement in statements:
        role.add_to_policy(statement)
    acknowledge_wildcards(
        role, statements, because="Made after this role and named when it is made; by tag where the service has tags."
    )
