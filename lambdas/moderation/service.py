"""Judging texts: OpenAI's shape outside, ApplyGuardrail inside."""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal

from lambdas.chat.guardrail import MOST_CHARACTERS, Guardrail
from lambdas.chat.text_parts import parts, seams
from lambdas.moderation.request import ModerationRequest
from lambdas.moderation.result import Moderation, result

# Source: ApplyGuardrail's quota of requests a second, 25 in most regions.
PARALLEL: Final = 8
# Who judges, whatever model was asked for.
MODEL: Final = "bedrock-guardrail"

Reply = dict[str, Any]


def shown_of(text: str) -> Sequence[str]:
    """Return what the guardrail is shown of a text: parts that it takes, and whole what lies around their cuts."""
    cut = parts(text, MOST_CHARACTERS)
    return [*cut, *seams(cut)]


def judged(request: ModerationRequest, guardrail: Guardrail, *, taken: list[tuple[str, dict[str, int]]]) -> Moderation:
    """Return what was found.

    Args:
        taken: gets each text that was judged and the units that it took, also before one that fails: they are paid.

    Raises:
        ApiError: the guardrail could not be asked; nothing is known of any text then.
    """
    shown = [shown_of(text) for text in request.texts]
    source: Literal["INPUT", "OUTPUT"] = "INPUT" if request.source == "input" else "OUTPUT"
    flat = [part for text in shown for part in text]

    def ask(part: str) -> Reply:
        reply = guardrail.judged(part, source=source, whole=True)
        taken.append((part, reply.get("usage", {})))
        return reply

    with ThreadPoolExecutor(max_workers=min(PARALLEL, len(flat))) as pool:
        replies = list(pool.map(ask, flat))
    results = []
    rest = iter(replies)
    for text in shown:
        assessments = [one for _ in text for one in next(rest).get("assessments", ())]
        results.append(result(assessments))
    return Moderation(id=f"modr-{uuid.uuid4().hex}", model=MODEL, results=results)
