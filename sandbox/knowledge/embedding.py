"""The embedding model of a knowledge base: whether its service role may call it, and how long a text it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.model import account, targets
from sandbox.model.errors import AwsError, invalid
from sandbox.service_role import NotAuthorizedError, ServiceRole

# Input limits in tokens (Bedrock user guide, the models' own pages).
_LIMITS = {"amazon.titan-embed": 8192, "cohere.embed-v4": 128_000, "cohere.embed": 512}
_DEFAULT_LIMIT = 8192


def model_arn(knowledge_base: Mapping[str, Any]) -> str:
    """Return the ARN of the embedding model of MiniStack's record of a knowledge base."""
    arn: str = knowledge_base["KnowledgeBaseConfiguration"]["vectorKnowledgeBaseConfiguration"]["embeddingModelArn"]
    return arn


def token_limit(arn: str) -> int:
    """Return how many tokens the model takes in one text."""
    model_id = arn.rpartition("/")[2]
    return next((limit for prefix, limit in _LIMITS.items() if model_id.startswith(prefix)), _DEFAULT_LIMIT)


def require(arn: str, role: ServiceRole) -> None:
    """Check that the model can be called in this region, by this role.

    Raises:
        AwsError: ValidationException, as StartIngestionJob and Retrieve answer at once.
    """
    try:
        require_model(arn, role)
    except (AwsError, NotAuthorizedError) as error:
        reason = error.message if isinstance(error, AwsError) else str(error)
        raise invalid(
            f"Knowledge base role {role.arn} is not able to call specified bedrock embedding model {arn}: {reason} "
            "(Service: BedrockRuntime)"
        ) from error


def require_model(arn: str, role: ServiceRole) -> None:
    """Check that a model can be called in this region, by this role.

    Raises:
        AwsError: the region or the account has not this model.
        NotAuthorizedError: the role has not the right.
    """
    target = targets.find(arn)
    account.check(target.model.model_id, arn)
    for each in (target.arn, *target.destinations):
        role.require("bedrock:InvokeModel", each)
