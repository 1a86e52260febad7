"""``GET /v1/models`` and ``GET /v1/models/{id}``: the aliases and what the access check found, for either API."""

from lambdas.api import composition
from lambdas.api.call import Answer, Call
from lambdas.api.dialects.messages import models, versions
from lambdas.api.dialects.messages.models import ModelInfo, ModelPage
from lambdas.api.operation import VERSION
from lambdas.model_access.listing import Model, ModelList


def list_models(call: Call) -> Answer[ModelList] | Answer[ModelPage]:
    """List the aliases."""
    found = composition.model_listing().models()
    if VERSION not in call.headers:
        return Answer(body=found)
    versions.dropped(call.headers)
    return Answer(body=models.page(found.data, call.query))


def read_model(call: Call) -> Answer[Model] | Answer[ModelInfo]:
    """Return one alias."""
    found = composition.model_listing().model(call.path["id"])
    if VERSION not in call.headers:
        return Answer(body=found)
    versions.dropped(call.headers)
    return Answer(body=models.info(found))
