"""AWS errors of Bedrock's services: a named one per scripted fault, and how one is written on the wire.

Names and statuses are those of botocore's service model of ``bedrock-runtime``; messages are those AWS is known to
send (published in issues and documentation up to 2026-10), so that code that reads them is tested against the truth.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
"""A JSON object as it travels."""

Response = tuple[int, dict[str, str], Any]
"""What a MiniStack handler returns: status, headers, and bytes or a ``StreamingResponse``."""

STATUS = {
    "AccessDeniedException": 403,
    "ConflictException": 409,
    "IllegalArgumentException": 400,
    "InternalServerException": 500,
    "InvalidNextTokenException": 400,
    "InvalidParameterException": 400,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelTimeoutException": 408,
    "NoSuchResourceException": 400,
    "NotFoundException": 400,
    "ResourceInUse": 400,
    "ResourceLimitExceeded": 400,
    "ResourceNotFound": 400,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "TooManyTagsException": 400,
    "ValidationException": 400,
}


class AwsError(Exception):
    """An error that the caller is to receive as AWS sends it.

    ``code`` is the exception's name in the service model, ``status`` its HTTP status.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = STATUS[code]

    def response(self) -> Response:
        """Return the error in the rest-json protocol: type in a header and in the body."""
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": self.code}
        return self.status, headers, json.dumps({"__type": self.code, "message": self.message}).encode()


def invalid(message: str) -> AwsError:
    """Return a ValidationException with ``message``."""
    return AwsError("ValidationException", message)


@dataclass(frozen=True)
class Fault:
    """A failure that a script can ask for by name. ``message`` may hold ``{model}``, the id that was called."""

    code: str
    message: str

    def error(self, model: str, message: str | None = None) -> AwsError:
        """Return the error for a call of ``model``; ``message`` replaces AWS's own text."""
        return AwsError(self.code, message or self.message.replace("{model}", model))


FAULTS = {
    "throttle": Fault("ThrottlingException", "Too many requests, please wait before trying again."),
    "tokens": Fault("ThrottlingException", "Too many tokens, please wait before trying again."),
    "quota": Fault("ThrottlingException", "Too many tokens per day, please wait before trying again."),
    "timeout": Fault("ModelTimeoutException", "Model has timed out in processing the request. Try your request again."),
    "legacy": Fault(
        "ResourceNotFoundException",
        "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model in "
        "the last 15 days. Please upgrade to an active model on Amazon Bedrock",
    ),
    "end_of_life": Fault(
        "ResourceNotFoundException",
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details.",
    ),
    "access_denied": Fault("AccessDeniedException", "You don't have access to the model with the specified model ID."),
    "organization_denied": Fault(
        "AccessDeniedException",
        "User is not authorized to perform: bedrock:InvokeModel on resource: {model} with an explicit deny in a "
        "service control policy",
    ),
    "marketplace_denied": Fault(
        "AccessDeniedException",
        "Model access is denied due to IAM user or service role is not authorized to perform the required AWS "
        "Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this "
        "model. Refer to the Amazon Bedrock documentation for further details. Your AWS Marketplace subscription for "
        "this model cannot be completed at this time. If you recently fixed this issue, try again after 2 minutes.",
    ),
    "not_ready": Fault(
        "ModelNotReadyException", "The model specified in the request is not ready to serve inference requests."
    ),
    "model_error": Fault("ModelErrorException", "The request failed due to an error while processing the model."),
    "service_unavailable": Fault("ServiceUnavailableException", "Bedrock is unable to process your request."),
    "internal_error": Fault(
        "InternalServerException",
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    "operation_not_allowed": Fault("ValidationException", "Operation not allowed"),
    "form_missing": Fault(
        "ResourceNotFoundException",
        "Model use case details have not been submitted for this account. Fill out the Anthropic use case details "
        "form before using the model. If you have already filled out the form, try again in 15 minutes.",
    ),
    "profile_required": Fault(
        "ValidationException",
        "Invocation of model ID {model} with on-demand throughput isn’t supported. Retry your request with the ID or "
        "ARN of an inference profile that contains this model.",
    ),
    "not_in_region": Fault("ValidationException", "The provided model identifier is invalid."),
}
"""Every fault that a script step may name in ``do``."""

_UNEXPECTED = "The system encountered an unexpected error during processing. Try your request again."

STREAM_ERRORS = {
    "internalServerException": _UNEXPECTED,
    "modelStreamErrorException": _UNEXPECTED,
    "serviceUnavailableException": "Bedrock is unable to process your request.",
    "throttlingException": "Too many requests, please wait before trying again.",
    "validationException": "The model returned an invalid response.",
}
"""Errors that can come inside a stream: the member's name in ConverseStreamOutput and a message."""

BREAKS = ("close", "damage", "no_stop", "reset", "silence")
"""How an answer can break off without a word of the service's: its connection is closed or reset, what comes over it is
damaged, it ends as if it were complete but without saying why the answer ends, or nothing comes any more.
"""
