"""What of a paid answer could not be charged or stored. It is given all the same: a header and the log tell."""

from collections.abc import Mapping
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.allowances import remaining
from lambdas.allowances.ledger import Ledger, Reservation
from lambdas.allowances.usage import Usage
from lambdas.chat.errors import error_code
from lambdas.common.aws_errors import lacking
from lambdas.common.errors import ApiError
from lambdas.common.observability import logger

HEADER: Final = "x-quarry-not-recorded"
# Trouble of bookkeeping; everything else is a defect of ours, and no answer hides it.
TROUBLE: Final = (ApiError, ClientError, BotoCoreError)


def log(what: str, error: Exception, *, key_id: str) -> str:
    """Log what could not be recorded and return the code for the header.

    Args:
        what: an answer's charge (``charge``) or turn (``turn``), or what a failed call gives back (``release``).
    """
    code = str(error.code) if isinstance(error, ApiError) else "unavailable"
    reason = code if isinstance(error, ApiError) else error_code(error)
    told = {"what": what, "code": code, "reason": reason, "key_id": key_id, **lacking(error)}
    logger.error("answer not recorded", extra=told)
    return code


def try_to_release(ledger: Ledger, reservation: Reservation) -> None:
    """Give back what was reserved for a call that failed; if that fails, it stays held until it is swept.

    The caller is told why the call failed, and not what else did.
    """
    try:
        ledger.release(reservation)
    except TROUBLE as error:
        log("release", error, key_id=reservation.caller.key_id)


def try_to_settle(ledger: Ledger, reservation: Reservation, charged: Usage) -> tuple[dict[str, str], dict[str, str]]:
    """Charge what a call took; if that fails, what was reserved stays so until it is swept.

    Returns:
        The headers that tell what is left, those of the reservation if it could not be settled; and what could not be
        recorded, for ``header``: nothing, or ``{"charge": code}``.
    """
    try:
        return remaining.headers(ledger.settle(reservation, charged)), {}
    except TROUBLE as error:
        code = log("charge", error, key_id=reservation.caller.key_id)
        return remaining.headers(reservation.remaining), {"charge": code}


def header(codes: Mapping[str, str]) -> dict[str, str]:
    """Return the header for what -> code, as ``charge=unavailable, turn=session_conflict``; none if all was kept."""
    told = ", ".join(f"{what}={code}" for what, code in sorted(codes.items()))
    return {HEADER: told} if told else {}
