"""What is made of the fields of a Responses request that Bedrock has no counterpart for, or a narrower one: a table.

The principle is the chat route's, ``lambdas.api.dialects.chat.tolerated``.
"""

from typing import Final

from lambdas.chat.fields import FILTER, MOST_TOKENS, TEMPERATURE, misnamed
from lambdas.common.tolerance import Rule

_LABEL: Final = "a label for OpenAI's own caching, billing or safety"
_GOES_ON: Final = "go on from a response with `previous_response_id`."

# Of a compaction's body, too, which has few fields.
LABELS: Final = frozenset(("previous_response_id", "prompt_cache_key", "prompt_cache_retention", "client_metadata"))

RULES: Final = (
    Rule(field="temperature", bounds=TEMPERATURE, about="Bedrock's range ends at 1, OpenAI's at 2"),
    Rule(field="max_output_tokens", neutral=(-1,), bounds=MOST_TOKENS, about="-1 is how some clients say nothing"),
    Rule(field="max_tool_calls", neutral=(0,), about="there is one search at most"),
    Rule(field="store", about="OpenAI's default is true"),
    Rule(field="tools", neutral=([],), about="no tools"),
    Rule(field="tool_choice", neutral=("", {}), replaced={"any": "required"}, about="other providers' word"),
    Rule(field="text", neutral=({},), about="text is the default"),
    Rule(field="text.format", neutral=({},), about="text is the default"),
    Rule(field="text.verbosity", neutral=("medium",), otherwise="drop", about="ask for it in the instructions"),
    Rule(field="reasoning", neutral=({},), about="nothing is asked for"),
    Rule(
        field="reasoning.effort",
        neutral=("none", ""),
        replaced={"minimal": "low", "xhigh": "high", "max": "high"},
        about="the nearest that Bedrock has; dropped and named where the model does not reason",
    ),
    Rule(field="reasoning.summary", neutral=("none", ""), about="nothing is told of thoughts"),
    Rule(field="reasoning.generate_summary", otherwise="ignore", about="OpenAI has replaced it by `summary`"),
    Rule(field="include", neutral=([],), kind=list, about="nothing besides"),
    Rule(field="previous_response_id", neutral=("",), about="nothing goes before"),
    Rule(field="quarry", neutral=({},), about="nothing is asked for"),
    Rule(field="metadata", neutral=({},), kind=dict, about="labels; what is no object is dropped and named"),
    Rule(field="user", kind=str, about="a label; what is no text is dropped and named"),
    Rule(field="safety_identifier", kind=str, about=_LABEL),
    Rule(field="prompt_cache_key", kind=str, about=_LABEL),
    # Dropped: sampling that Bedrock has no word for, and hints.
    Rule(field="presence_penalty", neutral=(0,), otherwise="drop", about="Converse has no penalties"),
    Rule(field="frequency_penalty", neutral=(0,), otherwise="drop", about="Converse has no penalties"),
    Rule(field="service_tier", neutral=("auto", "default"), otherwise="drop", about="all calls are of one tier"),
    Rule(field="context_management", neutral=([],), otherwise="drop", about="use POST /v1/responses/compact"),
    Rule(field="moderation", neutral=({},), otherwise="drop", about="the environment's guardrail sees every request"),
    Rule(field="tools[].ranking_options", neutral=({},), otherwise="drop", about="the environment ranks"),
    # In silence: labels.
    Rule(field="client_metadata", otherwise="ignore", about="an agent's notes about itself"),
    Rule(field="prompt_cache_retention", otherwise="ignore", about=_LABEL),
    Rule(field="prompt_cache_options", otherwise="ignore", about=_LABEL),
    # Refused: the answer would be another one than was asked for.
    *misnamed("quarry.knowledge.", FILTER),
    Rule(field="quarry.session", otherwise="refuse", about=_GOES_ON),
    Rule(field="conversation", neutral=("", {}), otherwise="refuse", about=_GOES_ON),
    Rule(
        field="background",
        neutral=(False,),
        otherwise="refuse",
        about="answers are given while the caller waits; leave it out, and stream what takes long.",
    ),
    Rule(
        field="prompt",
        neutral=({},),
        otherwise="refuse",
        about="OpenAI's stored prompts are not here; this platform's are called with POST /v1/prompts/{name}.",
    ),
    Rule(
        field="messages",
        neutral=([],),
        otherwise="refuse",
        about="here it is called `input`; POST /v1/chat/completions takes `messages`.",
    ),
    *misnamed("", ("instructions", ("system",))),
    *misnamed("", ("text.format", ("response_format",))),
    *misnamed("", ("max_output_tokens", ("max_tokens", "max_completion_tokens"))),
    Rule(field="top_logprobs", neutral=(0,), otherwise="refuse", about="Bedrock tells no probabilities; leave it out."),
)
