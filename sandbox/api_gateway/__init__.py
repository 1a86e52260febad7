"""What MiniStack's API Gateway (REST) lacks: each module names AWS's behaviour and adds it."""

from sandbox.api_gateway import (
    access_log,
    account,
    authorizer_cache,
    authorizer_policies,
    gateway_responses,
    mock_integrations,
    request_authorizers,
    request_validators,
    response_transfer,
    s3_integrations,
)


def install() -> None:
    """Add all of it. Doing it again changes nothing."""
    account.install()
    authorizer_cache.install()
    authorizer_policies.install()
    gateway_responses.install()
    mock_integrations.install()
    request_authorizers.install()
    request_validators.install()
    response_transfer.install()
    s3_integrations.install()
    # Last: it looks at what the others answer.
    access_log.install()
