"""What AWS says of a call that it refused: whether it may be made again, and which right it lacked."""

import re
from typing import Final

from botocore.exceptions import ClientError

# The service has not done it.
BUSY: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
    }
)
# It may have done it.
UNCLEAR: Final = frozenset({"InternalServerError", "ServiceUnavailable", "TransactionInProgressException"})
# Reasons of a transaction that was cancelled, so not done, which are none of the request's (TransactWriteItems).
_PASSING: Final = frozenset({"None", "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"})
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_RIGHT: Final = re.compile(r"not authorized to perform:? (?P<right>[\w-]+:\w+)(?: on resource:? (?P<resource>\S+))?")


def code_of(error: ClientError) -> str:
    """Return the error's code, as ``ResourceNotFoundException``; "" if there is none."""
    return str(error.response["Error"].get("Code", ""))


def is_passing(error: ClientError) -> bool:
    """Tell whether the same call may succeed in a moment: the service is busy, or broke off without saying why."""
    code = code_of(error)
    if code == "TransactionCanceledException":
        reasons = error.response.get("CancellationReasons", [])
        return bool(reasons) and all(reason.get("Code", "None") in _PASSING for reason in reasons)
    if code in BUSY | UNCLEAR:
        return True
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500


def lacking(error: Exception) -> dict[str, str]:
    """Return which right a denied call lacked, as fields of a log line; {} for a call that was not denied.

    Returns:
        ``{"lacks": "dynamodb:PutItem", "on": ARN}``. Where AWS names neither, as of a key of KMS, ``lacks`` is the
        operation.
    """
    if not isinstance(error, ClientError) or code_of(error) not in _DENIED:
        return {}
    said = _RIGHT.search(str(error.response["Error"].get("Message", "")))
    if said is None:
        return {"lacks": error.operation_name}
    return {"lacks": said["right"], **({"on": said["resource"]} if said["resource"] else {})}
