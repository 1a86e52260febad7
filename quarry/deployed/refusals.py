"""AWS's refusals in the operator's words: which permission is missing, what is gone, how to sign in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, TokenRetrievalError

from quarry.command_error import CommandError

# Operation -> the action that IAM asks for, where the two have different names or services.
_ACTIONS: Final = {
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
}
_DENIED: Final = {"AccessDenied", "AccessDeniedException", "403"}
_GONE: Final = {
    "NoSuchBucket",
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
SIGN_IN: Final = "Sign in (`aws sso login`), or name credentials with AWS_PROFILE."


@contextmanager
def explained(environment: str) -> Iterator[None]:
    """Turn what AWS refuses inside into a CommandError that says what to do."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise CommandError(explanation(error, environment=environment)) from error


def explanation(error: ClientError | BotoCoreError, *, environment: str) -> str:
    """Return what an error of AWS's means and what to do about it."""
    if isinstance(error, NoCredentialsError | TokenRetrievalError):
        return f"There are no credentials for AWS ({error}). {SIGN_IN}"
    if isinstance(error, BotoCoreError):
        return f"AWS cannot be reached: {error}"
    code, operation = error.response["Error"].get("Code", ""), error.operation_name
    if code in _DENIED:
        return (
            f"Your credentials may not do this: they need {_ACTIONS.get(operation, operation)} for what belongs to "
            f"{environment}. ({error})"
        )
    if code in _GONE:
        return (
            f"Something that the stack of {environment} names is gone, so it was deleted by hand. `make destroy` and "
            f"`make deploy`, on this machine `make down` and `make up`, make it anew. ({error})"
        )
    if code in _SIGNED_OUT:
        return f"AWS does not accept your credentials ({error}). {SIGN_IN}"
    return f"AWS refused: {error}"
