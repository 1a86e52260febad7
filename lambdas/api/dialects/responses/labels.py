"""Who a request says it is for, and its metadata, as Bedrock's request metadata takes them."""

from lambdas.api.dialects.responses.request import ResponsesRequest
from lambdas.common.errors import InvalidRequestError
from lambdas.common.request_metadata import MOST_PAIRS, fits, fitted


def of(request: ResponsesRequest, *, strict: bool = False) -> tuple[dict[str, str], list[str]]:
    """Return the labels, and the names of the fields that do not fit as they are.

    Raises:
        InvalidRequestError: one does not, where only what fits is accepted.
    """
    changed: list[str] = []
    user = request.user or ""
    if not fits(user):
        changed.append("user")
        user = fitted(user)
    given = request.metadata or {}
    most = MOST_PAIRS - bool(user)
    kept = {fitted(name): fitted(value) for name, value in list(given.items())[:most] if name.strip()}
    if kept != given:
        changed.append("metadata")
    if changed and strict:
        raise InvalidRequestError(
            f"`{changed[0]}` must fit Bedrock's request metadata: up to {MOST_PAIRS} texts of 256 letters, digits, "
            "white space and `:_@$#=/+,-.` each.",
            param=changed[0],
        )
    return {**kept, **({"user": user} if user else {})}, changed
