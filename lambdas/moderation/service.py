"""Judging texts: OpenAI's shape outside, ApplyGuardrail inside."""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal

from lambdas.chat.guardrail import MOST_CHARACTERS, Guardrail
from lambdas.moderation.request import ModerationRequest
from lambdas.moderation.result import Moderation, result

# Source: ApplyGuardrail's quota of requests a second, 25 in most regions.
PARALLEL: Final = 8
# Who judges, whatever model was asked for.
MODEL: Final = "bedrock-guardrail"

Reply = dict[str, Any]


def judged(request: ModerationRequest, guardrail: Guardrail, *, taken: list[tuple[str, dict[str, int]]]) -> Moderation:
    """Return what was found.

    Args:
        taken: gets each text that was judged and the units that it took, also before one that fails: they are paid.

    Raises:
        ApiError: the guardrail could not be asked; nothing is known of any text then.
    """
    parts = [_parts(text) for text in request.texts]
    source: Literal["INPUT", "OUTPUT"] = "INPUT" if request.source == "input" else "OUTPUT"
    flat = [part for text in parts for part in text]

    def ask(part: str) -> Reply:
        reply = guardrail.judged(part, source=source, whole=True)
        taken.append((part, reply.get("usage", {})))
        return reply

    with ThreadPoolExecutor(max_workers=min(PARALLEL, len(flat))) as pool:
        replies = list(pool.map(ask, flat))
    results = []
    rest = iter(replies)
    for text in parts:
        assessments = [one for _ in text for one in next(rest).get("assessments", ())]
        results.append(result(assessments))
    return Moderation(id=f"modr-{uuid.uuid4().hex}", model=MODEL, results=results)


def _parts(text: str) -> Sequence[str]:
    """Return a text in parts that the guardrail takes; one that is cut in a word may be missed there."""
    return [text[place : place + MOST_CHARACTERS] for place in range(0, len(text), MOST_CHARACTERS)]
