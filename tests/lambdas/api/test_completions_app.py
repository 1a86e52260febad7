"""``/v1/completions`` as the Lambda Web Adapter calls it."""

import json
from typing import Any

from starlette.testclient import TestClient

from lambdas.api import app as module
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.fakes import client_error, converse_reply, stream_events

CONTEXT = events.load("chat_completion")["requestContext"]


def post(**fields: Any) -> Any:
    body = json.dumps({"model": "fast", "prompt": "What is a quarry?", **fields}).encode()
    return TestClient(module.app).post(
        "/v1/completions", content=body, headers={"x-amzn-request-context": json.dumps(CONTEXT)}
    )


def sent(response: Any) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def test_a_whole_answer_has_openais_shape(serve: Serve) -> None:
    serve(converse_reply())

    body = post(seed=1)

    assert body.headers["x-quarry-dropped-parameters"] == "seed"
    told = body.json()
    assert told.pop("id").startswith("cmpl-")
    assert told.pop("created") > 0
    assert told == {
        "object": "text_completion",
        "model": "fast",
        "choices": [{"text": "An open pit.", "index": 0, "logprobs": None, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 7,
            "completion_tokens": 4,
            "total_tokens": 11,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def test_a_stream_has_openais_events(serve: Serve) -> None:
    serve(stream_events("An ", "open pit.", stop_reason="max_tokens"))

    told = sent(post(stream=True, stream_options={"include_usage": True}))

    assert told[-1] == "[DONE]"
    *pieces, ending, count = told[:-1]
    assert "".join(piece["choices"][0]["text"] for piece in pieces) == "An open pit."
    assert ending["choices"][0]["finish_reason"] == "length"
    assert (count["choices"], count["usage"]["total_tokens"]) == ([], 9)
    assert len({piece["id"] for piece in told[:-1]}) == 1
    assert count["quarry"]["micro_dollars"] > 0
    assert count["quarry"]["answered_by"] == "amazon.nova-micro-v1:0"


def test_failures_are_told_as_openai_does(serve: Serve) -> None:
    serve([*stream_events("An ")[:2], client_error("modelStreamErrorException")])

    told = sent(post(stream=True))

    assert set(told[-2]["error"]) == {"message", "type", "param", "code"}
    assert told[-1] == "[DONE]"
    assert post(prompt="").json()["error"]["param"] == "prompt"
