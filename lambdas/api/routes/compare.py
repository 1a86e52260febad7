"""``POST /v1/compare``: one input, several aliases, side by side: answers, latency, tokens, money, errors."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from lambdas.allowances.estimate import actual
from lambdas.chat import request as chat
from lambdas.common.caller import Caller
from lambdas.common.errors import ApiError, InvalidRequestError
from lambdas.exchange.exchanges import Exchanges

Models = Annotated[list[str], Meta(min_length=2, max_length=5)]
# Of a chat request's fields, those that a comparison has none of.
NOT_HERE: Final = ("model", "stream", "stream_options")
_MODELS: Final = msgspec.json.Decoder(dict[str, Any])


def parse(body: bytes) -> list[chat.ChatRequest]:
    """Return a chat request per alias of ``models``; everything else in the body is as in a chat request.

    Raises:
        InvalidRequestError: with ``param`` naming the field.
    """
    try:
        fields = _MODELS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"The request body is not a JSON object ({error}).") from error
    try:
        models = msgspec.convert(fields.pop("models", None), Models)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(
            f"`models` must be a list of two to five aliases: {error}.", param="models"
        ) from error
    for name in NOT_HERE:
        if name in fields:
            raise InvalidRequestError(f"`{name}` has no meaning here; name the aliases in `models`.", param=name)
    requests = [chat.parse(msgspec.json.encode({**fields, "model": model})) for model in models]
    if requests[0].quarry.session is not None:
        raise InvalidRequestError("A comparison is not part of a session.", param="quarry.session")
    return requests


@dataclass(frozen=True)
class Compared:
    """``body``: the answer. ``headers``: what was left of the allowance after the calls."""

    body: dict[str, Any]
    headers: dict[str, str]


def compare(requests: list[chat.ChatRequest], caller: Caller, exchanges: Exchanges) -> Compared:
    """Ask all at once and return the outcomes in the order of ``models``.

    Each has ``model`` (the alias), and either ``completion``, ``latency_ms`` and ``micro_dollars`` (None if the price
    is not known) or ``error`` in the one error shape.
    """

    left: list[dict[str, str]] = []

    def one(request: chat.ChatRequest) -> dict[str, Any]:
        begun = time.monotonic()
        try:
            exchanged = exchanges.complete(request, caller)
        except ApiError as error:
            return {"model": request.model, **error.to_body()}
        left.append(exchanged.headers)
        done = exchanged.completion
        charged = actual(done.reply.get("usage", {}), done.answered.candidate.price)
        return {
            "model": request.model,
            "completion": done.body,
            "latency_ms": round((time.monotonic() - begun) * 1000),
            "micro_dollars": charged.micro_dollars if charged.priced else None,
        }

    with ThreadPoolExecutor(max_workers=len(requests)) as pool:
        body = {"object": "comparison", "data": list(pool.map(one, requests))}
    return Compared(body=body, headers=max(left, key=_left, default={}))


def _left(headers: dict[str, str]) -> tuple[int, float, int]:
    """Order what the calls were told: the latest knows of the most requests, and of the fewest reservations."""
    return (
        -int(headers.get("x-ratelimit-remaining-requests", 0)),
        float(headers.get("x-quarry-remaining-usd", 0)),
        int(headers.get("x-ratelimit-remaining-tokens", 0)),
    )
