"""``GET /v1/models`` and ``GET /v1/models/{id}``: the aliases and what the access check found."""

from lambdas.api import composition
from lambdas.api.call import Answer, Call
from lambdas.model_access.listing import Model, ModelList


def list_models(_: Call) -> Answer[ModelList]:
    """List the aliases."""
    return Answer(body=composition.model_listing().models())


def read_model(call: Call) -> Answer[Model]:
    """Return one alias."""
    return Answer(body=composition.model_listing().model(call.path["id"]))
