"""The resource types that MiniStack lacks, one row each. A new type is a new row.

A row says only what the registry schema (read by ``schema``) and botocore's service model cannot: which operations
stand behind the type, how a resource is named to them, and where the two spell a name differently.
"""

from __future__ import annotations

from ministack.core.responses import get_account_id

from sandbox.resources import rules, vector_rules
from sandbox.resources.attributes import (
    model_package_group_attributes,
    search_index_attributes,
    vector_bucket_attributes,
    vector_index_attributes,
)
from sandbox.resources.flow_definition import with_definition
from sandbox.resources.resource_type import ApiBackedType, GeneratedName, Model, RecordedType, ResourceType


def _budget(model: Model) -> dict[str, str]:
    # Known by its properties until it is read, and by its id alone when it is deleted.
    return {"AccountId": get_account_id(), "BudgetName": model.get("Id") or model["Budget"]["BudgetName"]}


def _policy(model: Model) -> dict[str, str]:
    return {"type": model["Type"], "name": model["Name"]}


def _prompt_version(model: Model) -> dict[str, str]:
    prompt, _, version = model["Arn"].rpartition(":")
    return {"promptIdentifier": prompt, "promptVersion": version}


_BEDROCK = (
    ApiBackedType(
        type_name="AWS::Bedrock::Guardrail",
        service="bedrock",
        create="CreateGuardrail",
        read="GetGuardrail",
        update="UpdateGuardrail",
        delete="DeleteGuardrail",
        identify=lambda model: {"guardrailIdentifier": model["GuardrailArn"]},
        renames={"KmsKeyArn": "kmsKeyId", "CrossRegionConfig.GuardrailProfileArn": "guardrailProfileIdentifier"},
        tagged=lambda model: model["GuardrailArn"],
        check_create=rules.guardrail,
        check_update=rules.guardrail,
    ),
    ApiBackedType(
        type_name="AWS::Bedrock::GuardrailVersion",
        service="bedrock",
        create="CreateGuardrailVersion",
        read="GetGuardrail",
        delete="DeleteGuardrail",
        identify=lambda model: {"guardrailIdentifier": model["GuardrailId"], "guardrailVersion": model["Version"]},
    ),
    ApiBackedType(
        type_name="AWS::Bedrock::ApplicationInferenceProfile",
        service="bedrock",
        create="CreateInferenceProfile",
        read="GetInferenceProfile",
        delete="DeleteInferenceProfile",
        identify=lambda model: {"inferenceProfileIdentifier": model["InferenceProfileIdentifier"]},
        attributes={"InferenceProfileIdentifier": "inferenceProfileArn"},
        tagged=lambda model: model["InferenceProfileArn"],
        check_create=rules.application_inference_profile,
    ),
    ApiBackedType(
        type_name="AWS::Bedrock::KnowledgeBase",
        service="bedrock-agent",
        create="CreateKnowledgeBase",
        read="GetKnowledgeBase",
        update="UpdateKnowledgeBase",
        delete="DeleteKnowledgeBase",
        identify=lambda model: {"knowledgeBaseId": model["KnowledgeBaseId"]},
        created="knowledgeBase",
        found="knowledgeBase",
        ready=("status", "ACTIVE"),
        tagged=lambda model: model["KnowledgeBaseArn"],
        check_create=vector_rules.knowledge_base,
        check_delete=vector_rules.knowledge_base_delete,
    ),
    ApiBackedType(
        type_name="AWS::Bedrock::DataSource",
        service="bedrock-agent",
        create="CreateDataSource",
        read="GetDataSource",
        update="UpdateDataSource",
        delete="DeleteDataSource",
        identify=lambda model: {"knowledgeBaseId": model["KnowledgeBaseId"], "dataSourceId": model["DataSourceId"]},
        created="dataSource",
        found="dataSource",
        attributes={"DataSourceStatus": "status"},
        defaults={"DataDeletionPolicy": "DELETE"},
        check_create=vector_rules.data_source,
        check_delete=vector_rules.data_source_delete,
    ),
    ApiBackedType(
        type_name="AWS::Bedrock::Prompt",
        service="bedrock-agent",
        create="CreatePrompt",
        read="GetPrompt",
        update="UpdatePrompt",
        delete="DeletePrompt",
        identify=lambda model: {"promptIdentifier": model["Arn"]},
        tagged=lambda model: model["Arn"],
        check_create=rules.prompt,
        check_update=rules.prompt,
    ),
    ApiBackedType(
        type_name="AWS::Bedrock::PromptVersion",
        service="bedrock-agent",
        create="CreatePromptVersion",
        read="GetPrompt",
        delete="DeletePrompt",
        identify=_prompt_version,
        renames={"PromptArn": "promptIdentifier"},
        attributes={"PromptId": "id"},
    ),
    ApiBackedType(
        type_name="AWS::Bedrock::Flow",
        service="bedrock-agent",
        create="CreateFlow",
        read="GetFlow",
        update="UpdateFlow",
        delete="DeleteFlow",
        identify=lambda model: {"flowIdentifier": model["Arn"]},
        prepare=with_definition,
        then=("PrepareFlow",),
        tagged=lambda model: model["Arn"],
        check_create=rules.flow,
        check_update=rules.flow,
    ),
    ApiBackedType(
        type_name="AWS::Bedrock::FlowVersion",
        service="bedrock-agent",
        create="CreateFlowVersion",
        read="GetFlowVersion",
        delete="DeleteFlowVersion",
        identify=lambda model: {"flowIdentifier": model["FlowArn"], "flowVersion": model["Version"]},
        renames={"FlowArn": "flowIdentifier"},
        attributes={"FlowId": "id"},
    ),
    ApiBackedType(
        type_name="AWS::Bedrock::FlowAlias",
        service="bedrock-agent",
        create="CreateFlowAlias",
        read="GetFlowAlias",
        update="UpdateFlowAlias",
        delete="DeleteFlowAlias",
        identify=lambda model: {"flowIdentifier": model["FlowArn"], "aliasIdentifier": model["Arn"]},
        renames={"FlowArn": "flowIdentifier"},
        tagged=lambda model: model["Arn"],
    ),
)

_SEARCH = (
    ApiBackedType(
        type_name="AWS::OpenSearchServerless::SecurityPolicy",
        service="opensearchserverless",
        create="CreateSecurityPolicy",
        read="GetSecurityPolicy",
        update="UpdateSecurityPolicy",
        delete="DeleteSecurityPolicy",
        identify=_policy,
        created="securityPolicyDetail",
        found="securityPolicyDetail",
        carried=("policyVersion",),
    ),
    ApiBackedType(
        type_name="AWS::OpenSearchServerless::AccessPolicy",
        service="opensearchserverless",
        create="CreateAccessPolicy",
        read="GetAccessPolicy",
        update="UpdateAccessPolicy",
        delete="DeleteAccessPolicy",
        identify=_policy,
        created="accessPolicyDetail",
        found="accessPolicyDetail",
        carried=("policyVersion",),
    ),
    ApiBackedType(
        type_name="AWS::OpenSearchServerless::Collection",
        service="opensearchserverless",
        create="CreateCollection",
        read="BatchGetCollection",
        update="UpdateCollection",
        delete="DeleteCollection",
        identify=lambda model: {"id": model["Id"], "ids": [model["Id"]]},
        created="createCollectionDetail",
        found="collectionDetails",
        ready=("status", "ACTIVE"),
    ),
    RecordedType(
        type_name="AWS::OpenSearchServerless::Index",
        attributes=search_index_attributes,
        check_create=vector_rules.search_index,
        check_update=vector_rules.search_index_update,
        check_delete=vector_rules.search_index_delete,
    ),
)

_S3_VECTORS = (
    RecordedType(
        type_name="AWS::S3Vectors::VectorBucket",
        generated_name=GeneratedName(path="VectorBucketName", max_length=63),
        attributes=vector_bucket_attributes,
        check_delete=rules.empty_vector_bucket,
    ),
    RecordedType(
        type_name="AWS::S3Vectors::Index",
        generated_name=GeneratedName(path="IndexName", max_length=63),
        attributes=vector_index_attributes,
        check_create=rules.vector_index,
    ),
)

_SAGEMAKER = (
    ApiBackedType(
        type_name="AWS::SageMaker::Domain",
        service="sagemaker",
        create="CreateDomain",
        read="DescribeDomain",
        update="UpdateDomain",
        delete="DeleteDomain",
        identify=lambda model: {"DomainId": model["DomainId"]},
        update_renames={"DomainSettings": "DomainSettingsForUpdate"},
        ready=("Status", "InService"),
        waits_until_gone=True,
        tagged=lambda model: model["DomainArn"],
        tag_operations=("AddTags", "DeleteTags"),
    ),
    ApiBackedType(
        type_name="AWS::SageMaker::UserProfile",
        service="sagemaker",
        create="CreateUserProfile",
        read="DescribeUserProfile",
        update="UpdateUserProfile",
        delete="DeleteUserProfile",
        identify=lambda model: {"DomainId": model["DomainId"], "UserProfileName": model["UserProfileName"]},
        ready=("Status", "InService"),
        waits_until_gone=True,
        tagged=lambda model: model["UserProfileArn"],
        tag_operations=("AddTags", "DeleteTags"),
    ),
    ApiBackedType(
        type_name="AWS::SageMaker::Space",
        service="sagemaker",
        create="CreateSpace",
        read="DescribeSpace",
        update="UpdateSpace",
        delete="DeleteSpace",
        identify=lambda model: {"DomainId": model["DomainId"], "SpaceName": model["SpaceName"]},
        ready=("Status", "InService"),
        waits_until_gone=True,
        tagged=lambda model: model["SpaceArn"],
        tag_operations=("AddTags", "DeleteTags"),
    ),
    ApiBackedType(
        type_name="AWS::SageMaker::StudioLifecycleConfig",
        service="sagemaker",
        create="CreateStudioLifecycleConfig",
        read="DescribeStudioLifecycleConfig",
        delete="DeleteStudioLifecycleConfig",
        identify=lambda model: {"StudioLifecycleConfigName": model["StudioLifecycleConfigName"]},
    ),
    RecordedType(type_name="AWS::SageMaker::ModelPackageGroup", attributes=model_package_group_attributes),
    RecordedType(type_name="AWS::SageMaker::Pipeline"),
)

_BUDGETS = (
    ApiBackedType(
        type_name="AWS::Budgets::Budget",
        service="budgets",
        create="CreateBudget",
        read="DescribeBudget",
        update="UpdateBudget",
        delete="DeleteBudget",
        identify=_budget,
        found="Budget",
        update_renames={"Budget": "NewBudget"},
        attributes={"Id": "BudgetName"},
        tagged=lambda model: f"arn:aws:budgets::{get_account_id()}:budget/{model['Id']}",
        generated_name=GeneratedName(path="Budget.BudgetName", max_length=100, lowercase=False),
        constants=lambda: {"AccountId": get_account_id()},
    ),
)

CATALOGUE: tuple[ResourceType, ...] = (*_BEDROCK, *_SEARCH, *_S3_VECTORS, *_SAGEMAKER, *_BUDGETS)
