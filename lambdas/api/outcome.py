"""What the log and the metrics are told of a request: numbers and names, never what was said."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from lambdas.api.usage import to_usage
from lambdas.chat.told import Answered
from lambdas.common.errors import ApiError, RateLimitError
from lambdas.common.observability import logger, metrics


def answered(done: Answered, *, stop_reason: str, usage: Mapping[str, Any], key_id: str) -> None:
    """Record an answer. ``usage`` is Converse's, in tokens; the log has OpenAI's words for it."""
    counts = to_usage(usage)
    count("ChatGuardrailIntervened" if stop_reason == "guardrail_intervened" else "ChatAnswered")
    if done.fallbacks:
        count("ChatFellBack")
    metrics.add_metric(name="InputTokens", unit=MetricUnit.Count, value=counts["prompt_tokens"])
    metrics.add_metric(name="OutputTokens", unit=MetricUnit.Count, value=counts["completion_tokens"])
    logger.info(
        "answered",
        extra={
            "alias": done.alias,
            "model_id": done.candidate.callable_id,
            "stop_reason": stop_reason,
            "fallbacks": done.fallbacks,
            "dropped": done.dropped,
            "usage": counts,
            "key_id": key_id,
        },
    )


def asked_documents(told: Mapping[str, Any]) -> None:
    """Record an answer from documents; ``told`` is the answer's ``quarry``, with or without anything about them."""
    if "answered" not in told:
        return
    count("KnowledgeQuestions")
    if not told["answered"]:
        count("KnowledgeUnanswered")


def hung_up(done: Answered, *, key_id: str) -> None:
    """Record a stream that was ended from without before its end: on Lambda not by a caller, of whom it is not told."""
    count("ChatHungUp")
    logger.info("hung up", extra={"alias": done.alias, "model_id": done.candidate.callable_id, "key_id": key_id})


def headers(done: Answered, dropped: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers that tell who answered, and what was not handed on as it was asked for."""
    tuned = {"x-quarry-tuned": done.candidate.run} if done.candidate.run else {}
    return {"x-quarry-model": done.candidate.base_model_id, **tuned, **left_out([*dropped, *done.dropped])}


def left_out(dropped: Sequence[str]) -> dict[str, str]:
    """Return the header that tells what of a request was left out or changed; none if all was as it was asked for."""
    return {"x-quarry-dropped-parameters": ", ".join(dict.fromkeys(dropped))} if dropped else {}


def refused(error: ApiError) -> None:
    """Record a request that got an error."""
    count("ChatThrottled" if isinstance(error, RateLimitError) else "ChatRefused")
    logger.info("refused", extra={"status": error.status, "code": error.code, "param": error.param})


def count(name: str) -> None:
    """Add one to a metric."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
