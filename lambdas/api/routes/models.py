"""``GET /v1/models``: the aliases and what the access check found."""

from lambdas.api import composition
from lambdas.api.call import Answer, Call
from lambdas.model_access.listing import ModelList


def list_models(_: Call) -> Answer[ModelList]:
    """List the aliases."""
    return Answer(body=composition.model_listing().models())
