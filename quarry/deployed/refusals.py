"""AWS's refusals in the operator's words: which permission is missing, what is gone, how to sign in.

Commands let botocore's errors rise. The command line explains them here, and so does who has to say something more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from quarry.command_error import CommandError

# Operations on what the stacks of an environment made -> the action that IAM asks for.
_OF_THE_STACKS: Final = {
    "FlushStageAuthorizersCache": "apigateway:DELETE",
    "GetStage": "apigateway:GET",
    "FilterLogEvents": "logs:FilterLogEvents",
    "GetItem": "dynamodb:GetItem",
    "PutItem": "dynamodb:PutItem",
    "Query": "dynamodb:Query",
    "Scan": "dynamodb:Scan",
    "UpdateItem": "dynamodb:UpdateItem",
    "Invoke": "lambda:InvokeFunction",
    "ListObjectsV2": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "DeleteObjects": "s3:DeleteObject",
    "ListIngestionJobs": "bedrock:ListIngestionJobs",
    "GetIngestionJob": "bedrock:GetIngestionJob",
    "ListKnowledgeBaseDocuments": "bedrock:ListKnowledgeBaseDocuments",
    "GetQueueAttributes": "sqs:GetQueueAttributes",
    "GetQueueUrl": "sqs:GetQueueUrl",
    "SendMessage": "sqs:SendMessage",
    "ListExecutions": "states:ListExecutions",
    "DescribeExecution": "states:DescribeExecution",
    "StopExecution": "states:StopExecution",
    "GetParameter": "ssm:GetParameter",
    "GetParametersByPath": "ssm:GetParametersByPath",
    "PutParameter": "ssm:PutParameter",
    "CreateApp": "sagemaker:CreateApp",
    "DeleteApp": "sagemaker:DeleteApp",
    "DescribeApp": "sagemaker:DescribeApp",
    "DescribeSpace": "sagemaker:DescribeSpace",
    "ListApps": "sagemaker:ListApps",
    "ListSpaces": "sagemaker:ListSpaces",
    "GetSecretValue": "secretsmanager:GetSecretValue",
    "PutSecretValue": "secretsmanager:PutSecretValue",
}
# Operations of the account.
_OF_THE_ACCOUNT: Final = {
    "DescribeStacks": "cloudformation:DescribeStacks",
    "ListFoundationModels": "bedrock:ListFoundationModels",
    "ListInferenceProfiles": "bedrock:ListInferenceProfiles",
    "GetFoundationModelAvailability": "bedrock:GetFoundationModelAvailability",
    "PutUseCaseForModelAccess": "bedrock:PutUseCaseForModelAccess",
    "ListFoundationModelAgreementOffers": "bedrock:ListFoundationModelAgreementOffers",
    "CreateFoundationModelAgreement": "bedrock:CreateFoundationModelAgreement",
    "GetProducts": "pricing:GetProducts",
    "GetCustomModelDeployment": "bedrock:GetCustomModelDeployment",
    "CreateCustomModelDeployment": "bedrock:CreateCustomModelDeployment",
    "UpdateCustomModelDeployment": "bedrock:UpdateCustomModelDeployment",
    "DeleteCustomModelDeployment": "bedrock:DeleteCustomModelDeployment",
    "DeleteCustomModel": "bedrock:DeleteCustomModel",
    "DeleteProvisionedModelThroughput": "bedrock:DeleteProvisionedModelThroughput",
    "UpdateSchedule": "scheduler:UpdateSchedule",
    "GetServiceQuota": "servicequotas:GetServiceQuota",
}
_ACTIONS: Final = _OF_THE_STACKS | _OF_THE_ACCOUNT
_DENIED: Final = {"AccessDenied", "AccessDeniedException", "403"}
_GONE: Final = {
    "NoSuchBucket",
    "NotFoundException",
    "ResourceNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "StateMachineDoesNotExist",
}
_SIGNED_OUT: Final = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_NO_CREDENTIALS: Final = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
_AMAZONS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
SIGN_IN: Final = "Sign in (`aws sso login`), or name credentials with AWS_PROFILE."


@contextmanager
def explained() -> Iterator[None]:
    """Turn what AWS refuses inside into a CommandError that says what to do."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise CommandError(explanation(error)) from error


def explanation(error: ClientError | BotoCoreError) -> str:
    """Return what an error of AWS's means and what to do about it."""
    if isinstance(error, _NO_CREDENTIALS):
        return f"There are no credentials for AWS ({error}). {SIGN_IN}"
    if isinstance(error, ConnectionError | HTTPClientError):
        return f"AWS cannot be reached: {str(error).rstrip('.')}.{_hint(error)}"
    if isinstance(error, BotoCoreError):
        return f"AWS was not asked: {error}"
    code, operation = error.response["Error"].get("Code", ""), error.operation_name
    if code in _DENIED:
        return f"Your credentials may not do this: they need {_ACTIONS.get(operation, operation)}. ({error})"
    if code in _GONE and operation in _OF_THE_STACKS:
        return (
            "Something that a stack of the environment names is gone, so it was deleted by hand. `make destroy` and "
            f"`make deploy`, on this machine `make down` and `make up`, make it anew. ({error})"
        )
    if code in _SIGNED_OUT:
        return f"AWS does not accept your credentials ({error}). {SIGN_IN}"
    return f"AWS refused: {error}"


def _hint(error: ConnectionError | HTTPClientError) -> str:
    """Return what to do where it is not Amazon's AWS that does not answer."""
    host = urlsplit(str(error.kwargs.get("endpoint_url", ""))).hostname
    return "" if host is None or host.endswith(_AMAZONS) else " Is it up? `make up` starts it."
