"""What MiniStack's API Gateway (REST) lacks: each module names AWS's behaviour and adds it."""

from sandbox.api_gateway import authorizer_cache, gateway_responses, request_validators, response_transfer


def install() -> None:
    """Add all of it. Doing it again changes nothing."""
    authorizer_cache.install()
    gateway_responses.install()
    request_validators.install()
    response_transfer.install()
