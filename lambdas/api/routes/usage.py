"""``GET /v1/usage``: what the key has used and has left."""

from lambdas.allowances.report import Usage
from lambdas.api import composition
from lambdas.api.call import Answer, Call


def read_usage(call: Call) -> Answer[Usage]:
    """Tell what the key has used and has left."""
    asking = call.caller
    return Answer(body=composition.ledger().usage(asking.key_id, limits=asking.limits))
