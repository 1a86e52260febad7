"""``/v1/prompts``: what prompts there are, and asking one by its name."""

from typing import Any

from msgspec import Struct

from lambdas.api import composition
from lambdas.api.call import Answer, Call
from lambdas.api.dialects.chat import reading
from lambdas.api.dialects.chat.prompts import chat_body, tools
from lambdas.api.routes.chat import complete
from lambdas.common.errors import NotFoundError
from lambdas.common.tolerance import Read
from lambdas.prompts import definition
from lambdas.prompts.definition import Example, Inference, Variable
from lambdas.prompts.request import READER


class PromptSummary(Struct, tag_field="object", tag="prompt", frozen=True, kw_only=True):
    """What a caller has to know of a prompt.

    Attributes:
        version: eight hex digits that change with anything of the prompt.
        model: alias that answers unless the caller says otherwise.
    """

    name: str
    version: str
    description: str
    model: str
    variables: tuple[Variable, ...]


class PromptList(Struct, tag_field="object", tag="list", frozen=True):
    """The prompts by name."""

    data: list[PromptSummary]


class Prompt(PromptSummary, frozen=True, kw_only=True):
    """A prompt with everything that is sent.

    Attributes:
        template: the user's message; ``{{name}}`` stands for a variable's value.
        tools: as OpenAI has them.
    """

    system: str
    examples: tuple[Example, ...]
    template: str
    inference: Inference
    tools: list[dict[str, Any]]


def list_prompts(_: Call) -> Answer[PromptList]:
    """List the prompts by name."""
    listed = sorted(definition.load().values(), key=lambda prompt: prompt.name)
    return Answer(body=PromptList([PromptSummary(**_summary(prompt)) for prompt in listed]))


def read_prompt(call: Call) -> Answer[Prompt]:
    """Return one prompt with everything that is sent."""
    prompt = _find(call.path["name"])
    return Answer(
        body=Prompt(
            **_summary(prompt),
            system=prompt.system,
            examples=prompt.examples,
            template=prompt.template,
            inference=prompt.inference,
            tools=tools(prompt),
        )
    )


def call_prompt(call: Call) -> Answer[dict[str, Any]]:
    """Fill a prompt in and answer it, in the shape of a chat completion; or only fill it in, as a chat request."""
    prompt = _find(call.path["name"])
    strict = composition.settings().strict
    asked = READER.read(call.body, strict=strict)
    wanted = asked.body
    body = chat_body(prompt, wanted.variables, model=wanted.model, messages=wanted.messages)
    named = {"x-quarry-prompt": f"{prompt.name}@{prompt.version}"}
    chat = reading.convert(body, strict=strict)
    if not wanted.answer:
        return Answer(body=body, headers=named)
    answer = complete(Read(chat.body, (*asked.dropped, *chat.dropped)), call)
    return Answer(body=answer.body, headers={**answer.headers, **named})


def _find(name: str) -> definition.Prompt:
    prompts = definition.load()
    if name not in prompts:
        known = ", ".join(f"`{each}`" for each in sorted(prompts)) or "none"
        raise NotFoundError(f"There is no prompt `{name}`. There are: {known}.", code="prompt_not_found")
    return prompts[name]


def _summary(prompt: definition.Prompt) -> dict[str, Any]:
    return {
        "name": prompt.name,
        "version": prompt.version,
        "description": prompt.description,
        "model": prompt.alias,
        "variables": prompt.variables,
    }
