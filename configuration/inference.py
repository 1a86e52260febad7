"""The section `inference` of an environment file: the endpoint that applications call."""

import re
from functools import partial
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from configuration import duration
from configuration.section import Alias, Section, within

# Fetch standard, "serializing a request origin": a scheme, a host in small letters, a port if it is not the usual one.
_ORIGIN: Final = re.compile(
    r"(https?)://(?!.*\.\.)([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:(?!80$|443$)[1-9]\d{0,4})?"
)
MaxTokens = Annotated[int, Field(ge=1, le=1_000_000)]


class Throttle(Section):
    """API Gateway's throttle for the whole stage; above it callers get 429."""

    rate: Annotated[int, Field(ge=1, le=10_000)] = 50
    """Requests per second, steady."""

    burst: Annotated[int, Field(ge=1, le=5_000)] = 100
    """Requests at once."""


def _origin(value: str) -> str:
    """Check an origin as browsers send it."""
    if not _ORIGIN.fullmatch(value):
        raise ValueError(
            f"{value!r} is not accepted: expected an origin as browsers send it, scheme, host and port without a path, "
            "as https://app.example or http://localhost:3000; `*` is none, since whoever has a key could then be "
            "made to use it by any page"
        )
    return value


class Cors(Section):
    """Which web pages may call the endpoint from a browser. A key in a page is whoever's who opens it."""

    origins: Annotated[
        list[Annotated[str, AfterValidator(_origin), Field(examples=["https://app.example"])]],
        Field(min_length=1, max_length=20),
    ]
    """Origins of the pages: scheme, host and, where it is not the usual one, port."""

    max_age_seconds: Annotated[int, Field(ge=0, le=86_400)] = 600
    """How long a browser may remember that it may ask. Chromium remembers for two hours at most."""


class Inference(Section):
    """The endpoint that applications call."""

    throttle: Throttle = Throttle()

    chat_timeout_seconds: Annotated[int, Field(ge=10, le=900)] = 120
    """How long one chat request may take, whole or streamed: up to API Gateway's 15 minutes for streams."""

    timeout_seconds: Annotated[int, Field(ge=10, le=29)] = 29
    """How long any other request may take. API Gateway ends it after 29 s unless the account's quota was raised."""

    max_body_kilobytes: Annotated[int, Field(ge=1, le=5_888)] = 1_024
    """Larger request bodies get 413. API Gateway takes 10 MB, and Lambda an event of 6 MB with an envelope of up to 100
    KB and a backslash for each quotation mark: 5,888 has room for an image of Bedrock's 3.75 MB, which has 5 MB as
    base64."""

    keep_alive_seconds: Annotated[
        float,
        Field(ge=1, le=240),
        within(1, 240, "API Gateway ends a stream after 300 s of silence"),
    ] = 10
    """After so much silence a stream is sent a comment, before its first token too, so that no proxy closes it. An
    error that comes later than that is the stream's last event and no status of its own."""

    default_max_tokens: MaxTokens = 4_096
    """Tokens that an answer may have where a request does not say, or what its model can write if that is less. Bedrock
    takes them from the model's quota, and a key's allowance holds them, for as long as the answer is being given."""

    default_max_tokens_of: dict[Alias, MaxTokens] = Field(default={})
    """The same for single aliases: alias -> tokens."""

    strict: bool = False
    """Whether only what docs/api.md's reference has is accepted of a request. Otherwise what means nothing is accepted
    in silence, and what changes little is dropped or put to the nearest value and named in a header."""

    reply_model: Literal["asked", "answered"] = "asked"
    """What `model` of an answer is: the alias that was `asked` for, which clients compare, or the base id of the model
    that `answered`, which the header x-quarry-model has in any case."""

    prompt_caching: Literal["asked", "automatic", "off"] = "asked"
    """Where Bedrock is asked to keep what it has read for five minutes, with models that can: where a request has
    `cache_control`, or `automatic`, where none says so, also behind long system texts, tools and conversations. Reading
    what is kept costs a tenth; keeping it costs up to a quarter more, so it pays from the second time on."""

    judge_tool_descriptions: bool = True
    """Whether the guardrail is shown the descriptions and schemas of a request's tools, which Converse does not show
    it: 0.15 USD and more per 1,000 begun units of 1,000 characters, once for as long as an instance of the function
    remembers them. False: whoever keeps the environment does not pay for that, and what a caller writes there reaches
    the model unjudged; results and calls of tools are judged in any case."""

    cors: Cors | None = None
    """Which web pages may call from a browser; left out, none may."""

    max_attempts: Annotated[int, Field(ge=1, le=5)] = 3
    """Calls to Bedrock per request while it throttles or fails, the first included."""

    key_cache_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    """How long API Gateway remembers what a key may do. `quarry keys revoke` empties this memory."""

    session_ttl: Annotated[
        str, AfterValidator(partial(duration.between, "1h", "400d")), Field(examples=["30d"], min_length=2)
    ] = "30d"
    """How long a session is kept after its last turn, as 12h, 30d or 2w. DynamoDB bills 0.25 USD per GB and month."""

    history_token_budget: Annotated[int, Field(ge=1_000, le=200_000)] = 4_000
    """Tokens that a session's turn sends in all, the new message included, unless that alone takes more than half.
    What no longer fits is summarised. These tokens are paid for with every turn."""

    summary_alias: Alias | None = None
    """Which of `models.aliases` writes the summaries of long sessions; null is the first one there that can chat. The
    key that has the session pays for them."""

    memory_megabytes: Annotated[int, Field(ge=128, le=10_240)] = 1_024
    """Memory of the inference function; CPU grows with it, and so does the price per millisecond."""

    owns_api_gateway_account: bool = True
    """Whether this environment sets the role with which API Gateway writes logs. AWS has one such setting per account
    and region. Several environments may set it; false leaves it to others. Role and setting outlive the stack."""

    @property
    def session_ttl_seconds(self) -> int:
        """``session_ttl`` in seconds."""
        return int(duration.parse(self.session_ttl).total_seconds())
