"""What a request says that calls a prompt by its name."""

from typing import Any, Final

from msgspec import Struct

from lambdas.common.tolerance import Reader, Rule


class PromptCall(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/prompts/{name}``.

    Attributes:
        variables: a text per variable of the prompt.
        model: alias that answers in place of the prompt's own.
        messages: what followed the prompt, as OpenAI has it: the model's tool calls and their results.
        answer: whether a model answers. False: the prompt is only filled in, and the answer is the body by which
            ``POST /v1/chat/completions`` asks the same, as a stream if one likes. That costs nothing.
    """

    variables: dict[str, str] = {}
    model: str | None = None
    messages: list[dict[str, Any]] = []
    answer: bool = True


RULES: Final = (
    Rule(
        field="stream",
        neutral=(False,),
        otherwise="refuse",
        about="prompts are answered whole; leave it out, or have one filled in only (`answer: false`) and stream that.",
    ),
)
READER: Final = Reader(PromptCall, RULES)
