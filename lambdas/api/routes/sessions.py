"""``/v1/sessions``: make, list, read and delete sessions. Chatting in one is the chat endpoint's."""

import json
from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from lambdas.api import composition, outcome
from lambdas.api.call import Answer, Call
from lambdas.api.dialects.chat.stored import to_openai_messages
from lambdas.api.operations.platform import AFTER, AFTER_TURN, LIMIT
from lambdas.common.errors import AuthenticationError, InvalidRequestError
from lambdas.common.tolerance import Reader
from lambdas.sessions import session as stored
from lambdas.sessions.session import is_session_id, no_such_session
from lambdas.sessions.store import SessionStore

# Lambda's answers may have 6 MB; what is longer is given in several parts.
ANSWER_BYTES: Final = 4_000_000

MetadataKey = Annotated[str, Meta(min_length=1, max_length=64)]
MetadataValue = Annotated[str, Meta(max_length=512)]


class NewSession(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/sessions``.

    Attributes:
        metadata: the caller's own notes, up to 16; never sent to a model.
        system: instructions for every turn.
        alias: the model that the caller means to use; told back, not enforced.
    """

    metadata: Annotated[dict[MetadataKey, MetadataValue], Meta(max_length=16)] | None = None
    system: Annotated[str, Meta(max_length=16_000, pattern=r"\S")] | None = None
    alias: str | None = None


class SessionHead(Struct, tag_field="object", tag="session", frozen=True, kw_only=True):
    """What a list shows of a session. Times are seconds since the epoch; after ``expires_at`` it is gone."""

    id: str
    created: int
    updated: int
    expires_at: int
    turns: int
    alias: str | None
    metadata: dict[str, str]


class SessionList(Struct, tag_field="object", tag="list", frozen=True, kw_only=True):
    """Sessions, newest first. ``has_more``: whether there are older ones."""

    data: list[SessionHead]
    has_more: bool


class SessionSummary(Struct, frozen=True, kw_only=True):
    """What was said in turns 1 to ``up_to_turn``, in short."""

    text: str
    up_to_turn: int


class SessionUsage(Struct, frozen=True, kw_only=True):
    """Tokens of all turns together."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Session(SessionHead, frozen=True, kw_only=True):
    """A session without its messages."""

    system: str | None
    summary: SessionSummary | None
    usage: SessionUsage


class SessionWithMessages(Session, frozen=True, kw_only=True):
    """A session with the messages of whole turns that fit into one answer.

    Attributes:
        messages: as OpenAI has them.
        blocked_messages: indices of those that the guardrail stopped.
        last_turn: where the next part goes on.
        has_more: whether there is one.
    """

    messages: list[dict[str, Any]]
    blocked_messages: list[int]
    last_turn: int
    has_more: bool


class DeletedSession(Struct, tag_field="object", tag="session.deleted", frozen=True, kw_only=True):
    """A session that is gone."""

    id: str
    deleted: Annotated[bool, Meta(extra_json_schema={"const": True})]


READER: Final = Reader(NewSession)


def create_session(call: Call) -> Answer[Session]:
    """Make a session."""
    asked = READER.read(call.body, strict=composition.settings().strict)
    wanted = asked.body
    if wanted.alias is not None:
        composition.aliases().candidates(wanted.alias, param="alias")
    made = composition.session_store().create(
        _owner(call), metadata=wanted.metadata, system=wanted.system, alias=wanted.alias
    )
    return Answer(body=Session(**_details(made)), headers=outcome.left_out(asked.dropped))


def list_sessions(call: Call) -> Answer[SessionList]:
    """List the caller's sessions, newest first: ``?limit=20&after=<id of the last one seen>``."""
    limit = LIMIT.number(call.query)
    after = call.query.get(AFTER.name) or None
    if after is not None and not is_session_id(after):
        raise InvalidRequestError("`after` must be the id of a session, as `sess_...`.", param=AFTER.name)
    page = composition.session_store().list(_owner(call), limit=limit, after=after)
    listed = [SessionHead(**_head(session)) for session in page.sessions]
    return Answer(body=SessionList(data=listed, has_more=page.has_more))


def read_session(call: Call) -> Answer[SessionWithMessages]:
    """Return a session with all its messages, as they were: ``?after_turn=n`` for those after a turn."""
    session_id = _session_id(call)
    after = AFTER_TURN.number(call.query)
    store = composition.session_store()
    session = store.get(session_id, _owner(call))
    return Answer(body=SessionWithMessages(**_details(session), **_messages(store, session, after=after)))


def delete_session(call: Call) -> Answer[DeletedSession]:
    """Delete a session and its messages."""
    session_id = _session_id(call)
    composition.session_store().delete(session_id, _owner(call))
    return Answer(body=DeletedSession(id=session_id, deleted=True))


def _owner(call: Call) -> str:
    key_id = call.authorizer.get("key_id")
    if not key_id:
        raise AuthenticationError("Sessions belong to an API key, and this request came without one.")
    return str(key_id)


def _session_id(call: Call) -> str:
    session_id = call.path["id"]
    if not is_session_id(session_id):
        raise no_such_session(session_id)
    return session_id


def _head(session: stored.SessionHead) -> dict[str, Any]:
    return {
        "id": session.session_id,
        "created": session.created_at,
        "updated": session.updated_at,
        "expires_at": session.expires_at,
        "turns": session.turn_count,
        "alias": session.alias,
        "metadata": session.metadata,
    }


def _details(session: stored.Session) -> dict[str, Any]:
    summary = session.summary
    return {
        **_head(session),
        "system": session.system,
        "summary": SessionSummary(text=summary.text, up_to_turn=summary.up_to_turn) if summary else None,
        "usage": SessionUsage(
            prompt_tokens=session.input_tokens,
            completion_tokens=session.output_tokens,
            total_tokens=session.input_tokens + session.output_tokens,
        ),
    }


def _messages(store: SessionStore, session: stored.Session, *, after: int) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    blocked: list[int] = []
    size, last, has_more = 0, after, False
    for turn in store.turns(session, after=after):
        shown = to_openai_messages(turn.messages)
        size += len(json.dumps(shown, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if size > ANSWER_BYTES and messages:
            has_more = True
            break
        if turn.blocked:
            blocked += range(len(messages), len(messages) + len(shown))
        messages += shown
        last = turn.number
    return {"messages": messages, "blocked_messages": blocked, "last_turn": last, "has_more": has_more}
