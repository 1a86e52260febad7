"""``/v1/responses``, as OpenAI's API has it: answer, read, delete, list what was asked, count, put into notes."""

import time
from collections.abc import Mapping
from typing import Any, Final

from lambdas.api import asking, composition, counting
from lambdas.api.call import Answer, Call, Streamed
from lambdas.api.dialects.responses import compacting, reading, stored
from lambdas.api.dialects.responses.conversation import references, to_conversation
from lambdas.api.dialects.responses.events import ResponseEvents
from lambdas.api.dialects.responses.identity import is_response_id, new_response_id, response_of
from lambdas.api.dialects.responses.output import Item
from lambdas.api.dialects.responses.request import ResponsesRequest
from lambdas.api.dialects.responses.response import Head, answer, head_of
from lambdas.api.operations.conversations import ITEM, ITEMS, ORDER
from lambdas.common.errors import InvalidRequestError
from lambdas.exchange.response import Recording
from lambdas.sessions.contents import sendable
from lambdas.sessions.response_items import StoredResponse
from lambdas.sessions.responses import no_such_response

INCLUDE: Final = ("include", "include[]")
# They are read before the allowance is looked at, up to 400 KB each, at the platform's cost.
MOST_REFERRED: Final = 200


def create_response(call: Call) -> Answer[dict[str, Any]] | Streamed:
    """Answer a request of the Responses API, whole or as server-sent events."""
    strict = composition.settings().strict
    read = reading.read(call.body, strict=strict)
    request = read.body
    _check_previous(request)
    asked = to_conversation(request, stored=_referred(request, call), dropped=read.dropped, strict=strict)
    now = time.time()
    response = new_response_id(now)

    def head(model: str, *, kept: bool = False) -> Head:
        return head_of(request, response, asked.tools, model=model, now=now, kept=kept)

    recording = Recording(
        response_id=response.text,
        previous=request.previous_response_id,
        keeps=request.store,
        whole=request.truncation == "disabled",
        system=asked.going_on,
        told=lambda completion: answer(head(completion.model, kept=True), completion),
    )
    first = (composition.responses().ingredient(recording),)
    if not request.stream:
        done = asking.complete(asked.conversation, call, dropped=asked.dropped, first=first)
        return Answer(body=answer(head(done.completion.model), done.completion), headers=done.headers)
    return asking.stream(
        asked.conversation,
        call,
        dropped=asked.dropped,
        first=first,
        table=lambda exchange: ResponseEvents(head(exchange.model)),
    )


def read_response(call: Call) -> Answer[dict[str, Any]]:
    """Return a stored response as it was told: ``?include=reasoning.encrypted_content`` with what has to come back."""
    if call.query.get("stream") == "true":
        raise InvalidRequestError(
            "A stored response is not streamed again; leave `stream` out.", param="stream", code="unsupported_parameter"
        )
    include = [call.query[name] for name in INCLUDE if name in call.query]
    return Answer(body=stored.told(_stored(call), include=include))


def delete_response(call: Call) -> Answer[dict[str, Any]]:
    """Delete a stored response. What others say that went on from it goes on without it."""
    response_id = _id(call)
    composition.response_store().delete(response_id, call.caller.key_id)
    return Answer(body={"id": response_id, "object": "response", "deleted": True})


def list_input_items(call: Call) -> Answer[dict[str, Any]]:
    """List what a stored response was asked, newest first: ``?limit=20&order=desc&after=<id of the last one seen>``."""
    limit, order = ITEMS.number(call.query), call.query.get(ORDER.name) or "desc"
    if order not in ("asc", "desc"):
        raise InvalidRequestError("`order` must be `asc` or `desc`.", param=ORDER.name)
    items = stored.input_items(_stored(call))
    return Answer(body=_page(items if order == "asc" else items[::-1], call.query.get(ITEM.name), limit=limit))


def count_input_tokens(call: Call) -> Answer[dict[str, Any]]:
    """Tell how many tokens the model would read of a request. It costs a key nothing but a request of the minute."""
    strict = composition.settings().strict
    read = reading.read(call.body, strict=strict)
    request = read.body
    _check_previous(request)
    stored_items = _referred(request, call)
    asked = to_conversation(request, stored=stored_items, dropped=read.dropped, strict=strict, answers=False)
    before = sendable([dict(message) for message in _before(request, call)], tools=True)
    counted = counting.count(asked.conversation, call, dropped=asked.dropped, before=before)
    body = {"object": "response.input_tokens", "input_tokens": counted.tokens}
    if counted.estimated:
        body["quarry"] = {"estimated": True}
    return Answer(body=body, headers=counted.headers)


def compact(call: Call) -> Answer[dict[str, Any]]:
    """Put what was said into notes, which stand in its place as an item."""
    strict = composition.settings().strict
    read = reading.read_compaction(call.body, strict=strict)
    request = reading.as_request(read.body)
    _check_previous(request)
    stored_items = _referred(request, call)
    asked = to_conversation(request, stored=stored_items, dropped=read.dropped, strict=strict, answers=False)
    before = _before(request, call)
    wanted = compacting.conversation(asked.conversation, before)
    done = asking.complete(wanted, call, dropped=asked.dropped)
    made = compacting.compacted(done.completion, new_response_id(time.time()), now=time.time())
    return Answer(body=made, headers=done.headers)


def _before(request: ResponsesRequest, call: Call) -> list[Mapping[str, Any]]:
    """Return what was said before a request, the notes first."""
    if request.previous_response_id is None:
        return []
    past = composition.response_store().past(request.previous_response_id, call.caller.key_id)
    notes = [{"role": "user", "content": [{"text": past.notes}]}] if past.notes else []
    return [*notes, *(message for turn in past.turns if not turn.blocked for message in turn.messages)]


def _check_previous(request: ResponsesRequest) -> None:
    previous = request.previous_response_id
    if previous is not None and not is_response_id(previous):
        raise no_such_response(previous)


def _referred(request: ResponsesRequest, call: Call) -> dict[str, Item]:
    """Return the stored items that a request refers to, by their ids.

    Raises:
        InvalidRequestError: they are of too many responses.
    """
    wanted = references(request)
    responses = list(dict.fromkeys(found for item_id in wanted if (found := response_of(item_id)) is not None))
    if not responses:
        return {}
    if len(responses) > MOST_REFERRED:
        raise InvalidRequestError(
            f"The items that `input` refers to are of {len(responses):,} stored responses; {MOST_REFERRED} are read "
            "for one request. Name the last of them in `previous_response_id`, and leave its and earlier items out.",
            param="input",
        )
    there = composition.response_store().several(responses, call.caller.key_id)
    return {item["id"]: item for one in there.values() for item in (*stored.input_items(one), *stored.items(one))}


def _id(call: Call) -> str:
    response_id = call.path["id"]
    if not is_response_id(response_id):
        raise no_such_response(response_id)
    return response_id


def _stored(call: Call) -> StoredResponse:
    return composition.response_store().get(_id(call), call.caller.key_id)


def _page(items: list[Item], after: str | None, *, limit: int) -> dict[str, Any]:
    """Return a part of a list: what comes after an item, if that is named."""
    if after:
        place = next((place for place, item in enumerate(items) if item["id"] == after), None)
        if place is None:
            raise InvalidRequestError("`after` must be the id of one of the items.", param=ITEM.name)
        items = items[place + 1 :]
    page = items[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(items) > limit,
    }
