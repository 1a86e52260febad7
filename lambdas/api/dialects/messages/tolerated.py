"""What is made of fields of a Messages request that Bedrock has no counterpart for, or a narrower one: a table.

The principle is that of ``lambdas.api.dialects.chat.tolerated``; the reference in docs/api.md is written from this
table too.
"""

from typing import Final

from lambdas.chat.fields import FILTER, SESSION, TEMPERATURE, misnamed
from lambdas.common.tolerance import Bounds, Rule

_MOST_TOKENS: Final = Bounds(minimum=1, maximum=1_000_000, widest=2**63)
_TOP_K: Final = Bounds(minimum=1, maximum=500, widest=2**63)
_HOSTED: Final = "Anthropic's servers do not run here; give tools of your own and run them yourself."
_MARKED: Final = (
    "",
    "system[].",
    "tools[].",
    "messages[].content[].",
    "messages[].content[].content[].",
    "messages[].content[].source.content[].",
)

COUNT_RULES: Final = (
    Rule(field="system", neutral=("", []), about="no instructions"),
    Rule(field="tools", neutral=([],), about="no tools"),
    Rule(field="tool_choice", neutral=({},), about="`auto` is the default"),
    Rule(field="thinking", neutral=({},), about="as the model does by itself"),
    Rule(
        field="output_config.effort",
        neutral=("",),
        replaced={"xhigh": "high", "max": "high", "minimal": "low"},
        about="the nearest that Bedrock has; dropped and named where nothing is thought",
    ),
    Rule(field="output_config", neutral=({},), about="nothing is asked for"),
    *(Rule(field=f"{place}cache_control", neutral=({},), about="marks nothing") for place in _MARKED),
    *(
        Rule(field=f"{place}cache_control.ttl", replaced={"1h": "5m"}, otherwise="drop", about="Bedrock's five minutes")
        for place in _MARKED
    ),
    Rule(field="tools[].strict", otherwise="ignore", about="inputs follow the schema as well as the model can"),
    Rule(field="tools[].eager_input_streaming", otherwise="ignore", about="inputs are streamed as they come"),
    Rule(field="tools[].allowed_callers", neutral=(["direct"],), otherwise="drop", about="calls are all direct ones"),
    Rule(field="tools[].input_examples", neutral=([],), otherwise="drop", about="put examples into the description"),
    Rule(
        field="messages[].content[].citations",
        neutral=({"enabled": False}, {}),
        otherwise="drop",
        about="answers cite only what `quarry.knowledge` finds",
    ),
    Rule(field="messages[].content[].content[].citations", otherwise="drop", about="as above"),
    Rule(
        field="context_management",
        neutral=({}, {"edits": []}, {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}),
        otherwise="drop",
        about="the whole conversation is sent; what has to be shorter the caller cuts",
    ),
    Rule(field="mcp_servers", neutral=([],), otherwise="refuse", about=_HOSTED),
    Rule(field="container", otherwise="refuse", about=_HOSTED),
)

RULES: Final = (
    *COUNT_RULES,
    Rule(field="max_tokens", bounds=_MOST_TOKENS, about="a model's own limit counts in any case"),
    Rule(field="temperature", bounds=TEMPERATURE, about="the range ends at 1"),
    Rule(field="top_k", neutral=(0, -1), bounds=_TOP_K, about="Bedrock's range ends at 500"),
    Rule(field="stop_sequences", neutral=([],), about="no stop text"),
    Rule(field="metadata", neutral=({},), kind=dict, about="a label; what is no object is dropped and named"),
    Rule(field="metadata.user_id", kind=str, about="a label; what is no text is dropped and named"),
    Rule(field="quarry", neutral=({},), about="nothing is asked for"),
    Rule(field="service_tier", neutral=("auto", "standard_only"), otherwise="drop", about="all calls are of one tier"),
    Rule(field="speed", neutral=("standard",), otherwise="drop", about="all calls are of one speed"),
    Rule(field="inference_geo", otherwise="drop", about="the environment's `models.residency` says where"),
    Rule(field="diagnostics", neutral=({},), otherwise="drop", about="Bedrock does not say why its cache was missed"),
    Rule(field="user_profile_id", otherwise="ignore", about="a label of Anthropic's own"),
    Rule(field="workspace_id", otherwise="ignore", about="a label of Anthropic's own"),
    *misnamed("quarry.knowledge.", FILTER),
    *misnamed("quarry.", SESSION),
    *misnamed("", ("system", ("instructions",))),
    *misnamed("", ("output_config.format", ("response_format",))),
    *misnamed("", ("stop_sequences", ("stop",))),
    Rule(
        field="prefill",
        otherwise="refuse",
        about="begin the answer by a last message of the assistant's.",
    ),
)
