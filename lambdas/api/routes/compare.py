"""``POST /v1/compare``: one input, several aliases, side by side: answers, latency, tokens, money, errors."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from lambdas.allowances.estimate import actual
from lambdas.api import composition, outcome
from lambdas.api.call import Answer, Call
from lambdas.api.dialects.chat import reading
from lambdas.api.dialects.chat.completion import to_openai
from lambdas.api.dialects.chat.conversation import to_conversation
from lambdas.api.dialects.chat.request import ChatRequest
from lambdas.api.failures import record_failure
from lambdas.chat.fields import NonEmptyText
from lambdas.common.caller import Caller
from lambdas.common.deadline import NEVER, Deadline
from lambdas.common.errors import ApiError, InvalidRequestError
from lambdas.common.json_body import decode
from lambdas.common.tolerance import Read
from lambdas.exchange import unrecorded
from lambdas.exchange.exchanges import Exchanges

Models = Annotated[list[NonEmptyText], Meta(min_length=2, max_length=5)]
# Of a chat request's fields, those that a comparison has none of.
NOT_HERE: Final = ("model", "stream", "stream_options")
# The body's type, for the description; ``parse`` reads it as the chat requests that it stands for.
CompareRequest: Final = msgspec.defstruct(
    "CompareRequest",
    [
        ("models", Models),
        *(
            (one.name, one.type) if one.required else (one.name, one.type, one.default)
            for one in msgspec.structs.fields(ChatRequest)
            if one.name not in NOT_HERE
        ),
    ],
    namespace={
        "__doc__": "Body of ``POST /v1/compare``: a chat request with ``models`` in place of ``model`` and ``stream``."
    },
    forbid_unknown_fields=True,
)
_FIELDS: Final = msgspec.json.Decoder(dict[str, Any])
# OpenAI's, which is a dictionary; lambdas/api/openapi/openai.py describes it.
Completion = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/Completion"})]


class Compared(Struct, frozen=True, kw_only=True):
    """What one alias answered, or the ``error`` that it ended with.

    Attributes:
        model: the alias.
        answered_by: base id of the model that answered.
        micro_dollars: what it cost; null where the price is not known.
    """

    model: str
    answered_by: str | UnsetType = UNSET
    completion: Completion | UnsetType = UNSET
    latency_ms: int | UnsetType = UNSET
    micro_dollars: int | UnsetType | None = UNSET
    error: dict[str, Any] | UnsetType = UNSET


class Comparison(Struct, tag_field="object", tag="comparison", frozen=True):
    """The answers, in the order of ``models``."""

    data: list[Compared]


def compare_models(call: Call) -> Answer[Comparison]:
    """Ask several aliases the same."""
    asked = parse(call.body, strict=composition.settings().strict)
    answer = compare(
        asked.body, call.caller, composition.exchanges(), deadline=call.deadline, request_id=call.request_id
    )
    return Answer(body=answer.body, headers={**answer.headers, **outcome.left_out(asked.dropped)})


def parse(body: bytes, *, strict: bool = False) -> Read[list[ChatRequest]]:
    """Return a chat request per alias of ``models``; everything else in the body is as in a chat request.

    Raises:
        InvalidRequestError: with ``param`` naming the field.
    """
    fields = decode(body, _FIELDS)
    try:
        models = msgspec.convert(fields.pop("models", None), Models)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(
            f"`models` must be a list of two to five aliases: {error}.", param="models"
        ) from error
    for name in NOT_HERE:
        if fields.pop(name, None):
            raise InvalidRequestError(f"`{name}` has no meaning here; name the aliases in `models`.", param=name)
    asked = reading.convert({**fields, "model": models[0]}, strict=strict)
    if asked.body.quarry.session is not None:
        raise InvalidRequestError("A comparison is not part of a session.", param="quarry.session")
    return Read([replace(asked.body, model=model) for model in models], asked.dropped)


def compare(
    requests: list[ChatRequest],
    caller: Caller,
    exchanges: Exchanges,
    *,
    deadline: Deadline = NEVER,
    request_id: str = "",
) -> Answer[Comparison]:
    """Ask all at once; the headers tell what was left of the allowance after the calls.

    Args:
        deadline: when the answers have to be made; those that are not have an error.
        request_id: is told with an error that nobody foresaw.

    Raises:
        Exception: something unforeseen, and there is no answer that would be lost for it.
    """
    left: list[dict[str, str]] = []
    not_kept: set[str] = set()

    def one(request: ChatRequest) -> Compared | Exception:
        begun = time.monotonic()
        try:
            exchanged = exchanges.complete(to_conversation(request), caller, deadline=deadline)
        except Exception as error:
            # Answers that others gave are paid for: they are not thrown away for it.
            return error
        left.append(exchanged.headers)
        if unrecorded.HEADER in exchanged.headers:
            not_kept.add(exchanged.headers[unrecorded.HEADER])
        done = exchanged.completion
        charged = actual(done.usage, done.answered.candidate.price)
        return Compared(
            model=request.model,
            answered_by=done.answered.candidate.base_model_id,
            completion=to_openai(done),
            latency_ms=round((time.monotonic() - begun) * 1000),
            micro_dollars=charged.micro_dollars if charged.priced else None,
        )

    with ThreadPoolExecutor(max_workers=len(requests)) as pool:
        ended = list(pool.map(one, requests))
    for error in ended:
        if isinstance(error, Exception) and not isinstance(error, ApiError) and not left:
            raise error
    body = Comparison(
        [
            end if isinstance(end, Compared) else _failed(request.model, end, request_id=request_id)
            for request, end in zip(requests, ended, strict=True)
        ]
    )
    latest: dict[str, str] = max(left, key=_left, default={})
    told = {unrecorded.HEADER: ", ".join(sorted(not_kept))} if not_kept else {}
    return Answer(body=body, headers={**latest, **told})


def _failed(alias: str, error: Exception, *, request_id: str) -> Compared:
    return Compared(model=alias, error=record_failure(error, request_id=request_id).to_body()["error"])


def _left(headers: dict[str, str]) -> tuple[int, float, int]:
    """Order what the calls were told: the latest knows of the most requests, and of the fewest reservations."""
    return (
        -int(headers.get("x-ratelimit-remaining-requests", 0)),
        float(headers.get("x-quarry-remaining-usd", 0)),
        int(headers.get("x-ratelimit-remaining-tokens", 0)),
    )
