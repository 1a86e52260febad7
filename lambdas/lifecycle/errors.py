"""Why a custom resource could not do its part, in words for CloudFormation."""


class LifecycleError(Exception):
    """What went wrong and what to do about it: `cdk deploy` prints it as the reason of the failure."""
