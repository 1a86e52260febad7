"""The actions that know no resources, and why each stands on all."""

from typing import Final

# Action -> why it may stand on Resource "*".
ALLOWED_STAR: Final = {
    "xray:PutTraceSegments": "X-Ray has no resources to name",
    "xray:PutTelemetryRecords": "X-Ray has no resources to name",
    "bedrock:ListFoundationModels": "lists the region's models; knows no resources",
    "bedrock:ListInferenceProfiles": "lists the account's and AWS's profiles; knows no resources",
    "bedrock:GetFoundationModelAvailability": "asks what the account may call; knows no resources",
    "bedrock:GetUseCaseForModelAccess": "reads the account's one use case form; knows no resources",
    "lambda:GetAccountSettings": "reads how much the account may run at once; knows no resources",
    "servicequotas:GetServiceQuota": "reads one quota of the account's; knows no resources",
    "servicequotas:ListServiceQuotas": "reads the account's quotas; knows no resources",
    "bedrock:Rerank": "knows no resources; the model has to be allowed besides",
    "aoss:CreateSecurityPolicy": "policies have no ARNs; a condition names the collection",
    "aoss:DeleteSecurityPolicy": "policies have no ARNs; a condition names the collection",
    "xray:GetSamplingRules": "X-Ray has no resources to name",
    "xray:GetSamplingTargets": "X-Ray has no resources to name",
    "ec2:DescribeSecurityGroups": "lists the region's groups; knows no resources",
    "elasticfilesystem:DescribeFileSystems": "lists the region's, among which the domain's is looked for",
    "elasticfilesystem:DescribeMountTargets": "a list by a file system that is not known before",
    **dict.fromkeys(
        ("sagemaker:ListApps", "sagemaker:ListSpaces", "sagemaker:ListUserProfiles"),
        "lists a domain's; knows no resources",
    ),
    **dict.fromkeys(
        (
            "bedrock:ListCustomModelDeployments",
            "bedrock:ListCustomModels",
            "bedrock:ListModelCustomizationJobs",
            "bedrock:ListEvaluationJobs",
            "bedrock:ListGuardrails",
            "bedrock:ListImportedModels",
            "bedrock:ListKnowledgeBases",
            "bedrock:ListModelInvocationJobs",
            "bedrock:ListProvisionedModelThroughputs",
            "cloudformation:ListStacks",
            "sagemaker:ListDomains",
            "scheduler:ListSchedules",
            "tag:GetResources",
            "tag:GetTagValues",
        ),
        "lists the account's; knows no resources",
    ),
    **dict.fromkeys(
        (
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ),
        "how Step Functions sends its log; deliveries have no ARNs",
    ),
}
