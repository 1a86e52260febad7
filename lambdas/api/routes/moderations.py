"""``POST /v1/moderations``: texts judged by the guardrail, within the key's allowance."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from lambdas.allowances.ledger import Ledger
from lambdas.allowances.usage import Usage
from lambdas.api import composition, outcome
from lambdas.api.call import Answer, Call
from lambdas.chat.guardrail import Guardrail
from lambdas.common import aws
from lambdas.common.caller import Caller
from lambdas.common.tokens import likely_tokens
from lambdas.exchange import unrecorded
from lambdas.moderation import units
from lambdas.moderation.request import READER
from lambdas.moderation.result import Moderation
from lambdas.moderation.service import judged, shown_of

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
    """Return what the guardrail finds in texts. No alias is called, so every key may ask.

    It pays the text units. The texts' tokens count too, estimated: a key that is limited by tokens alone has no other
    bound.

    Raises:
        InvalidRequestError: with ``param`` naming the field.
        ApiError: the allowance is used up, or the guardrail could not be asked.
    """
    asked = READER.read(body, strict=strict)
    anybody = replace(caller, limits=replace(caller.limits, aliases=None))
    shown = [part for text in asked.body.texts for part in shown_of(text)]
    most = units.most(sum(map(len, shown)), texts=len(shown), region=region)
    reservation = ledger.reserve(anybody, alias=ALIAS, estimate=_with_tokens(most, shown))
    taken: list[tuple[str, dict[str, int]]] = []
    try:
        answer = judged(asked.body, guardrail, taken=taken)
    except BaseException:
        if taken:
            # Of several texts, Bedrock bills those that were judged before one could not be.
            unrecorded.try_to_settle(ledger, reservation, _charged(taken, region=region))
        else:
            unrecorded.try_to_release(ledger, reservation)
        raise
    headers, codes = unrecorded.try_to_settle(ledger, reservation, _charged(taken, region=region))
    return Answer(body=answer, headers=headers | unrecorded.header(codes) | outcome.left_out(asked.dropped))


def _charged(taken: Sequence[tuple[str, Mapping[str, int]]], *, region: str) -> Usage:
    """Return what judgements took: each text, and its units."""
    return _with_tokens(units.taken(*(counted for _, counted in taken), region=region), [text for text, _ in taken])


def _with_tokens(usage: Usage, texts: Iterable[str]) -> Usage:
    return replace(usage, input_tokens=sum(map(likely_tokens, texts)))
