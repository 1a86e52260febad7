"""The Responses API's answers as JSON schemas, described by hand. Tests hold these against real answers."""

from typing import Annotated, Any, Final

from msgspec import Meta

from lambdas.api.openapi.openai import FLAG, MAP, NUMBER, QUARRY, TEXT, constant, list_of, object_of, or_null
from lambdas.api.openapi.schemas import Schema, ref

_STATUS: Final[Schema] = {"enum": ["in_progress", "completed", "incomplete"]}
_PART: Final = object_of(
    ("annotations", "logprobs"), type=TEXT, text=TEXT, annotations=list_of(MAP), logprobs=list_of(MAP)
)
_CALL: Final = {"id": TEXT, "status": _STATUS, "call_id": TEXT, "name": TEXT, "namespace": TEXT}
_MESSAGE: Final = object_of(id=TEXT, type=constant("message"), status=_STATUS, role=TEXT, content=list_of(_PART))
_FUNCTION_CALL: Final = object_of(("namespace",), type=constant("function_call"), **_CALL, arguments=TEXT)
_OUTPUT_ITEM: Final[Schema] = {
    "anyOf": [
        _MESSAGE,
        _FUNCTION_CALL,
        object_of(("namespace",), type=constant("custom_tool_call"), **_CALL, input=TEXT),
        object_of(
            ("encrypted_content",), id=TEXT, type=constant("reasoning"), summary=list_of(MAP), encrypted_content=TEXT
        ),
        object_of(
            id=TEXT,
            type=constant("file_search_call"),
            status=_STATUS,
            queries=list_of(TEXT),
            results=or_null(list_of(MAP)),
        ),
    ]
}
_INPUT_ITEM: Final[Schema] = {
    "anyOf": [
        _MESSAGE,
        _FUNCTION_CALL,
        object_of(id=TEXT, type=constant("function_call_output"), status=_STATUS, call_id=TEXT, output=TEXT),
    ]
}
_COMPACTION: Final = object_of(id=TEXT, type=constant("compaction"), encrypted_content=TEXT)
_USAGE: Final = object_of(
    input_tokens=NUMBER,
    input_tokens_details=object_of(cached_tokens=NUMBER, cache_write_tokens=NUMBER),
    output_tokens=NUMBER,
    output_tokens_details=object_of(reasoning_tokens=NUMBER),
    total_tokens=NUMBER,
)
_AMOUNT: Final[Schema] = {"type": "number"}

Response = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=object_of(
            ("quarry",),
            id=TEXT,
            object=constant("response"),
            created_at=NUMBER,
            completed_at=or_null(NUMBER),
            status={"enum": ["completed", "incomplete", "failed", "in_progress"]},
            error=or_null(object_of(code=TEXT, message=TEXT)),
            incomplete_details=or_null(object_of(reason={"enum": ["max_output_tokens", "content_filter"]})),
            model=TEXT,
            output=list_of(_OUTPUT_ITEM),
            usage=or_null(_USAGE),
            instructions=or_null(TEXT),
            max_output_tokens=or_null(NUMBER),
            max_tool_calls=or_null(NUMBER),
            parallel_tool_calls=FLAG,
            previous_response_id=or_null(TEXT),
            reasoning=object_of(effort=or_null(TEXT), summary=or_null(TEXT)),
            store=FLAG,
            temperature=_AMOUNT,
            text=object_of(format=MAP, verbosity=TEXT),
            tool_choice={"anyOf": [TEXT, MAP]},
            tools=list_of(MAP),
            top_p=_AMOUNT,
            truncation={"enum": ["auto", "disabled"]},
            metadata=MAP,
            user=or_null(TEXT),
            safety_identifier=or_null(TEXT),
            prompt_cache_key=or_null(TEXT),
            background=FLAG,
            service_tier=TEXT,
            top_logprobs=NUMBER,
            presence_penalty=_AMOUNT,
            frequency_penalty=_AMOUNT,
            quarry=QUARRY,
        )
    ),
]
ResponseEvent = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=object_of(
            ("response", "item", "output_index", "item_id", "delta"),
            type=TEXT,
            sequence_number=NUMBER,
            response=ref("Response"),
            item=_OUTPUT_ITEM,
            output_index=NUMBER,
            item_id=TEXT,
            delta=TEXT,
        )
    ),
]
DeletedResponse = Annotated[
    dict[str, Any], Meta(extra_json_schema=object_of(id=TEXT, object=constant("response"), deleted={"const": True}))
]
InputItemList = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=object_of(
            object=constant("list"),
            data=list_of(_INPUT_ITEM),
            first_id=or_null(TEXT),
            last_id=or_null(TEXT),
            has_more=FLAG,
        )
    ),
]
InputTokens = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=object_of(
            ("quarry",),
            object=constant("response.input_tokens"),
            input_tokens=NUMBER,
            quarry=object_of(estimated={"const": True}),
        )
    ),
]
CompactedResponse = Annotated[
    dict[str, Any],
    Meta(
        extra_json_schema=object_of(
            id=TEXT,
            object=constant("response.compaction"),
            created_at=NUMBER,
            output=list_of(_COMPACTION),
            usage=_USAGE,
        )
    ),
]
