"""``POST /v1/responses/compact``: what was said becomes notes, which a model writes and which stand in its place."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lambdas.api.dialects.responses.identity import ResponseId
from lambdas.api.dialects.responses.response import told_usage
from lambdas.api.dialects.responses.thoughts import Notes, sealed
from lambdas.chat.conversation import Conversation
from lambdas.chat.spoken import Spoken
from lambdas.chat.told import Completion
from lambdas.common.errors import InvalidRequestError, UpstreamError
from lambdas.sessions.summary import SYSTEM, request_text

# Of the notes. A word has fewer than two tokens.
MOST_TOKENS: Final = 4_000
MOST_WORDS: Final = MOST_TOKENS // 2


def conversation(asked: Conversation, before: Sequence[Mapping[str, Any]]) -> Conversation:
    """Return what the model is asked, which the request names.

    Args:
        asked: the request's; its instructions are none of what is put into notes.
        before: what was said before it.
    """
    said = request_text(None, [dict(message) for message in (*before, *asked.spoken.turns)])
    spoken = Spoken(
        system=[{"text": SYSTEM.format(words=MOST_WORDS)}],
        turns=[{"role": "user", "content": [{"text": said}]}],
        last=1,
        last_param="input",
    )
    return Conversation(
        alias=asked.alias,
        spoken=spoken,
        max_tokens=MOST_TOKENS,
        temperature=0.0,
        names=asked.names,
        labels=asked.labels,
    )


def compacted(completion: Completion, response: ResponseId, *, now: float) -> dict[str, Any]:
    """Return the answer: one item, to be sent in the place of what was said.

    Raises:
        InvalidRequestError: the guardrail intervened.
        UpstreamError: the model wrote nothing.
    """
    if completion.blocked:
        raise InvalidRequestError(
            "The guardrail intervened, so that there are no notes. Go on with the items as they are.",
            param="input",
            code="content_filter",
        )
    text = completion.text.strip()
    if not text:
        raise UpstreamError("The model wrote no notes. Send the request again, or to another alias.")
    item = {"id": response.item("cmp", 0), "type": "compaction", "encrypted_content": sealed(Notes(text))}
    return {
        "id": response.text,
        "object": "response.compaction",
        "created_at": int(now),
        "output": [item],
        "usage": told_usage(completion.usage, completion.reasoning_tokens),
    }
