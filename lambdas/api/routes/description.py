"""``GET /openapi.json``: the API's description."""

from typing import Any

from lambdas.api import composition
from lambdas.api.call import Answer, Call
from lambdas.api.openapi.document import document


def read_description(_: Call) -> Answer[dict[str, Any]]:
    """Describe the API."""
    return Answer(body=document(strict=composition.settings().strict))
