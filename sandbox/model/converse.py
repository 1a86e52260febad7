"""Converse, ConverseStream and CountTokens: from a request to an answer, with guardrail, script, limits and usage."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import replace
from typing import Any

from ministack.core.responses import get_account_id, get_region

from sandbox.model import (
    account,
    conversation,
    delivery,
    generated,
    limits,
    managed_prompt,
    permissions,
    prompt_cache,
    proxy,
    rules,
    scripted,
    shapes,
    stream,
    targets,
    thinking,
    token_quota,
    tokens,
    tools,
)
from sandbox.model.answer import Answer, answer
from sandbox.model.delivery import Outcome
from sandbox.model.errors import FAULTS, AwsError, Json, Response, invalid
from sandbox.model.guarded import Guard
from sandbox.model.pieces import End
from sandbox.model.proxy import Upstream
from sandbox.model.scripted import Call, Step
from sandbox.model.targets import Target


async def serve(operation: str, model_id: str, body: bytes, headers: dict[str, str], query: dict[str, Any]) -> Response:
    """Answer Converse or ConverseStream.

    Raises:
        AwsError: what AWS would refuse the call with.
    """
    started = time.time()
    target, request = _checked(operation, model_id, body, headers, query)
    call = scripted.begin(operation, model_id, started)
    try:
        step = _step(operation, model_id, target, request)
        call.step = step.do if step else None
        if step and step.do in FAULTS:
            await asyncio.sleep(step.delay_ms / 1000)
            raise FAULTS[step.do].error(model_id, step.message)
        token_quota.take(target, request, call, now=time.monotonic())
        upstream = proxy.in_use()
        if upstream is not None and not _is_scripted(step):
            return await _generated(upstream, operation, target, request, step, call)
        # In a thread: judging takes its time, and MiniStack serves everything from one loop.
        outcome, guard = await asyncio.to_thread(_outcome, target, request, step)
    except AwsError as error:
        call.outcome, call.finished = error.code, time.time()
        raise
    outcome.echo = delivery.echo(request)
    return await _sent(operation, model_id, outcome, guard, step, call)


async def _sent(
    operation: str, model_id: str, outcome: Outcome, guard: Guard | None, step: Step | None, call: Call
) -> Response:
    """Answer with what is known as a whole."""
    call.input_tokens, call.output_tokens = outcome.usage["inputTokens"], outcome.usage["outputTokens"]
    call.cache_write_tokens = outcome.usage.get("cacheWriteInputTokens", 0)
    if operation == "ConverseStream":
        return stream.response(stream.at_once(delivery.events(outcome, guard, call.started)), delivery.pace(step), call)
    if step and step.do == "error_mid_stream":
        call.outcome, call.finished = "ModelErrorException", time.time()
        raise FAULTS["model_error"].error(model_id, step.message)
    if step and step.do == "break_off":
        return stream.broken(delivery.whole(outcome, call.started), step.how, call)
    # A slow model is slow in one piece too.
    await asyncio.sleep((step.delay_ms if step else 0) * outcome.usage["outputTokens"] / 1000)
    call.outcome, call.finished = "completed", time.time()
    return delivery.whole(outcome, call.started)


async def _generated(
    upstream: Upstream, operation: str, target: Target, request: Json, step: Step | None, call: Call
) -> Response:
    """Answer with what a real model writes, while it does where a stream is asked for."""
    guard, given, refused = _admitted(request)
    if refused is not None:
        refused.echo = delivery.echo(request)
        return await _sent(operation, call.model, refused, None, step, call)
    given = target.tuned.prompted(given) if target.tuned is not None else given
    written = generated.written(upstream, given, target.model.model_id)
    if operation == "ConverseStream":
        # What fails before the first piece is an error of the call, as on AWS, and not of the stream.
        first = await anext(written)

        def metadata(end: End) -> Json:
            usage = _true_usage(request, end, output=len(call.sent))
            call.input_tokens, call.output_tokens = usage["inputTokens"], usage["outputTokens"]
            trace = guard.trace() if guard else None
            return delivery.metadata(Outcome([], end.stop_reason, usage, trace, delivery.echo(request)), call.started)

        return stream.response(generated.events(first, written, guard, metadata), delivery.pace(step), call)
    blocks, end = await generated.whole(written)
    usage = _true_usage(request, end, output=limits.output_tokens(blocks))
    outcome = Outcome(blocks, end.stop_reason, usage, echo=delivery.echo(request))
    if guard is not None:
        outcome.blocks, intervened = await asyncio.to_thread(guard.check_output, blocks)
        outcome.stop_reason = "guardrail_intervened" if intervened else end.stop_reason
        outcome.trace = guard.trace()
    return await _sent(operation, call.model, outcome, None, step, call)


def _is_scripted(step: Step | None) -> bool:
    """Whether the script says what is answered, and not only how."""
    return step is not None and (step.do == "tool_calls" or step.text is not None)


def _true_usage(request: Json, end: End, *, output: int) -> Json:
    """The model's own counts; of an answer that was stopped, or by a server that sends none, estimates."""
    used = (
        tokens.count_request(request) if end.input_tokens is None else end.input_tokens,
        output if end.output_tokens is None else end.output_tokens,
    )
    return {"inputTokens": used[0], "outputTokens": used[1], "totalTokens": sum(used)}


def _checked(
    operation: str, model_id: str, body: bytes, headers: dict[str, str], query: dict[str, Any]
) -> tuple[Target, Json]:
    request = shapes.parse(operation, body)
    target = targets.find(model_id)
    guardrail = (request.get("guardrailConfig") or {}).get("guardrailIdentifier", "")
    permissions.check(operation, target, headers, query, guardrail)
    account.check(target.model.model_id, model_id)
    if target.prompt is not None:
        request = managed_prompt.request_for(target.prompt, request)
    if not target.model.generates_text():
        raise invalid("The model that you provided doesn't support the Converse API. Try again with a different model.")
    rules.check(request, target.model)
    return target, request


def _step(operation: str, model_id: str, target: Target, request: Json) -> Step | None:
    text = "\n".join([conversation.system_text(request), *(said for _, said in conversation.turns(request))])
    return scripted.take(operation, (model_id, target.model.model_id), text)


def _admitted(request: Json) -> tuple[Guard | None, Json, Outcome | None]:
    """The guardrail, the request as the model may see it, and the outcome where that is refused."""
    guard = Guard(request["guardrailConfig"]) if request.get("guardrailConfig") else None
    if guard is None:
        return None, request, None
    request, refused = guard.check_input(request)
    if refused is None:
        return guard, request, None
    # AWS calls no model for a refused input, and counts no tokens.
    usage = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
    return guard, request, Outcome([{"text": refused}], "guardrail_intervened", usage, guard.trace())


def _outcome(target: Target, request: Json, step: Step | None) -> tuple[Outcome, Guard | None]:
    guard, request, refused = _admitted(request)
    if refused is not None:
        return refused, None
    model = target.model
    made = _answer(target, request, step)
    cut = limits.apply(
        made.blocks, made.stop_reason, request.get("inferenceConfig") or {}, most=model.max_output_tokens
    )
    cached, fresh = prompt_cache.usage(request, f"{get_account_id()}|{get_region()}|{model.model_id}")
    used = (fresh, cut.output_tokens)
    total = sum(used) + sum(cached.values())
    usage = {"inputTokens": used[0], "outputTokens": used[1], "totalTokens": total, **cached}
    outcome = Outcome(cut.blocks, cut.stop_reason, usage, fields=_own_fields(request, model.model_id, cut))
    if guard is None or guard.asynchronous:
        return outcome, guard
    blocks, intervened = guard.check_output(cut.blocks)
    reason = "guardrail_intervened" if intervened else cut.stop_reason
    return Outcome(blocks, reason, usage, guard.trace(), fields=outcome.fields), guard


def _own_fields(request: Json, model_id: str, cut: limits.Cut) -> Json:
    """Return the fields of the model's own answer that are asked for; what it has not, AWS leaves out.

    Of those that Claude has this knows one. Source: API reference of Converse, additionalModelResponseFieldPaths.
    """
    asked = request.get("additionalModelResponseFieldPaths") or []
    known = {"/stop_sequence": cut.stop_sequence} if model_id.startswith("anthropic.") else {}
    return {path.removeprefix("/"): known[path] for path in asked if path in known}


def _answer(target: Target, request: Json, step: Step | None) -> Answer:
    """The answer, after what the model thinks before it: what the script says, or a word where that is asked for."""
    made = _said(target, request, step)
    model = target.model
    thought = step.thought if step is not None else None
    if thought is None and thinking.is_wanted(request, model):
        thought = f"{conversation.last_said(request)[:60]}: let me think."
    if thought is None:
        return made
    redacted = step is not None and step.redacted
    block = thinking.block(thought, model, redacted=redacted, shown=thinking.is_shown(request, model))
    return replace(made, blocks=[block, *made.blocks])


def _said(target: Target, request: Json, step: Step | None) -> Answer:
    if step and step.do == "tool_calls":
        called = [(call["name"], call.get("input") or {}) for call in step.calls]
        made = tools.blocks(called, f"script {step.used}")
        return Answer([{"text": step.text}, *made] if step.text else made, "tool_use")
    if step and step.text is not None:
        return Answer([{"text": step.text}])
    return answer(request, target.model.model_id, target.tuned)


def count(model_id: str, body: bytes, headers: dict[str, str], query: dict[str, Any]) -> Response:
    """Answer CountTokens.

    Raises:
        AwsError: what AWS would refuse the call with.
    """
    request = shapes.parse("CountTokens", body)
    target = targets.counted(model_id)
    permissions.check("CountTokens", target, headers, query)
    given = request["input"]
    if "converse" in given:
        rules.check(given["converse"], target.model)
        counted = tokens.count_request(given["converse"])
    else:
        counted = tokens.count(base64.b64decode(given["invokeModel"]["body"]).decode("utf-8", errors="replace"))
    return 200, {"Content-Type": "application/json"}, json.dumps({"inputTokens": counted}).encode()
