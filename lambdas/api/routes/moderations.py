"""``POST /v1/moderations``: texts judged by the guardrail, within the key's allowance."""

from dataclasses import replace
from typing import Final

from lambdas.allowances.ledger import Ledger
from lambdas.api import composition, outcome
from lambdas.api.call import Answer, Call
from lambdas.chat.guardrail import Guardrail
from lambdas.common import aws
from lambdas.common.caller import Caller
from lambdas.exchange import unrecorded
from lambdas.moderation import units
from lambdas.moderation.request import READER
from lambdas.moderation.result import Moderation
from lambdas.moderation.service import judged

# What this is called among the aliases of a key's usage; no alias can be called so.
ALIAS: Final = "v1/moderations"


def create_moderation(call: Call) -> Answer[Moderation]:
    """Judge texts."""
    return moderate(
        call.body,
        call.caller,
        guardrail=composition.service().until(call.deadline).guardrail,
        ledger=composition.ledger(),
        region=aws.region(),
        strict=composition.settings().strict,
    )


def moderate(
    body: bytes, caller: Caller, *, guardrail: Guardrail, ledger: Ledger, region: str, strict: bool = False
) -> Answer[Moderation]:
    """Return what the guardrail finds in texts. No alias is called, so every key may ask; it pays the text units.

    Raises:
        InvalidRequestError: with ``param`` naming the field.
        ApiError: the allowance is used up, or the guardrail could not be asked.
    """
    asked = READER.read(body, strict=strict)
    anybody = replace(caller, limits=replace(caller.limits, aliases=None))
    most = units.most(sum(map(len, asked.body.texts)), texts=len(asked.body.texts), region=region)
    reservation = ledger.reserve(anybody, alias=ALIAS, estimate=most)
    taken: list[dict[str, int]] = []
    try:
        answer = judged(asked.body, guardrail, taken=taken)
    except BaseException:
        if taken:
            # Of several texts, Bedrock bills those that were judged before one could not be.
            unrecorded.try_to_settle(ledger, reservation, units.taken(*taken, region=region))
        else:
            unrecorded.try_to_release(ledger, reservation)
        raise
    headers, codes = unrecorded.try_to_settle(ledger, reservation, units.taken(*taken, region=region))
    return Answer(body=answer, headers=headers | unrecorded.header(codes) | outcome.left_out(asked.dropped))
