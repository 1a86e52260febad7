"""What is made of the fields of a chat request that Bedrock has no counterpart for, or a narrower one: a table.

The reference in docs/api.md is written from it. The principle: what means nothing is accepted in silence; what changes
little is dropped, or put to the nearest that is possible, and named in ``x-quarry-dropped-parameters``; what would
change the meaning of the answer is refused, with what to do. Fields that are neither here nor in the request's type are
dropped and named.
"""

from typing import Final

from lambdas.chat.fields import FILTER, MOST_TOKENS, SESSION, TEMPERATURE, misnamed
from lambdas.common.tolerance import Rule

_HOSTED: Final = "hosted tools do not run here; give your own as `tools` and run them yourself."
_AUDIO: Final = "answers are text; leave it out."
_LABEL: Final = "a label for OpenAI's own caching, billing or safety"


RULES: Final = (
    Rule(field="temperature", bounds=TEMPERATURE, about="Bedrock's range ends at 1, OpenAI's at 2"),
    Rule(field="max_tokens", neutral=(-1,), bounds=MOST_TOKENS, about="-1 is how some clients say that nothing is set"),
    Rule(field="max_completion_tokens", neutral=(-1,), bounds=MOST_TOKENS, about="as `max_tokens`"),
    Rule(field="stop", neutral=("", []), about="no stop text"),
    Rule(
        field="reasoning_effort",
        neutral=("none", ""),
        replaced={"minimal": "low", "xhigh": "high", "max": "high"},
        about="the nearest that Bedrock has; dropped and named where the model does not reason",
    ),
    Rule(field="tools", neutral=([],), about="no tools"),
    Rule(field="tool_choice", neutral=("", {}), replaced={"any": "required"}, about="other providers' word"),
    Rule(field="response_format", neutral=({},), about="text is the default"),
    Rule(field="quarry", neutral=({},), about="nothing is asked for"),
    Rule(field="metadata", neutral=({},), kind=dict, about="labels; what is no object is dropped and named"),
    Rule(field="user", kind=str, about="a label; what is no text is dropped and named"),
    # Dropped: sampling that Bedrock has no word for, and hints.
    Rule(field="seed", otherwise="drop", about="best effort with OpenAI too"),
    Rule(field="presence_penalty", neutral=(0,), otherwise="drop", about="Converse has no penalties"),
    Rule(field="frequency_penalty", neutral=(0,), otherwise="drop", about="Converse has no penalties"),
    Rule(field="logit_bias", neutral=({},), otherwise="drop", about="Converse has no bias of tokens"),
    Rule(field="store", neutral=(False,), otherwise="drop", about="nothing is stored but in sessions"),
    Rule(field="verbosity", neutral=("medium",), otherwise="drop", about="ask for it in the instructions"),
    Rule(field="prediction", neutral=({},), otherwise="drop", about="only makes OpenAI's answers faster"),
    Rule(field="service_tier", neutral=("auto", "default"), otherwise="drop", about="all calls are of one tier"),
    # In silence: labels.
    Rule(field="prompt_cache_key", otherwise="ignore", about=_LABEL),
    Rule(field="prompt_cache_retention", otherwise="ignore", about=_LABEL),
    Rule(field="safety_identifier", otherwise="ignore", about=_LABEL),
    *(
        Rule(field=f"{place}.cache_control", neutral=({},), about="marks nothing")
        for place in ("messages[]", "messages[].content[]", "tools[]", "tools[].function")
    ),
    Rule(field="messages[].content[].image_url.detail", neutral=("",), replaced={"original": "high"}, about="not used"),
    # Refused: the answer would be another one than was asked for.
    *misnamed("quarry.knowledge.", FILTER),
    *misnamed("quarry.", SESSION),
    *(
        Rule(field=name, neutral=("", []), otherwise="refuse", about="give it as a message of the role `system`.")
        for name in ("system", "instructions")
    ),
    *misnamed("", ("max_completion_tokens", ("max_output_tokens",))),
    *misnamed("", ("stop", ("stop_sequences",))),
    *misnamed("", ("response_format", ("output_config",))),
    Rule(field="n", neutral=(0,), about="one answer a request"),
    Rule(
        field="logprobs",
        neutral=(False,),
        otherwise="refuse",
        about="Bedrock tells no probabilities; leave it out.",
    ),
    Rule(field="top_logprobs", neutral=(0,), otherwise="refuse", about="Bedrock tells no probabilities; leave it out."),
    Rule(field="modalities", neutral=(["text"], []), otherwise="refuse", about=_AUDIO),
    Rule(field="audio", neutral=({},), otherwise="refuse", about=_AUDIO),
    Rule(field="web_search_options", otherwise="refuse", about=_HOSTED),
    Rule(
        field="functions",
        neutral=([],),
        otherwise="refuse",
        about="OpenAI has replaced it; give the functions as `tools`.",
    ),
    Rule(
        field="function_call",
        neutral=("auto", "none"),
        otherwise="refuse",
        about="OpenAI has replaced it; use `tool_choice`.",
    ),
)
