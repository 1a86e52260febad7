"""The ``bedrock-runtime`` service: answers model calls and guardrails here, leaves the rest to MiniStack."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from ministack.services import bedrock_runtime

from sandbox.model import account, conversation, converse, embeddings, guardrail, permissions, scripted, shapes, targets
from sandbox.model.answer import answer
from sandbox.model.errors import FAULTS, AwsError, Json, Response, invalid

Handle = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Response]]


def install() -> None:
    """Put this package before MiniStack's own handler. Safe to call again."""
    bedrock_runtime._mock_reply = _reply
    shapes.service_model()  # now, so that the first call is as fast as the others
    original = bedrock_runtime.handle_request
    if not getattr(original, "is_stand_in", False):
        bedrock_runtime.handle_request = _handler(original)


def _reply(model_id: str, messages: list[Json], system: list[Json]) -> str:
    """Return what MiniStack is to write into InvokeModel bodies of text models: the stand-in's words, not its own."""
    return conversation.text_of(answer({"messages": messages, "system": system}, model_id).blocks)


def _handler(original: Handle) -> Handle:
    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        found = permissions.route(method, path)
        if found is None:
            return await original(method, path, headers, body, query)
        operation, match = found
        name = unquote(match[1])
        try:
            if operation in ("Converse", "ConverseStream"):
                return await converse.serve(operation, name, body, headers, query)
            if operation == "CountTokens":
                return converse.count(name, body, headers, query)
            if operation == "ApplyGuardrail":
                request = shapes.parse(operation, body)
                permissions.check_guardrail(name, headers, query)
                applied = guardrail.apply(name, match[2], request)
                return 200, {"Content-Type": "application/json"}, json.dumps(applied, ensure_ascii=False).encode()
            served = await _invoke(operation, name, body, headers, query)
            return served or await original(method, path, headers, body, query)
        except AwsError as error:
            return error.response()
        except RecursionError:  # JSON that is nested deeper than Python can follow
            return invalid("The request is nested too deeply.").response()

    handle.is_stand_in = True  # type: ignore[attr-defined]  # the mark that makes a second install harmless
    return handle


async def _invoke(
    operation: str, model_id: str, body: bytes, headers: dict[str, str], query: dict[str, Any]
) -> Response | None:
    """Answer InvokeModel of an embedding or rerank model; None leaves a checked call to MiniStack's canned body."""
    target = targets.find(model_id)
    permissions.check(operation, target, headers, query)
    if target.tuned is not None:
        raise invalid("This local AWS answers for tuned models through Converse and ConverseStream only.")
    account.check(target.model.model_id, model_id)
    call = scripted.begin(operation, model_id, time.time())
    step = scripted.take(operation, (model_id, target.model.model_id), body.decode("utf-8", errors="replace"))
    call.step = step.do if step else None
    try:
        if step:
            await asyncio.sleep(step.delay_ms / 1000)
        if step and step.do in FAULTS:
            raise FAULTS[step.do].error(model_id, step.message)
        if operation != "InvokeModel" or not embeddings.answers(target.model.model_id):
            call.outcome = "completed"
            return None
        document, counted = embeddings.invoke(target.model.model_id, body)
    except AwsError as error:
        call.outcome = error.code
        raise
    finally:
        call.finished = time.time()
    call.input_tokens, call.outcome = counted, "completed"
    counts = {"x-amzn-bedrock-input-token-count": str(counted), "x-amzn-bedrock-output-token-count": "0"}
    return 200, {"Content-Type": "application/json", **counts}, json.dumps(document).encode()
