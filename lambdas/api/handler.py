"""What does not stream, behind API Gateway's proxy integration: models, embeddings, compare, sessions, prompts, ...

Importing this needs no environment, credentials or network: settings and clients are made on first use.
"""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.logging import correlation_paths

from lambdas.allowances import remaining
from lambdas.allowances.estimate import usage
from lambdas.api import outcome
from lambdas.api.composition import exchanges, knowledge, ledger, model_list, session_store, settings
from lambdas.api.http import answer_errors, json_response, request_id
from lambdas.api.routes import compare
from lambdas.api.routes.prompts import prompt_routes
from lambdas.api.routes.sessions import session_routes
from lambdas.chat.request import ChatRequest
from lambdas.common import aws
from lambdas.common.caller import Caller
from lambdas.common.errors import RequestTooLargeError
from lambdas.common.observability import logger, metrics
from lambdas.embeddings import service as embeddings
from lambdas.embeddings.service import Embeddings
from lambdas.model_access import probe
from lambdas.prompts import definition

app = APIGatewayRestResolver()
answer_errors(app)


@app.get("/v1/models")
def list_models() -> Response[str]:
    """List the aliases and what the access check found."""
    return json_response(model_list().to_openai(), request_id=request_id(app))


@app.post("/v1/embeddings")
def create_embeddings() -> Response[str]:
    """Embed texts."""
    request = embeddings.parse(body())
    embedder = Embeddings(
        settings=settings(),
        client=lambda: aws.client("bedrock-runtime", read_timeout=settings().read_timeout_seconds),
    )
    candidate = embedder.candidate(request)
    # At most a token per byte: the estimate is an upper bound.
    most = sum(len(text.encode()) for text in request.texts)
    reservation = ledger().reserve(
        caller(), alias=request.model, estimate=usage(input_tokens=most, price=candidate.price)
    )
    try:
        answer, tokens = embedder.embed(request, candidate)
    except BaseException:
        ledger().release(reservation)
        raise
    left = ledger().settle(reservation, usage(input_tokens=tokens, price=candidate.price))
    response = json_response(answer, request_id=request_id(app))
    response.headers.update(remaining.headers(left))
    return response


@app.post("/v1/compare")
def compare_models() -> Response[str]:
    """Ask several aliases the same."""
    requests = compare.parse(body())
    compared = compare.compare(requests, caller(), exchanges())
    response = json_response(compared.body, request_id=request_id(app))
    response.headers.update(compared.headers)
    return response


@app.post("/v1/knowledge/retrieve")
def retrieve_passages() -> Response[str]:
    """Find passages. Imported here, because no other request needs it."""
    from lambdas.api.routes import knowledge_retrieve as retrieve

    found, left = retrieve.retrieve(body(), caller(), knowledge=knowledge(), ledger=ledger())
    response = json_response(found, request_id=request_id(app))
    response.headers.update(remaining.headers(left))
    return response


@app.get("/v1/usage")
def read_usage() -> Response[str]:
    """Tell what the key has used and has left."""
    asking = caller()
    found = ledger().usage(asking.key_id, limits=asking.limits)
    return json_response({"object": "usage", **found}, request_id=request_id(app))


@app.get("/openapi.json")
def read_description() -> Response[str]:
    """Describe the API. Imported here, because no other request needs it."""
    from lambdas.api.openapi.document import document

    return json_response(document(), request_id=request_id(app))


def complete(request: ChatRequest) -> Response[str]:
    """Answer a chat request of a prompt, whole, as the chat endpoint does."""
    asking = caller()
    done = exchanges().complete(request, asking)
    completion = done.completion
    outcome.answered(
        completion.answered,
        stop_reason=completion.stop_reason,
        usage=completion.body["usage"],
        key_id=asking.key_id,
    )
    response = json_response(completion.body, request_id=request_id(app))
    response.headers.update({**outcome.headers(completion.answered), **done.headers})
    return response


def body() -> bytes:
    """Return the request's body, within the size that is accepted.

    Raises:
        RequestTooLargeError: it is larger.
    """
    content = (app.current_event.decoded_body or "").encode("utf-8", "surrogatepass")
    limit = settings().max_body_bytes
    if len(content) > limit:
        raise RequestTooLargeError(
            f"The request body has {len(content):,} bytes; at most {limit:,} are accepted. Shorten it."
        )
    return content


def caller() -> Caller:
    """Return who calls, as the authorizer told."""
    return Caller.from_authorizer_context(app.current_event.request_context.authorizer.raw_event)


app.include_router(
    session_routes(store=lambda: session_store(), aliases=lambda: settings().aliases, read_body=lambda: body())
)
app.include_router(prompt_routes(prompts=lambda: definition.load(), read_body=lambda: body(), complete=complete))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST, clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    """Answer one API Gateway event (REST API, proxy integration), or the access check's question: probe.py."""
    if probe.asked(event):
        outcome.count("Probes")
        return probe.answer(event, settings())
    outcome.count("Requests")
    return app.resolve(event, context)
