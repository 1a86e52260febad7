"""ARNs of what a model's call needs: the model in each region that it may be routed to, and what is called.

Source: Bedrock user guide, "Prerequisites for inference profiles".
"""

from aws_cdk import Stack

from configuration.targets import Target


def source_arn(target: Target, *, stack: Stack) -> str:
    """Return the ARN of what is called when no profile of our own stands before it."""
    if target.custom_arn:
        return target.custom_arn
    if target.profile:
        scope = f"arn:{stack.partition}:bedrock:{stack.region}:{stack.account}"
        return f"{scope}:inference-profile/{target.profile.profile_id}"
    return foundation_model_arn(target.model.model_id, region=stack.region, stack=stack)


def destination_arns(target: Target, *, stack: Stack) -> list[str]:
    """Return the model's ARN per destination; a global profile wants one without region too."""
    if target.profile is None:
        regions = [stack.region]
    elif "*" in target.profile.destinations:
        regions = [stack.region, ""]
    else:
        regions = list(target.profile.destinations)
    return [foundation_model_arn(target.model.model_id, region=region, stack=stack) for region in regions]


def foundation_model_arn(model_id: str, *, region: str, stack: Stack) -> str:
    """Return the ARN of a foundation model in ``region``; "" is no region, as global routing wants it."""
    return f"arn:{stack.partition}:bedrock:{region}::foundation-model/{model_id}"
