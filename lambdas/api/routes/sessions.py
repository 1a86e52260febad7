"""``/v1/sessions``: make, list, read and delete sessions. Chatting in one is the chat endpoint's."""

import json
from collections.abc import Callable, Collection
from typing import Annotated, Any, Final

import msgspec
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from msgspec import Meta, Struct

from lambdas.api.http import json_response
from lambdas.common.errors import AuthenticationError, InvalidRequestError, NotFoundError
from lambdas.common.json_body import decode
from lambdas.sessions.openai_messages import to_openai_messages
from lambdas.sessions.session import Session, SessionHead, is_session_id, no_such_session
from lambdas.sessions.store import SessionStore

# Lambda's answers may have 6 MB; what is longer is given in several parts.
ANSWER_BYTES: Final = 4_000_000
_DEFAULT_LIMIT: Final = 20
_LARGEST_LIMIT: Final = 100

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


_decoder: Final = msgspec.json.Decoder(NewSession)


def session_routes(
    *,
    store: Callable[[], SessionStore],
    aliases: Callable[[], Collection[str]],
    read_body: Callable[[], bytes],
) -> APIGatewayRouter:
    """Return the routes.

    Args:
        store: gives the sessions; called per request, so that making a client can wait for the first one.
        aliases: gives the aliases that there are.
        read_body: gives the request's body, within the size that the function accepts.
    """
    router = APIGatewayRouter()  # type: ignore[no-untyped-call]  # its __init__ has no types

    def answer(body: dict[str, Any], status: int = 200) -> Response[str]:
        request_id = str(router.current_event.request_context.request_id)
        return json_response(body, request_id=request_id, status=status)

    @router.post("/v1/sessions")
    def create_session() -> Response[str]:
        """Make a session."""
        wanted = decode(read_body(), _decoder)
        if wanted.alias is not None and wanted.alias not in aliases():
            known = ", ".join(f"`{alias}`" for alias in sorted(aliases()))
            raise NotFoundError(
                f"There is no model `{wanted.alias}`. Models go by alias here: {known}.",
                param="alias",
                code="model_not_found",
            )
        made = store().create(_owner(router), metadata=wanted.metadata, system=wanted.system, alias=wanted.alias)
        return answer(_details(made), 201)

    @router.get("/v1/sessions")
    def list_sessions() -> Response[str]:
        """List the caller's sessions, newest first: ``?limit=20&after=<id of the last one seen>``."""
        limit = _number(router, "limit", default=_DEFAULT_LIMIT, least=1, most=_LARGEST_LIMIT)
        after = router.current_event.get_query_string_value("after")
        if after is not None and not is_session_id(after):
            raise InvalidRequestError("`after` must be the id of a session, as `sess_...`.", param="after")
        page = store().list(_owner(router), limit=limit, after=after)
        return answer(
            {"object": "list", "data": [_head(session) for session in page.sessions], "has_more": page.has_more}
        )

    @router.get("/v1/sessions/<session_id>")
    def read_session(session_id: str) -> Response[str]:
        """Return a session with all its messages, as they were: ``?after_turn=n`` for those after a turn."""
        _check_id(session_id)
        after = _number(router, "after_turn", default=0, least=0, most=999_999)
        session = store().get(session_id, _owner(router))
        return answer({**_details(session), **_messages(store(), session, after=after)})

    @router.delete("/v1/sessions/<session_id>")
    def delete_session(session_id: str) -> Response[str]:
        """Delete a session and its messages."""
        _check_id(session_id)
        store().delete(session_id, _owner(router))
        return answer({"id": session_id, "object": "session.deleted", "deleted": True})

    return router


def _owner(router: APIGatewayRouter) -> str:
    key_id = router.current_event.request_context.authorizer.get("key_id")
    if not key_id:
        raise AuthenticationError("Sessions belong to an API key, and this request came without one.")
    return str(key_id)


def _check_id(session_id: str) -> None:
    if not is_session_id(session_id):
        raise no_such_session(session_id)


def _number(router: APIGatewayRouter, name: str, *, default: int, least: int, most: int) -> int:
    text = router.current_event.get_query_string_value(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 8 and least <= int(text) <= most):
        raise InvalidRequestError(f"`{name}` must be a whole number from {least} to {most:,}.", param=name)
    return int(text)


def _head(session: SessionHead) -> dict[str, Any]:
    return {
        "id": session.session_id,
        "object": "session",
        "created": session.created_at,
        "updated": session.updated_at,
        "expires_at": session.expires_at,
        "turns": session.turn_count,
        "alias": session.alias,
        "metadata": session.metadata,
    }


def _details(session: Session) -> dict[str, Any]:
    summary = session.summary
    return {
        **_head(session),
        "system": session.system,
        "summary": {"text": summary.text, "up_to_turn": summary.up_to_turn} if summary else None,
        "usage": {
            "prompt_tokens": session.input_tokens,
            "completion_tokens": session.output_tokens,
            "total_tokens": session.input_tokens + session.output_tokens,
        },
    }


def _messages(store: SessionStore, session: Session, *, after: int) -> dict[str, Any]:
    """Return the messages of whole turns that fit into one answer; ``last_turn`` is where the next part goes on."""
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
