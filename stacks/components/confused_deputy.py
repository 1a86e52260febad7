"""Whose errands a service of AWS may do with what is ours: those of this account and region only.

Source: IAM user guide, "The confused deputy problem", cross-service prevention.
"""

from typing import Any

from aws_cdk import Stack


def only_for(stack: Stack, *, service: str, source: str) -> dict[str, Any]:
    """Return the condition of a statement whose principal is a service.

    Args:
        service: whose resource has to be behind it, as its ARN has it: ``cloudwatch``.
        source: the ARN's end, wildcards included: ``alarm:*``.
    """
    arn = f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{source}"
    return {"StringEquals": {"aws:SourceAccount": stack.account}, "ArnLike": {"aws:SourceArn": arn}}
