"""The body of ``POST /v1/completions``, and what is made of values that are not quite so."""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from lambdas.api.dialects.chat.request import StreamOptions
from lambdas.chat.blocks import text
from lambdas.chat.conversation import Conversation, Names
from lambdas.chat.fields import MOST_TOKENS, TEMPERATURE, NonEmptyText, StopText, Tokens
from lambdas.chat.spoken import SpokenBuilder, Words
from lambdas.chat.tools import NO_TOOLS
from lambdas.common.errors import InvalidRequestError
from lambdas.common.request_metadata import fits, fitted
from lambdas.common.tolerance import Read, Reader, Rule

NAMES: Final[Names] = {"alias": "model"}
# There are no calls here: only the first of these is ever said.
_WORDS: Final = Words(messages="prompt", call_id="", arguments="", result_of="", unanswered="")
_ONE: Final = "one answer a request; send it as often as you want answers."


class CompletionRequest(Struct, forbid_unknown_fields=True):
    """Body of ``POST /v1/completions``. `max_tokens` is the alias's default where it is left out, and not 16."""

    model: NonEmptyText
    prompt: str | Annotated[list[str], Meta(min_length=1, max_length=1)]
    max_tokens: Tokens | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stop: StopText | Annotated[list[StopText], Meta(max_length=4)] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    user: str | None = None


RULES: Final = (
    Rule(field="max_tokens", neutral=(-1,), bounds=MOST_TOKENS, about="-1 is how some clients say that nothing is set"),
    Rule(field="temperature", bounds=TEMPERATURE, about="Bedrock's range ends at 1, OpenAI's at 2"),
    Rule(field="stop", neutral=("", []), about="no stop text"),
    Rule(field="user", kind=str, about="a label; what is no text is dropped and named"),
    Rule(field="seed", otherwise="drop", about="best effort with OpenAI too"),
    Rule(field="presence_penalty", neutral=(0,), otherwise="drop", about="Converse has no penalties"),
    Rule(field="frequency_penalty", neutral=(0,), otherwise="drop", about="Converse has no penalties"),
    Rule(field="logit_bias", neutral=({},), otherwise="drop", about="Converse has no bias of tokens"),
    Rule(field="n", neutral=(0,), about="one answer a request"),
    Rule(field="best_of", neutral=(0, 1), otherwise="refuse", about=_ONE),
    Rule(field="echo", neutral=(False,), otherwise="refuse", about="put the prompt before the answer yourself."),
    Rule(field="suffix", neutral=("",), otherwise="refuse", about="text is not filled in; ask for it in the prompt."),
    Rule(
        field="logprobs",
        neutral=(False, 0),
        otherwise="refuse",
        about="Bedrock tells no probabilities; leave it out.",
    ),
)


class _CompletionReader(Reader[CompletionRequest]):
    """Tells who sends tokens, or several prompts, what to send."""

    def convert(self, given: Any) -> Any:
        prompts = given.get("prompt") if isinstance(given, dict) else None
        if isinstance(prompts, list) and prompts and not isinstance(prompts[0], str):
            raise InvalidRequestError(
                "`prompt` has tokens of one of OpenAI's models, which mean nothing to this one. Send text.",
                param="prompt",
                code="unsupported_parameter",
            )
        if isinstance(prompts, list) and len(prompts) > 1:
            raise InvalidRequestError(
                "`prompt` has several texts. Send a request for each.", param="prompt", code="unsupported_parameter"
            )
        return super().convert(given)


READER: Final = _CompletionReader(CompletionRequest, RULES)


def read(body: bytes, *, strict: bool = False) -> Read[CompletionRequest]:
    """Parse and validate a request body.

    Raises:
        InvalidRequestError: with ``param`` naming the field.
    """
    found = READER.read(body, strict=strict)
    request = found.body
    if not _prompt(request).strip():
        raise InvalidRequestError("`prompt`: must not be empty.", param="prompt")
    dropped = list(found.dropped)
    given = [request.stop] if isinstance(request.stop, str) else request.stop or []
    # Those of only white space Claude refuses; an empty one means nothing.
    request.stop = [one for one in given if one.strip()] or None
    if any(one and not one.strip() for one in given):
        dropped.append("stop")
    if request.user and not fits(request.user):
        dropped.append("user")
        request.user = fitted(request.user)
    return Read(request, tuple(dict.fromkeys(dropped)))


def to_conversation(request: CompletionRequest) -> Conversation:
    """Return what is asked: the prompt, as the user's one message."""
    builder = SpokenBuilder(NO_TOOLS, words=_WORDS)
    builder.user(text(_prompt(request)), param="prompt")
    return Conversation(
        alias=request.model,
        spoken=builder.spoken(),
        max_tokens=request.max_tokens,
        temperature=request.temperature,
        top_p=request.top_p,
        stop=tuple(request.stop or ()),
        labels={"user": request.user} if request.user else {},
        names=NAMES,
    )


def _prompt(request: CompletionRequest) -> str:
    return request.prompt if isinstance(request.prompt, str) else request.prompt[0]
