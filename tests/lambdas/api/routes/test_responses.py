"""``/v1/responses`` over fakes: answers, streams, what is kept and gone on from, and every fault in its own shape."""

import base64
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from starlette.testclient import TestClient

from lambdas.api import app, handler
from lambdas.api.openapi.document import answer_schemas
from lambdas.api.routes import responses
from tests import events
from tests.lambdas.api.conftest import Serve
from tests.lambdas.api.dialects.responses.asking import PATCH, WEATHER
from tests.lambdas.api.openapi.test_document import misfits
from tests.lambdas.fakes import client_error, converse_reply, stream_events

EVENT = events.load("chat_completion")
KEY: dict[str, Any] = EVENT["requestContext"]["authorizer"]
PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n...").decode()


def post(path: str = "/v1/responses", *, key: str | None = None, **members: Any) -> Any:
    context = {**EVENT["requestContext"], **({"authorizer": {"key_id": key}} if key else {})}
    body = {"model": "fast", "input": "How deep?", **members}
    headers = {"x-amzn-request-context": json.dumps(context)}
    return TestClient(app.app).post(path, content=json.dumps(body).encode(), headers=headers)


def ask(method: str, path: str, body: Any = None, *, key: str | None = None, **query: str) -> tuple[int, Any]:
    event = {**EVENT, "httpMethod": method, "path": path, "body": json.dumps(body), "queryStringParameters": query}
    if key:
        event["requestContext"] = {**EVENT["requestContext"], "authorizer": {"key_id": key}}
    reply = handler.app.resolve(event, LambdaContext())
    return reply["statusCode"], json.loads(reply["body"])


def sent(response: Any) -> list[dict[str, Any]]:
    """Return a stream's events; it ends in [DONE]."""
    *frames, last = [frame for frame in response.text.split("\n\n") if frame and not frame.startswith(":")]
    assert last == "data: [DONE]"
    return [json.loads(frame.split("\ndata: ")[1]) for frame in frames]


def fits(name: str, value: Any) -> None:
    assert list(misfits(value, answer_schemas()[name])) == []


def call_reply(*calls: tuple[str, str, Any]) -> dict[str, Any]:
    content = [{"toolUse": {"toolUseId": one, "name": name, "input": given}} for one, name, given in calls]
    return {**converse_reply(stop_reason="tool_use"), "output": {"message": {"role": "assistant", "content": content}}}


def test_a_whole_answer(serve: Serve) -> None:
    desk = serve(converse_reply())

    response = post(instructions="Be brief.")

    assert response.status_code == 200
    told = response.json()
    fits("Response", told)
    assert told["output"][0]["content"][0]["text"] == "An open pit."
    assert told["model"] == "fast"
    assert response.headers["x-quarry-model"] == "amazon.nova-micro-v1:0"
    assert desk.bedrock.calls[0]["system"] == [{"text": "Be brief."}]


def test_a_stream(serve: Serve) -> None:
    serve(stream_events("An ", "open pit."))

    response = post(stream=True)

    assert response.headers["content-type"].startswith("text/event-stream")
    found = sent(response)
    for event in found:
        assert set(event) >= {"type", "sequence_number"}
    assert [event["delta"] for event in found if event["type"] == "response.output_text.delta"] == ["An ", "open pit."]
    fits("Response", found[-1]["response"])
    assert found[-1]["type"] == "response.completed"
    # Headers come too early to tell it.
    told = found[-1]["response"]["quarry"]
    assert told["answered_by"] == "amazon.nova-micro-v1:0"
    assert told["micro_dollars"] > 0


@pytest.mark.parametrize("stream", [False, True])
def test_it_is_kept_and_read_and_deleted_by_its_key_alone(serve: Serve, stream: bool) -> None:
    serve(stream_events("An open pit.") if stream else converse_reply())
    response = post(stream=stream, metadata={"team": "geology"}, instructions="Be brief.")
    told = sent(response)[-1]["response"] if stream else response.json()

    status, found = ask("GET", f"/v1/responses/{told['id']}")
    assert status == 200
    # With what a stream's last event tells of the cost, which headers tell of a whole answer.
    assert ("quarry" in told) is stream
    assert found == {**told, "completed_at": found["completed_at"]}
    fits("Response", found)

    for method in ("GET", "DELETE"):
        assert ask(method, f"/v1/responses/{told['id']}", key="key_bob")[0] == 404
    status, gone = ask("DELETE", f"/v1/responses/{told['id']}")
    assert gone == {"id": told["id"], "object": "response", "deleted": True}
    fits("DeletedResponse", gone)
    assert ask("GET", f"/v1/responses/{told['id']}")[0] == 404


def test_one_that_is_not_to_be_kept_is_not(serve: Serve) -> None:
    serve(converse_reply())
    told = post(store=False).json()

    assert told["store"] is False
    assert ask("GET", f"/v1/responses/{told['id']}")[0] == 404
    assert post(previous_response_id=told["id"]).status_code == 404


def test_sessions_know_nothing_of_it(serve: Serve) -> None:
    serve(converse_reply())
    told = post().json()

    assert ask("GET", "/v1/sessions")[1]["data"] == []
    assert ask("GET", f"/v1/sessions/{told['id'].replace('resp', 'sess')}")[0] == 404


@pytest.mark.parametrize("stream", [False, True])
def test_another_goes_on_from_it_and_a_second_one_too(serve: Serve, stream: bool) -> None:
    reply: Any = stream_events("An open pit.") if stream else converse_reply()
    desk = serve(reply)
    response = post(instructions="Not kept.")
    first = response.json() if not stream else None
    if first is None:
        response = post(stream=True, instructions="Not kept.")
        first = sent(response)[-1]["response"]

    for question in ("Why?", "Where?"):
        response = post(input=question, previous_response_id=first["id"], stream=stream)
        told = sent(response)[-1]["response"] if stream else response.json()
        assert told["previous_response_id"] == first["id"]
        called = desk.bedrock.calls[-1]
        assert [message["content"][0]["text"] for message in called["messages"]] == [
            "How deep?",
            "An open pit.",
            question,
        ]
        assert "system" not in called

    last = post(input="And then?", previous_response_id=told["id"], stream=stream)
    assert last.status_code == 200
    assert len(desk.bedrock.calls[-1]["messages"]) == 5
    assert post(previous_response_id=first["id"], key="key_bob").status_code == 404


def test_what_may_not_be_cut_and_does_not_fit_is_refused_before_anything_is_asked(serve: Serve) -> None:
    desk = serve(converse_reply())
    response = post(input="Deep. " * 140)
    for _ in range(40):
        asked = len(desk.bedrock.calls)
        going_on = {"previous_response_id": response.json()["id"], "truncation": "disabled"}
        response = post(input="Deep. " * 140, **going_on)
        if response.status_code != 200:
            break

    assert response.status_code == 400
    error = response.json()["error"]
    assert (error["code"], error["param"]) == ("context_length_exceeded", "truncation")
    assert "`auto`" in error["message"]
    assert len(desk.bedrock.calls) == asked
    assert post(**{**going_on, "truncation": "auto"}).status_code == 200


@pytest.mark.parametrize(("given", "told"), [(None, "auto"), ("auto", "auto"), ("disabled", "disabled")])
def test_what_fits_goes_on_whatever_truncation_is(serve: Serve, given: str | None, told: str) -> None:
    serve(converse_reply())
    first = post(truncation=given).json()
    assert first["truncation"] == (given or "disabled")

    second = post(input="And?", previous_response_id=first["id"], truncation=given)

    assert (second.status_code, second.json()["truncation"]) == (200, told)


def test_instructions_in_the_input_go_on(serve: Serve) -> None:
    desk = serve(converse_reply())
    first = post(input=[{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Hi"}]).json()

    post(input="And?", previous_response_id=first["id"], instructions="Be brief.")

    assert [block["text"] for block in desk.bedrock.calls[-1]["system"]] == ["Be kind.", "Be brief."]


def test_a_result_answers_a_call_of_the_response_before(serve: Serve) -> None:
    desk = serve(call_reply(("c1", "weather", {"city": "Bonn"})), converse_reply("Rain."))
    first = post(tools=[WEATHER]).json()
    (call,) = first["output"]
    assert (call["type"], call["call_id"], call["arguments"]) == ("function_call", "c1", '{"city": "Bonn"}')

    result = {"type": "function_call_output", "call_id": "c1", "output": "Rain"}
    second = post(input=[result], previous_response_id=first["id"], tools=[WEATHER])

    assert second.json()["output"][0]["content"][0]["text"] == "Rain."
    assert desk.bedrock.calls[-1]["messages"][-1]["content"][0]["toolResult"]["toolUseId"] == "c1"
    wrong = post(input=[{**result, "call_id": "c2"}], previous_response_id=first["id"], tools=[WEATHER])
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "input[0].call_id")
    listed = ask("GET", f"/v1/responses/{second.json()['id']}/input_items")[1]
    assert listed["data"][0]["output"] == "Rain"


@pytest.mark.parametrize("stream", [False, True])
def test_items_may_be_referred_to(serve: Serve, stream: bool) -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "Deep.", "signature": "sig"}}}
    use = {"toolUse": {"toolUseId": "c1", "name": "weather", "input": {}}}
    reply = {
        **converse_reply(stop_reason="tool_use"),
        "output": {"message": {"role": "assistant", "content": [thought, use]}},
    }
    desk = serve(reply, converse_reply())
    first = post(model="smart", tools=[WEATHER], reasoning={"effort": "low"}).json()
    assert "encrypted_content" not in first["output"][0]

    items = [
        {"role": "user", "content": "Weather?"},
        *({"type": "item_reference", "id": item["id"]} for item in first["output"]),
        {"type": "function_call_output", "call_id": "c1", "output": "Rain"},
    ]
    assert post(model="smart", input=items, tools=[WEATHER]).status_code == 200

    assert desk.bedrock.calls[-1]["messages"][1]["content"] == [thought, use]
    assert post(model="smart", input=items, tools=[WEATHER], key="key_bob").status_code == 404
    status, whole = ask("GET", f"/v1/responses/{first['id']}", **{"include[]": "reasoning.encrypted_content"})
    assert (status, "encrypted_content" in whole["output"][0]) == (200, True)


def test_items_of_more_responses_than_are_read_for_nothing_are_refused(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "MOST_REFERRED", 3)
    desk = serve(converse_reply())
    items = [{"type": "item_reference", "id": f"msg_{number:032x}_0"} for number in range(4)]

    refused = post(input=[*items, {"role": "user", "content": "So?"}])

    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "input")
    assert "`previous_response_id`" in refused.json()["error"]["message"]
    assert desk.bedrock.calls == []
    # Those of as many as are read are looked for.
    assert post(input=[*items[1:], {"role": "user", "content": "So?"}]).status_code == 404


def test_a_search_that_is_referred_to_is_left_out(serve: Serve) -> None:
    # Its words are in the answer, as those of a search that is sent itself.
    desk = serve(converse_reply())
    first = post(tools=[{"type": "file_search", "vector_store_ids": []}]).json()
    assert first["output"][0]["type"] == "file_search_call"

    items = [{"type": "item_reference", "id": item["id"]} for item in first["output"]]
    response = post(input=[{"role": "user", "content": "How deep?"}, *items, {"role": "user", "content": "So?"}])

    assert response.status_code == 200
    assert response.headers["x-quarry-dropped-parameters"] == "input[]"
    assert [turn["role"] for turn in desk.bedrock.calls[-1]["messages"]] == ["user", "assistant", "user"]


def test_what_was_asked_is_listed_newest_first(serve: Serve) -> None:
    serve(call_reply(("c9", "weather", {})))
    told = post(
        input=[
            {"role": "developer", "content": "Be kind."},
            {
                "role": "user",
                "content": [{"type": "input_text", "text": "See"}, {"type": "input_image", "image_url": PNG}],
            },
            {"role": "assistant", "content": "Hm."},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"city":"Bonn"}'},
            {"type": "function_call_output", "call_id": "c1", "output": "Rain"},
        ],
        tools=[WEATHER],
    ).json()
    path = f"/v1/responses/{told['id']}/input_items"

    whole = ask("GET", path, order="asc")[1]
    fits("InputItemList", whole)
    assert [item["type"] for item in whole["data"]] == [
        *["message"] * 3,
        "function_call",
        "function_call_output",
    ]
    assert whole["data"][1]["content"][1]["text"] == "[png image, not kept]"
    first = ask("GET", path, limit="2")[1]
    assert [item["id"] for item in first["data"]] == [item["id"] for item in whole["data"][:2:-1]]
    rest = ask("GET", path, after=first["last_id"])[1]
    assert (len(rest["data"]), first["has_more"], rest["has_more"]) == (3, True, False)
    for query in ({"limit": "0"}, {"order": "up"}, {"after": "msg_1"}):
        assert ask("GET", path, **query)[0] == 400


def test_what_was_asked_may_be_referred_to_as_it_is_listed(serve: Serve) -> None:
    desk = serve(call_reply(("c9", "weather", {})), converse_reply("Yes."))
    asked = [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "A"}]
    told = post(input=asked, tools=[WEATHER]).json()
    items = ask("GET", f"/v1/responses/{told['id']}/input_items", order="asc")[1]["data"]

    again = post(input=[*({"type": "item_reference", "id": item["id"]} for item in items)])

    assert again.status_code == 200, again.text
    assert desk.bedrock.calls[-1]["system"] == [{"text": "Be kind."}]
    assert desk.bedrock.calls[-1]["messages"] == [{"role": "user", "content": [{"text": "A"}]}]
    other = post(input=[{"type": "item_reference", "id": items[1]["id"]}], key="another")
    assert (other.status_code, other.json()["error"]["code"]) == (404, "item_not_found")


@pytest.mark.parametrize("goes_on", [False, True])
def test_each_message_is_an_item_of_its_own_though_the_model_sees_them_as_one(serve: Serve, goes_on: bool) -> None:
    desk = serve(converse_reply("Hm."), converse_reply("Yes."), converse_reply("No."))
    before = {"previous_response_id": post(input="Hi").json()["id"]} if goes_on else {}

    told = post(input=[{"role": "user", "content": word} for word in ("A", "B", "C")], **before).json()

    page = ask("GET", f"/v1/responses/{told['id']}/input_items", limit="2")[1]
    assert [item["content"][0]["text"] for item in page["data"]] == ["C", "B"]
    rest = ask("GET", f"/v1/responses/{told['id']}/input_items", after=page["last_id"])[1]
    assert [item["content"][0]["text"] for item in rest["data"]] == ["A"]
    post(input="And?", previous_response_id=told["id"])
    sent = desk.bedrock.calls[-1]["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant"] * (1 + goes_on) + ["user"]
    assert [block["text"] for block in sent[-3]["content"]] == ["A", "B", "C"]


@pytest.mark.parametrize("response_id", ["resp_1", "META", "sess_" + "0" * 32, f"resp_{'0' * 32}"])
def test_what_is_no_responses_id_is_not_found(serve: Serve, response_id: str) -> None:
    serve(converse_reply())

    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/input_items")):
        status, answer = ask(method, f"/v1/responses/{response_id}{path}")
        assert (status, answer["error"]["code"]) == (404, "response_not_found")
    refused = post(previous_response_id=response_id)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "response_not_found")


def test_a_stored_response_is_not_streamed_again(serve: Serve) -> None:
    serve(converse_reply())

    status, answer = ask("GET", f"/v1/responses/{post().json()['id']}", stream="true")

    assert (status, answer["error"]["param"]) == (400, "stream")


@pytest.mark.parametrize("stream", [False, True])
def test_what_could_not_be_kept_is_answered_and_told(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    desk = serve(stream_events("An open pit.") if stream else converse_reply())

    def full(*_: Any) -> None:
        raise client_error("ProvisionedThroughputExceededException")

    monkeypatch.setattr(desk.responses.store, "put", full)
    response = post(stream=stream)

    assert response.status_code == 200
    if stream:
        assert sent(response)[-1]["response"]["quarry"]["not_recorded"] == {"turn": "unavailable"}
    else:
        assert response.headers["x-quarry-not-recorded"] == "turn=unavailable"


def test_tokens_are_counted_with_what_goes_before(serve: Serve) -> None:
    desk = serve(converse_reply())
    first = post().json()
    calls = len(desk.bedrock.calls)

    path = "/v1/responses/input_tokens"
    alone = post(path, input="How deep is it?").json()
    assert alone["object"] == "response.input_tokens"
    assert alone["quarry"] == {"estimated": True}
    fits("InputTokens", alone)
    body = {"input": "How deep is it?", "previous_response_id": first["id"]}
    assert post(path, **body).json()["input_tokens"] > alone["input_tokens"]
    assert post(path, key="key_bob", **body).status_code == 404
    assert len(desk.bedrock.calls) == calls


def test_a_compaction_stands_in_the_place_of_what_was_said(serve: Serve) -> None:
    desk = serve(converse_reply(), converse_reply("- The pit is three metres deep."), converse_reply())
    first = post().json()

    response = post("/v1/responses/compact", input="And how wide?", previous_response_id=first["id"])

    assert response.status_code == 200
    made = response.json()
    fits("CompactedResponse", made)
    read = desk.bedrock.calls[-1]["messages"][0]["content"][0]["text"]
    assert all(said in read for said in ("How deep?", "An open pit.", "And how wide?"))
    assert post(input=[*made["output"], {"role": "user", "content": "So?"}]).status_code == 200
    assert "- The pit is three metres deep." in desk.bedrock.calls[-1]["system"][0]["text"]


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (converse_reply("Stopped.", stop_reason="guardrail_intervened"), 400),
        (converse_reply(" "), 502),
        (client_error("ThrottlingException"), 429),
    ],
)
def test_without_notes_there_is_no_compaction(serve: Serve, reply: Any, status: int) -> None:
    serve(reply)

    assert post("/v1/responses/compact").status_code == status
    assert post("/v1/responses/compact", background=True, store=True).status_code == status
    assert post("/v1/responses/compact", input=[]).status_code == 400


@pytest.mark.parametrize("said", ["", []])
def test_a_stored_conversation_is_compacted_and_counted_by_its_last_response_alone(serve: Serve, said: Any) -> None:
    desk = serve(converse_reply(), converse_reply("- The pit is three metres deep."))
    first = post().json()

    counted = post("/v1/responses/input_tokens", input=said, previous_response_id=first["id"])
    response = post("/v1/responses/compact", input=said, previous_response_id=first["id"])

    assert (counted.status_code, response.status_code) == (200, 200)
    assert counted.json()["input_tokens"] > 0
    read = desk.bedrock.calls[-1]["messages"][0]["content"][0]["text"]
    assert all(told in read for told in ("How deep?", "An open pit."))
    # Who goes on has to say something.
    assert post(input=said, previous_response_id=first["id"]).status_code == 400


def test_what_a_file_search_cannot_do_is_told_in_its_words(serve: Serve) -> None:
    serve(converse_reply())
    search = {"type": "file_search", "vector_store_ids": ["vs_1"]}

    beside = post(tools=[WEATHER, search]).json()["error"]
    assert beside["param"] == "tools"
    assert beside["message"].startswith("`tools` cannot be had together with `file_search`")
    filtered = post(tools=[{**search, "filters": {"type": "eq", "key": "nothing", "value": 1}}]).json()["error"]
    assert filtered["param"].startswith("tools[0].filters")


def test_a_file_search_asks_the_documents_and_cites_them(serve: Serve) -> None:
    serve(converse_reply("Ten days ahead [1]."))

    response = post(
        input="How early are flights booked?",
        tools=[{"type": "file_search", "vector_store_ids": ["vs_1"]}],
        include=["file_search_call.results"],
    )

    assert response.status_code == 200
    told = response.json()
    fits("Response", told)
    search, message = told["output"]
    assert search["type"] == "file_search_call"
    assert search["results"][0]["text"]
    (annotation,) = message["content"][0]["annotations"]
    assert annotation["filename"] == search["results"][0]["filename"]
    assert told["quarry"]["answered"] is True
    kept = ask("GET", f"/v1/responses/{told['id']}")[1]
    assert kept["output"] == told["output"]


def test_a_question_to_the_documents_leans_on_the_response_before(serve: Serve) -> None:
    rewritten = "How early are trains booked?"
    desk = serve(converse_reply("We spoke of trains."), converse_reply(rewritten), converse_reply("A week [1]."))
    first = post(input="Trains, please.").json()

    search = {"type": "file_search", "vector_store_ids": []}
    told = post(input="How early?", tools=[search], previous_response_id=first["id"]).json()

    assert told["output"][0]["queries"] == [rewritten]
    assert len(desk.bedrock.calls) == 3
    assert len(desk.bedrock.calls[-1]["messages"]) == 3


def test_documents_and_own_tools_are_not_had_together(serve: Serve) -> None:
    serve(converse_reply())

    refused = post(tools=[WEATHER, {"type": "file_search", "vector_store_ids": []}])

    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "tools")


def test_a_custom_tool_is_called_with_text(serve: Serve) -> None:
    serve(call_reply(("c1", "apply_patch", {"input": "*** Begin Patch"})))

    (item,) = post(tools=[PATCH]).json()["output"]

    assert (item["type"], item["input"]) == ("custom_tool_call", "*** Begin Patch")


FAULTS = [
    (client_error("ThrottlingException"), 429, "rate_limit_error"),
    (client_error("AccessDeniedException"), 403, "permission_error"),
    (client_error("ModelErrorException"), 502, "api_error"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("fault", "status", "kind"), FAULTS)
def test_a_fault_before_the_answer_is_openais_error(
    serve: Serve, fault: Exception, status: int, kind: str, stream: bool
) -> None:
    serve(fault)

    response = post(model="smart", stream=stream)

    assert response.status_code == status
    assert response.json()["error"]["type"] == kind


def test_a_fault_in_mid_stream_fails_the_response_and_nothing_is_kept(serve: Serve) -> None:
    serve([*stream_events("An ")[:2], client_error("modelStreamErrorException")])

    found = sent(post(stream=True))

    assert [event["type"] for event in found[-2:]] == ["error", "response.failed"]
    assert found[-1]["response"]["error"]["code"] == "server_error"
    assert ask("GET", f"/v1/responses/{found[0]['response']['id']}")[0] == 404


def test_the_guardrail_in_mid_stream_is_a_result(serve: Serve) -> None:
    serve(stream_events("An ", "Stopped by policy.", stop_reason="guardrail_intervened"))

    last = sent(post(stream=True))[-1]

    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "content_filter"}
    kept = ask("GET", f"/v1/responses/{last['response']['id']}")[1]
    assert kept["status"] == "incomplete"


def test_what_is_refused_is_named_in_its_words(serve: Serve) -> None:
    serve(converse_reply())

    assert post(model="gpt-9").json()["error"]["code"] == "model_not_found"
    assert post(quarry={"top_k": 5}, model="fast").status_code in (200, 400)
    response = post(seed=5, reasoning={"effort": "high"})
    assert response.headers["x-quarry-dropped-parameters"] == "seed, reasoning.effort"
