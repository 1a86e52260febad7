"""Whatever comes in, what goes out is an answer or a ValidationException, never a failure of the stand-in itself."""

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
WHOLE: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"text": "What is the weather in Paris? <context>[1] x</context>"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "a", "name": "t", "input": {}}}]},
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "a", "content": [{"json": {}}], "status": "success"}},
                {"text": "Here."},
                {"document": {"name": "d", "format": "txt", "source": {"bytes": "aGk="}}},
                {"guardContent": {"text": {"text": "x", "qualifiers": ["query"]}}},
            ],
        },
    ],
    "system": [{"text": "s"}, {"cachePoint": {"type": "default"}}],
    "inferenceConfig": {"maxTokens": 9, "temperature": 0.5, "stopSequences": ["x"]},
    "toolConfig": {
        "tools": [
            {
                "toolSpec": {
                    "name": "t",
                    "inputSchema": {"json": {"type": "object", "properties": {"a": {"type": "integer"}}}},
                }
            }
        ],
        "toolChoice": {"any": {}},
    },
    "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{}"}}}},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [path, *(found for key, item in inner for found in places(item, (*path, key)))]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(places(WHOLE)[1:]), value=JSON)
def test_any_value_anywhere(post: Callable[..., Any], place: tuple[Any, ...], value: Any) -> None:
    body = copy.deepcopy(WHOLE)
    holder: Any = body
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    reply = post("converse", body)
    assert reply.status == 200 or reply.error.startswith("ValidationException"), reply.body


def test_the_whole_request_is_valid(post: Callable[..., Any]) -> None:
    assert post("converse", WHOLE).status == 200


def test_deep_nesting(post: Callable[..., Any]) -> None:
    deep: Any = {}
    for _ in range(400):
        deep = {"a": deep}
    body = copy.deepcopy(WHOLE)
    body["messages"][1]["content"][0]["toolUse"]["input"] = deep
    reply = post("converse", json.loads(json.dumps(body)))
    assert reply.status in (200, 400)
