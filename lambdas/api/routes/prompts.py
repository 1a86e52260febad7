"""``/v1/prompts``: what prompts there are, and asking one by its name."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from msgspec import Struct

from lambdas.api.http import json_response
from lambdas.chat import request as chat
from lambdas.chat.request import ChatRequest
from lambdas.common.errors import NotFoundError
from lambdas.common.json_body import decode
from lambdas.prompts.definition import Prompt
from lambdas.prompts.render import chat_body, tools


class PromptCall(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/prompts/{name}``.

    Attributes:
        variables: a text per variable of the prompt.
        model: alias that answers in place of the prompt's own.
        messages: what followed the prompt, as OpenAI has it: the model's tool calls and their results.
    """

    variables: dict[str, str] = {}
    model: str | None = None
    messages: list[dict[str, Any]] = []


_decoder: Final = msgspec.json.Decoder(PromptCall)


def prompt_routes(
    *,
    prompts: Callable[[], Mapping[str, Prompt]],
    read_body: Callable[[], bytes],
    complete: Callable[[ChatRequest], Response[str]],
) -> APIGatewayRouter:
    """Return the routes.

    Args:
        prompts: gives name -> prompt; called per request.
        read_body: gives the request's body, within the size that the function accepts.
        complete: answers a chat request as the chat endpoint does.
    """
    router = APIGatewayRouter()  # type: ignore[no-untyped-call]  # its __init__ has no types

    def answer(body: dict[str, Any]) -> Response[str]:
        return json_response(body, request_id=str(router.current_event.request_context.request_id))

    @router.get("/v1/prompts")
    def list_prompts() -> Response[str]:
        """List the prompts by name."""
        listed = sorted(prompts().values(), key=lambda prompt: prompt.name)
        return answer({"object": "list", "data": [_summary(prompt) for prompt in listed]})

    @router.get("/v1/prompts/<name>")
    def read_prompt(name: str) -> Response[str]:
        """Return one prompt with everything that is sent."""
        return answer(_details(_find(prompts(), name)))

    @router.post("/v1/prompts/<name>")
    def call_prompt(name: str) -> Response[str]:
        """Fill a prompt in and answer it, in the shape of a chat completion."""
        prompt = _find(prompts(), name)
        call = decode(read_body(), _decoder)
        body = chat_body(prompt, call.variables, model=call.model, messages=call.messages)
        response = complete(chat.parse(msgspec.json.encode(body)))
        response.headers["x-quarry-prompt"] = f"{prompt.name}@{prompt.version}"
        return response

    return router


def _find(prompts: Mapping[str, Prompt], name: str) -> Prompt:
    if name not in prompts:
        known = ", ".join(f"`{each}`" for each in sorted(prompts)) or "none"
        raise NotFoundError(f"There is no prompt `{name}`. There are: {known}.", code="prompt_not_found")
    return prompts[name]


def _summary(prompt: Prompt) -> dict[str, Any]:
    return {
        "name": prompt.name,
        "object": "prompt",
        "version": prompt.version,
        "description": prompt.description,
        "model": prompt.alias,
        "variables": msgspec.to_builtins(prompt.variables),
    }


def _details(prompt: Prompt) -> dict[str, Any]:
    return {
        **_summary(prompt),
        "system": prompt.system,
        "examples": msgspec.to_builtins(prompt.examples),
        "template": prompt.template,
        "inference": msgspec.to_builtins(prompt.inference),
        "tools": tools(prompt),
    }
