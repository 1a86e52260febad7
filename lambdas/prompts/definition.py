"""A prompt as the function has it: compiled from prompts/*.yaml at synth, in a layer beside the function's code.

The layer is what stacks/prompts/definitions.py makes: no call is needed to have the prompts, each environment
has its own, and a deployment changes them together with everything else. They change nothing in lambdas/.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

# The layer's package, which is found wherever the layer is unpacked, and the one file in it.
PACKAGE: Final = "quarry_prompts"
FILE: Final = "prompts.json"


class PromptsMissingError(Exception):
    """The function has no layer with the prompts."""


class Variable(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the caller gives a value for. ``max_length`` is in characters."""

    name: str
    description: str
    max_length: int
    required: bool


class Example(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A question and its answer, as a model should give them."""

    user: str
    assistant: str


class Tool(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A function that the caller runs for the model. ``parameters`` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class Inference(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Parameters of the call; None leaves it to the model."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()


class Prompt(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One prompt.

    Attributes:
        version: eight hex digits that change with anything of the prompt.
        alias: who answers unless the caller says otherwise.
        template: the user's message; ``{{name}}`` stands for a variable's value.
    """

    name: str
    version: str
    description: str
    alias: str
    system: str
    template: str
    variables: tuple[Variable, ...] = ()
    examples: tuple[Example, ...] = ()
    tools: tuple[Tool, ...] = ()
    inference: Inference = Inference()


@cache
def load() -> dict[str, Prompt]:
    """Return name -> prompt, read and type-checked once per process.

    Raises:
        PromptsMissingError: the layer is not there.
        msgspec.ValidationError: the file is not what this code expects; deploy both together.
    """
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise PromptsMissingError(f"no package {PACKAGE}: the function lacks the layer with the prompts")
    return decode(Path(found.origin).with_name(FILE).read_bytes())


def decode(content: bytes) -> dict[str, Prompt]:
    """Return name -> prompt of the file's content."""
    return {prompt.name: prompt for prompt in msgspec.json.decode(content, type=list[Prompt])}
