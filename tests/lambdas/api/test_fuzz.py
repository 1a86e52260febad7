"""Bodies that nobody should send, drawn piece by piece: an answer or a 4xx in the one error shape, never a 5xx."""

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.api import composition, handler
from lambdas.common.observability import metrics
from tests import events
from tests.examples import examples
from tests.lambdas.api.fuzzing import ask, value
from tests.lambdas.api.test_handler import LambdaContext
from tests.lambdas.fakes import SETTINGS, converse_reply
from tests.lambdas.stores import desk

EVENT = events.load("chat_completion")
Ask = Callable[[str, bytes], tuple[int, bytes]]
TYPES = ["text", "image_url", "json_object", "json_schema", "function", "x"]

# A number stands for each value: Hypothesis would take longer to draw it piece by piece than the app to refuse it.
_json = st.integers(0, 2**32).map(lambda seed: value(random.Random(seed)))
_part = st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional={"text": _json, "image_url": _json})
_message = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "system", "developer", "x"])},
    optional={
        "content": _json | st.lists(_part, max_size=2) | st.text(min_size=1, max_size=8),
        "tool_calls": _json,
        "tool_call_id": _json,
        "name": _json,
    },
)
_tool = st.fixed_dictionaries({"type": st.just("function")}, optional={"function": _json})
_filter = st.recursive(
    st.dictionaries(st.sampled_from(["department", "year", "public", "any", "all", "x"]), _json, max_size=2),
    lambda inner: st.dictionaries(
        st.sampled_from(["any", "all", "year", "department"]),
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["gte", "in", "eq", "x"]), _json, max_size=2),
        max_size=2,
    ),
    max_leaves=6,
)
_search = st.fixed_dictionaries({}, optional={"filter": _filter | _json, "results": _json, "x": _json})
_request = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["fast", "smart", "embed", "x"]) | _json,
        "messages": st.lists(_message, max_size=4) | _json,
        "temperature": _json,
        "top_p": _json,
        "max_tokens": _json,
        "stop": _json,
        "stream": st.booleans() | _json,
        "stream_options": _json,
        "tools": st.lists(_tool, max_size=2) | _json,
        "tool_choice": _json,
        "response_format": st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional={"json_schema": _json}),
        "metadata": _json,
        "user": _json,
        "quarry": st.dictionaries(st.sampled_from(["top_k", "session", "guardrail_trace", "x"]), _json, max_size=2)
        | st.fixed_dictionaries({"knowledge": _search | _json}),
        "colour": _json,
    },
)
_questions = st.fixed_dictionaries(
    {},
    optional={
        "question": st.text(max_size=20) | _json,
        "query": st.text(max_size=20) | _json,
        "model": st.sampled_from(["fast", "embed", "x"]) | _json,
        "filter": _filter | _json,
        "results": st.integers(-1, 101) | _json,
        "session": _json,
        "max_tokens": _json,
        "temperature": _json,
        "colour": _json,
    },
)


@pytest.fixture(scope="module")
def post() -> Iterator[Ask]:
    with pytest.MonkeyPatch.context() as patch, desk(converse_reply()) as made:
        patch.setattr(composition, "exchanges", lambda: made.exchanges)
        patch.setattr(composition, "knowledge", lambda: made.knowledge)
        patch.setattr(composition, "settings", lambda: SETTINGS)
        patch.setattr(composition, "ledger", lambda: made.ledger)
        with asyncio.Runner() as loop:
            yield lambda path, content: loop.run(ask(path, content))
    metrics.clear_metrics()


def is_answered_or_refused(status: int, answer: bytes) -> bool:
    """Tell whether a reply is an answer, or a refusal in the one error shape."""
    if status == 200:
        return True
    error = json.loads(answer)["error"]
    return 400 <= status < 500 and set(error) == {"message", "type", "param", "code"} and bool(error["message"])


@given(body=_request | _json)
@examples(800)
def test_no_json_is_too_odd(post: Ask, body: Any) -> None:
    if isinstance(body, dict) and body.get("stream") is True:
        # A stream of the fake would need events; whether to stream is decided after everything that is fuzzed here.
        body["stream"] = False
    assert is_answered_or_refused(*post("/v1/chat/completions", json.dumps(body).encode("utf-8", "surrogatepass")))


@given(body=_questions)
@examples(200)
def test_no_question_is_too_odd(post: Ask, body: Any) -> None:
    assert is_answered_or_refused(*post("/v1/knowledge/query", json.dumps(body).encode("utf-8", "surrogatepass")))


@given(body=_questions)
@examples(100)
def test_no_search_is_too_odd(post: Ask, body: Any) -> None:
    event = {**EVENT, "path": "/v1/knowledge/retrieve", "body": json.dumps(body)}

    reply = handler.lambda_handler(event, LambdaContext())

    assert is_answered_or_refused(reply["statusCode"], reply["body"])
    metrics.clear_metrics()


@given(content=st.binary(max_size=200))
@examples(200)
def test_no_bytes_are_too_odd(post: Ask, content: bytes) -> None:
    assert is_answered_or_refused(*post("/v1/chat/completions", content))


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"messages":' * 50_000, b"1e999999", b"\x00" * 1000],
    ids=["lists", "objects", "number", "zeros"],
)
def test_no_nesting_is_too_deep(post: Ask, content: bytes) -> None:
    status, _ = post("/v1/chat/completions", content)

    assert status in {400, 413}
