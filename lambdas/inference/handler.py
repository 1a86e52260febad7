"""``GET /v1/models`` and ``POST /v1/chat/completions`` behind API Gateway's proxy integration.

Importing this needs no environment, credentials or network: settings and client are made on first use.
"""

from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.common import aws
from lambdas.common.errors import ApiError, RateLimitError, RequestTooLargeError
from lambdas.common.http import answer_errors, json_response, request_id
from lambdas.common.observability import logger, metrics
from lambdas.inference import chat, probe
from lambdas.inference.listing import ModelList
from lambdas.inference.service import ChatService, Completion
from lambdas.inference.settings import InferenceSettings

app = APIGatewayRestResolver()
answer_errors(app)


@cache
def settings() -> InferenceSettings:
    """The settings, read on first use."""
    return InferenceSettings.from_env()


@cache
def service() -> ChatService:
    """The service, made on first use. Retries are the service's own, hence one attempt per call."""
    timeout = settings().read_timeout_seconds
    client = aws.client("bedrock-runtime", read_timeout=timeout, max_attempts=1)
    return ChatService(settings=settings(), client=client)


@cache
def model_list() -> ModelList:
    """The list of aliases, made on first use."""
    return ModelList(settings=settings(), client=lambda: aws.client("ssm", read_timeout=3))


@app.get("/v1/models")
def list_models() -> Response[str]:
    """List the aliases and what the access check found."""
    return json_response(model_list().to_openai(), request_id=request_id(app))


@app.post("/v1/chat/completions")
def create_chat_completion() -> Response[str]:
    """Answer a chat request."""
    try:
        completion = service().complete(chat.parse(_body()))
    except ApiError as error:
        _count("ChatThrottled" if isinstance(error, RateLimitError) else "ChatRefused")
        raise
    _record(completion)
    response = json_response(completion.body, request_id=request_id(app))
    response.headers["x-quarry-model"] = completion.candidate.base_model_id
    if completion.dropped:
        response.headers["x-quarry-dropped-parameters"] = ", ".join(completion.dropped)
    return response


def _body() -> bytes:
    body = (app.current_event.decoded_body or "").encode("utf-8", "surrogatepass")
    limit = settings().max_body_bytes
    if len(body) > limit:
        raise RequestTooLargeError(
            f"The request body has {len(body):,} bytes; at most {limit:,} are accepted. Shorten the messages."
        )
    return body


def _record(completion: Completion) -> None:
    usage = completion.body["usage"]
    _count("ChatGuardrailIntervened" if completion.intervened else "ChatAnswered")
    if completion.fallbacks:
        _count("ChatFellBack")
    metrics.add_metric(name="InputTokens", unit=MetricUnit.Count, value=usage["prompt_tokens"])
    metrics.add_metric(name="OutputTokens", unit=MetricUnit.Count, value=usage["completion_tokens"])
    logger.info(
        "answered",
        extra={
            "alias": completion.alias,
            "model_id": completion.candidate.model_id,
            "stop_reason": completion.stop_reason,
            "fallbacks": completion.fallbacks,
            "dropped": completion.dropped,
            "usage": usage,
            "key_id": app.current_event.request_context.authorizer.get("key_id", ""),
        },
    )


def _count(name: str) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Answer one API Gateway event (REST API, proxy integration), or the access check's question: probe.py."""
    if probe.asked(event):
        _count("Probes")
        return probe.answer(event, settings())
    _count("Requests")
    return app.resolve(event, context)
