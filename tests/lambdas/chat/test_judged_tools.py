"""Tools before the guardrail: what goes in, what comes out, whole and in a stream, and what is paid for once."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from lambdas.chat.conversation import Conversation
from lambdas.chat.documents import document
from lambdas.chat.events import CallBegan, CallDelta, Ended, Event, TextDelta
from lambdas.chat.guardrail import MOST_CHARACTERS, MOST_REMEMBERED, Guardrail, Passed
from lambdas.chat.judged_tools import TEXTUAL, judged_descriptions, judged_rounds
from lambdas.chat.service import ChatService
from lambdas.chat.spoken import Spoken
from lambdas.chat.text_parts import SEAM
from lambdas.chat.told import Called, Completion, Text
from lambdas.chat.tools import ANSWER_TOOL, NO_TOOLS, tool_spec
from lambdas.common.errors import RateLimitError
from tests.lambdas.chatting import parse
from tests.lambdas.fakes import ALIASES, SETTINGS, FakeConverse, client_error, converse_reply, stream_events

TOOL = {"type": "function", "function": {"name": "mail", "description": "Sends mail to ann@example.com."}}
CALL = {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "mail", "arguments": "{}"}}]}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
MESSAGE = "Stopped by policy."


def asked(*messages: Any, **fields: Any) -> Conversation:
    said = [{"role": "user", "content": "Write to her."}, *messages]
    return parse(json.dumps({"model": "fast", "messages": said, "tools": [TOOL], **fields}).encode())


def call(given: Any, *, id_: str = "c1") -> dict[str, Any]:
    return {
        "role": "assistant",
        "tool_calls": [{"id": id_, "function": {"name": "mail", "arguments": json.dumps(given)}}],
    }


def result(text: Any, *, id_: str = "c1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id_, "content": text}


def json_answer(*, described: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"to": {"type": "string", "description": described}}}
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}


def service(client: FakeConverse, **changes: Any) -> ChatService:
    settings = dataclasses.replace(SETTINGS, **changes)
    return ChatService(settings=settings, aliases=ALIASES, client=client, sleep=lambda _: None)


def calling(given: Any, *, name: str = "mail", text: str = "So:") -> dict[str, Any]:
    reply = converse_reply(stop_reason="tool_use")
    use = {"toolUse": {"toolUseId": "c1", "name": name, "input": given}}
    reply["output"]["message"]["content"] = [{"text": text}, use]
    return reply


def calling_events(*inputs: str, name: str = "mail") -> list[Any]:
    begin, *_, _stop, count = stream_events("So:")
    events: list[Any] = [begin, {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "So:"}}}]
    events.append({"contentBlockStop": {"contentBlockIndex": 0}})
    for index, given in enumerate(inputs, start=1):
        start = {"toolUse": {"toolUseId": f"c{index}", "name": name}}
        events.append({"contentBlockStart": {"contentBlockIndex": index, "start": start}})
        for sign in given:
            delta = {"toolUse": {"input": sign}}
            events.append({"contentBlockDelta": {"contentBlockIndex": index, "delta": delta}})
        events.append({"contentBlockStop": {"contentBlockIndex": index}})
    return [*events, {"messageStop": {"stopReason": "tool_use"}}, count]


def both(client: FakeConverse, conversation: Conversation, **changes: Any) -> Iterator[tuple[str, str]]:
    """Yield the text and the stop reason of a whole answer and of a streamed one."""
    asking = service(client, **changes)
    whole = asking.complete(conversation, conversation.spoken)
    yield whole.text, whole.stop_reason
    events = list(asking.stream(conversation, conversation.spoken))
    yield text(events), next(event.stop_reason for event in events if isinstance(event, Ended))


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def whole(client: FakeConverse, conversation: Conversation | None = None) -> Completion:
    conversation = conversation or asked()
    return service(client).complete(conversation, conversation.spoken)


def streamed(client: FakeConverse, conversation: Conversation | None = None) -> list[Event]:
    conversation = conversation or asked()
    return list(service(client).stream(conversation, conversation.spoken))


def saying(conversation: Conversation, spoken: Spoken) -> Conversation:
    """Return the conversation without tools, with something else said."""
    return msgspec.structs.replace(conversation, spoken=spoken, toolbox=NO_TOOLS)


@pytest.mark.parametrize(
    ("messages", "bad"), [((CALL, result("the nightshade plan")), "nightshade"), ((), "ann@example.com")]
)
def test_a_result_or_a_description_that_is_stopped_is_answered_without_a_model(messages: Any, bad: str) -> None:
    client = FakeConverse(converse_reply())
    client.stops = {bad}

    assert set(both(client, asked(*messages))) == {(MESSAGE, "guardrail_intervened")}
    assert client.calls == []
    assert set(client.sources) == {"INPUT"}


@pytest.mark.parametrize(
    ("given", "stops", "source"),
    [(asked(CALL, result("nightshade")), {"nightshade"}, "INPUT"), (asked(), {"eve@example.com"}, "OUTPUT")],
)
def test_what_it_found_where_converse_does_not_look_is_told_if_it_is_asked_for(
    given: Conversation, stops: set[str], source: str
) -> None:
    traced = msgspec.structs.replace(given, guardrail_trace=True)
    found = [{"source": source, "wordPolicy": {"customWords": [{"match": "x", "action": "BLOCKED"}]}}]
    client = FakeConverse(calling({"to": "eve@example.com"}))
    client.stops = stops
    assert whole(client, traced).quarry["guardrail"]["unseen"] == found
    assert whole(client, given).quarry == {}

    client = FakeConverse(calling_events('{"to": "eve@example.com"}'))
    client.stops = stops
    answer = service(client).stream(traced, traced.spoken)
    list(answer)
    assert answer.state.trace({"inputAssessment": {}}) == {"inputAssessment": {}, "unseen": found}


def test_where_it_found_nothing_converses_trace_is_all_there_is() -> None:
    traced = msgspec.structs.replace(asked(CALL, result("fine")), guardrail_trace=True)
    client = FakeConverse(converse_reply("Done."))

    assert "unseen" not in whole(client, traced).quarry["guardrail"]


def test_an_answer_that_was_stopped_before_the_model_took_nothing() -> None:
    client = FakeConverse(converse_reply())
    client.stops = {"ann"}

    assert set(whole(client).usage.values()) == {0}


def test_descriptions_are_not_shown_where_nobody_pays_for_it() -> None:
    client = FakeConverse(converse_reply("Done."))
    client.stops = {"ann@example.com"}
    conversation = asked()

    told = service(client, judge_tool_descriptions=False).complete(conversation, conversation.spoken)

    assert (told.text, client.judged) == ("Done.", [])


def test_a_masked_result_reaches_the_model_masked() -> None:
    client = FakeConverse(converse_reply("Done."))
    client.masks = {"bob@example.com": "{EMAIL}"}
    conversation = asked(CALL, result([{"type": "text", "text": "bob@example.com"}, {"type": "text", "text": "fine"}]))

    assert whole(client, conversation).text == "Done."

    block = client.calls[0]["messages"][-1]["content"][0]["toolResult"]
    assert block == {"toolUseId": "c1", "content": [{"text": "{EMAIL}"}, {"text": "fine"}]}
    # What was said is as it was: the session keeps it, and the next candidate is asked with it.
    assert "bob@example.com" in str(conversation.spoken.turns)


def test_a_call_that_comes_in_is_judged_as_its_result_is() -> None:
    client = FakeConverse(converse_reply())
    client.stops = {"nightshade"}
    assert set(both(client, asked(call({"to": "the nightshade plan"}), result("Sent.")))) == {
        (MESSAGE, "guardrail_intervened")
    }
    assert client.calls == []

    client = FakeConverse(converse_reply("Done."))
    client.masks = {"bob@example.com": "{EMAIL}", "5551234": "{PHONE}"}
    given = {"to": "bob@example.com", "phone": 5551234, "n": None}
    conversation = asked(call(given), result("bob@example.com"), call({}, id_="c2"), result("fine", id_="c2"))
    assert whole(client, conversation).text == "Done."
    assert set(client.sources) == {"INPUT"}
    (_, first, _, second, _) = (turn["content"] for turn in client.calls[0]["messages"])
    assert first[0]["toolUse"]["input"] == {"to": "{EMAIL}", "phone": "{PHONE}", "n": None}
    assert second[0]["toolUse"]["input"] == {}
    # What says nothing is not paid for.
    assert "{}" not in client.judged


@pytest.mark.parametrize("format_", sorted(TEXTUAL))
def test_a_document_of_a_result_is_judged_where_it_is_text(format_: str) -> None:
    client = FakeConverse(converse_reply())
    client.masks = {"bob": "{NAME}"}
    guardrail = Guardrail(client=client, guardrail_id="gr123", version="2")
    image = {"image": {"format": "png", "source": {"bytes": b"bob"}}}
    parts = [document(b"To bob", format_), document(b"%PDF-bob", "pdf"), image, {"json": {"to": 1}}]
    result_ = {"toolResult": {"toolUseId": "c1", "content": parts}}
    spoken = Spoken(system=[], turns=[{"role": "user", "content": [result_]}])

    told, stopped = judged_rounds(guardrail, spoken)

    assert stopped is None
    assert told.turns[0]["content"][0]["toolResult"]["content"] == [document(b"To {NAME}", format_), *parts[1:]]
    assert client.judged == ["To bob", '{"to": 1}']


@pytest.mark.parametrize("alias", ["fast", "smart"])
def test_the_schema_of_an_answer_is_judged_as_tools_are_by_whatever_it_is_enforced(alias: str) -> None:
    fields = {"model": alias, "tools": None, "response_format": json_answer(described="nightshade")}
    client = FakeConverse(converse_reply())
    client.stops = {"nightshade"}
    assert set(both(client, asked(**fields))) == {(MESSAGE, "guardrail_intervened")}

    client = FakeConverse(calling({}, name=ANSWER_TOOL))
    client.stops = {"nightshade"}
    conversation = asked(**fields)
    service(client, judge_tool_descriptions=False).complete(conversation, conversation.spoken)
    assert "nightshade" not in str(client.judged)


def test_a_request_without_tools_is_judged_by_converse_alone() -> None:
    client = FakeConverse(converse_reply("Done."))

    whole(client, asked(tools=None))

    assert client.judged == []


def test_what_was_let_through_is_not_judged_again_and_what_was_masked_is() -> None:
    client = FakeConverse(converse_reply("Done."))
    client.masks = {"bob": "{NAME}"}
    conversation = asked(CALL, result([{"type": "text", "text": "bob"}, {"type": "text", "text": "fine"}]))
    asking = service(client)

    for _ in range(2):
        asking.complete(conversation, conversation.spoken)

    assert [client.judged.count(one) for one in ("bob", "fine")] == [2, 1]
    assert sum("Sends mail" in one for one in client.judged) == 1


def test_the_oldest_is_forgotten_and_a_source_is_not_the_other() -> None:
    passed = Passed()
    for number in range(MOST_REMEMBERED + 1):
        passed.add("INPUT", str(number))

    assert ("INPUT", "0") not in passed
    assert ("INPUT", "1") in passed
    assert ("OUTPUT", "1") not in passed


def test_more_than_one_call_takes_goes_in_several_and_comes_back_in_order() -> None:
    client = FakeConverse(converse_reply())
    client.masks = {"bob": "{NAME}"}
    texts = ["a" * (MOST_CHARACTERS + 10), "b" * 500, "bob", ""]

    judged = Guardrail(client=client, guardrail_id="g", version="1").let_through(texts, "INPUT")

    assert list(judged.texts) == [*texts[:2], "{NAME}", ""]
    assert [len(one) for one in client.judged] == [MOST_CHARACTERS, 10, 500, 3, SEAM + 10]


LONG = [
    ("nightshade", "word " * 4_998 + "nightshade and more " * 400),
    ("night shade", "word " * 4_999 + "night shade " * 400),
    ("nightshade", "x" * (MOST_CHARACTERS - 5) + "nightshade" + "x" * 400),
    ("nightshade", "x" * (2 * MOST_CHARACTERS - 5) + "nightshade"),
    ("nightshade", '{"a": "' + "x" * (MOST_CHARACTERS - 11) + 'nightshade"}'),
]


@pytest.mark.parametrize(("bad", "long"), LONG, ids=range(len(LONG)))
def test_what_lies_across_a_cut_of_a_long_text_is_stopped_and_masked(bad: str, long: str) -> None:
    stopping, masking = FakeConverse(converse_reply()), FakeConverse(converse_reply())
    stopping.stops, masking.masks = {bad}, {bad: "{PLANT}"}

    stopped = Guardrail(client=stopping, guardrail_id="g", version="1").let_through([long], "INPUT")
    masked = Guardrail(client=masking, guardrail_id="g", version="1").let_through([long], "INPUT")

    assert stopped.stopped == MESSAGE
    assert masked.texts == [long.replace(bad, "{PLANT}")]
    assert all(len(one) <= MOST_CHARACTERS for one in (*stopping.judged, *masking.judged))


@pytest.mark.parametrize("kind", sorted(TEXTUAL))
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_users_document_that_is_text_is_judged_since_converse_does_not(kind: str, codec: str) -> None:
    said = [{"text": "Read this."}, document("Ask bob about it.".encode(codec), kind)]
    conversation = saying(asked(), Spoken(system=[], turns=[{"role": "user", "content": said}]))
    stopping, masking = FakeConverse(converse_reply()), FakeConverse(converse_reply())
    stopping.stops, masking.masks = {"bob"}, {"bob": "{NAME}"}

    for answer, reason in both(stopping, conversation):
        assert (answer, reason) == (MESSAGE, "guardrail_intervened")
    whole(masking, conversation)

    assert stopping.calls == []
    (_, sent) = masking.calls[0]["messages"][0]["content"]
    assert sent["document"]["source"]["bytes"] == b"Ask {NAME} about it."


@pytest.mark.parametrize("kind", ["pdf", "docx", "xlsx"])
def test_a_document_that_is_no_text_is_not_judged(kind: str) -> None:
    said = [{"text": "Read this."}, document(b"%PDF bob", kind)]
    conversation = saying(asked(), Spoken(system=[], turns=[{"role": "user", "content": said}]))
    client = FakeConverse(converse_reply())
    client.stops = {"bob"}

    assert whole(client, conversation).text == "An open pit."


def test_outputs_that_do_not_match_their_texts_are_asked_for_one_by_one() -> None:
    class Joining(FakeConverse):
        def apply_guardrail(self, **kwargs: Any) -> dict[str, Any]:
            reply = super().apply_guardrail(**kwargs)
            joined = "\n".join(output["text"] for output in reply["outputs"])
            return {**reply, "outputs": [{"text": joined}]} if reply["outputs"] else reply

    client = Joining(converse_reply())
    client.masks = {"bob": "{NAME}"}

    judged = Guardrail(client=client, guardrail_id="g", version="1").let_through(["bob", "fine"], "OUTPUT")

    assert list(judged.texts) == ["{NAME}", "fine"]


def test_a_call_that_is_let_through_is_told_as_it_was() -> None:
    client = FakeConverse(calling({"to": "bob"}))
    assert whole(client).blocks == [Text("So:"), Called("c1", "mail", {"to": "bob"})]
    assert client.sources[-1] == "OUTPUT"

    events = streamed(FakeConverse(calling_events('{"to": "bob"}', "")))
    assert [event for event in events if isinstance(event, CallBegan | CallDelta)] == [
        CallBegan(1, "c1", "mail"),
        CallDelta(1, '{"to": "bob"}'),
        CallBegan(2, "c2", "mail"),
        CallDelta(2, "{}"),
    ]
    assert events[-1] == Ended("tool_use")


def test_a_call_that_is_stopped_is_the_policys_message_at_the_answers_end() -> None:
    client = FakeConverse(calling({"to": "nightshade"}))
    client.stops = {"nightshade"}
    told = whole(client)
    assert (told.blocks, told.stop_reason) == ([Text(MESSAGE)], "guardrail_intervened")

    client = FakeConverse(calling_events('{"to": "bob"}', '{"to": "nightshade"}', '{"to": "eve"}'))
    client.stops = {"nightshade"}
    conversation = asked()
    answer = service(client).stream(conversation, conversation.spoken)
    events = list(answer)
    assert text(events) == f"So:{MESSAGE}"
    assert [event.part for event in events if isinstance(event, CallDelta)] == ['{"to": "bob"}']
    assert events[-1] == Ended("guardrail_intervened")
    # What it took is known all the same.
    assert answer.state.usage["inputTokens"] == 7


@pytest.mark.parametrize(
    ("given", "masked"),
    [
        ({"to": ["bob@example.com"], "n": 1}, {"to": ["{EMAIL}"], "n": 1}),
        ({"phone": 5551234, "on": True, "of": None}, {"phone": "{PHONE}", "on": True, "of": None}),
    ],
)
def test_a_masked_call_is_told_masked_and_stays_an_object(given: Any, masked: Any) -> None:
    masks = {"bob@example.com": "{EMAIL}", "5551234": "{PHONE}"}
    client = FakeConverse(calling(given))
    client.masks = masks
    told = whole(client)
    assert (told.calls, told.stop_reason) == ([Called("c1", "mail", masked)], "guardrail_intervened")

    client = FakeConverse(calling_events(json.dumps(given)))
    client.masks = masks
    events = streamed(client)
    assert json.loads("".join(event.part for event in events if isinstance(event, CallDelta))) == masked
    assert events[-1] == Ended("guardrail_intervened")


def test_a_json_answer_by_the_hidden_tool_is_judged_masked_and_stopped() -> None:
    conversation = asked(tools=None, response_format=SCHEMA)
    for replies in (calling({"to": "bob"}, name=ANSWER_TOOL), calling_events('{"to": "bob"}', name=ANSWER_TOOL)):
        for masks, stops, said in (({"bob": "{NAME}"}, set(), '{"to": "{NAME}"}'), ({}, {"bob"}, MESSAGE)):
            client = FakeConverse(replies)
            client.masks, client.stops = masks, stops
            if isinstance(replies, dict):
                told = whole(client, conversation)
                assert (told.text, told.stop_reason) == (said, "guardrail_intervened")
            else:
                events = streamed(client, conversation)
                assert text(events).endswith(said)
                assert events[-1] == Ended("guardrail_intervened")


@pytest.mark.parametrize("cut", ['{"to": "nigh', '{"to": "bob'])
def test_a_call_in_which_the_answer_was_cut_is_judged_too(cut: str) -> None:
    events = [*calling_events(cut)[:-3], {"messageStop": {"stopReason": "max_tokens"}}]
    client = FakeConverse(events)
    client.masks, client.stops = {"bob": "{NAME}"}, {"nigh"}

    told = streamed(client)

    assert told[-1] == Ended("guardrail_intervened")
    assert "bob" not in str(told)


def test_a_guardrail_that_fails_in_mid_stream_ends_it_as_every_failure_does() -> None:
    class Failing(FakeConverse):
        def apply_guardrail(self, **kwargs: Any) -> dict[str, Any]:
            if kwargs["source"] == "OUTPUT":
                raise client_error("ThrottlingException")
            return super().apply_guardrail(**kwargs)

    events = iter(service(client := Failing(calling_events("{}"))).stream(asked(), asked().spoken))
    told: list[Event] = []
    with pytest.raises(RateLimitError):
        told.extend(events)
    assert client.calls


def test_a_stream_that_is_closed_is_closed_beneath() -> None:
    client = FakeConverse(calling_events("{}"))
    conversation = asked()
    answer = service(client).stream(conversation, conversation.spoken)
    answer.close()

    assert client.streams[0].closed


def test_bounds_of_a_schema_are_not_judged_for_what_they_look_like() -> None:
    largest = 9_007_199_254_740_991
    schema = {"type": "object", "properties": {"at": {"type": "integer", "maximum": largest, "enum": [largest, "END"]}}}
    client = FakeConverse(converse_reply())
    guardrail = Guardrail(client=client, guardrail_id="gr123", version="2")

    judged_descriptions(guardrail, [tool_spec("dig", "Digs.", schema)])

    (judged,) = client.judged
    assert str(largest) not in judged
    assert all(word in judged for word in ("dig", "Digs.", "at", "END", "integer"))


def thinking(said: str) -> Conversation:
    """Return a conversation without tools that brings a thought, which no signature shows to be a model's."""
    asks = {"role": "user", "content": "How deep?"}
    thought = {"role": "assistant", "content": "Deep.", "reasoning_content": said}
    return parse(json.dumps({"model": "fast", "messages": [asks, thought, asks]}).encode())


def test_thoughts_that_nobody_signed_are_shown_and_stopped() -> None:
    client = FakeConverse(converse_reply())
    client.stops = {"Tell how to"}

    assert set(both(client, thinking("Tell how to."))) == {(MESSAGE, "guardrail_intervened")}
    assert (client.calls, set(client.sources)) == ([], {"INPUT"})


@pytest.mark.parametrize("written", ['{"to": "M\\u00fcller"}', '{"to": "Dear\\nM\\u00fcller"}', '{"to": "M\\u00fcll'])
def test_escapes_in_a_streamed_call_hide_nothing(written: str) -> None:
    client = FakeConverse(calling_events(written))
    client.stops = {"Müll"}

    events = streamed(client)

    assert text(events).endswith(MESSAGE)
    assert not any(isinstance(event, CallBegan) for event in events)


def test_a_word_behind_a_lines_end_is_shown_as_a_word_of_its_own() -> None:
    given = {"body": "Dear Ann,\nnightshade"}
    told, told_in_pieces = FakeConverse(calling(given)), FakeConverse(calling_events(json.dumps(given)))

    whole(told)
    streamed(told_in_pieces)

    assert told.judged[-1] == told_in_pieces.judged[-1] == '{"body": "Dear Ann,\nnightshade"}'


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"name": "Müller"}),
        json.dumps([{"type": "text", "text": json.dumps({"name": "Müller"})}]),
        json.dumps("Müller"),
        json.dumps({"name": "Müller"}) + "\n" + json.dumps({"name": "Ann"}),
        json.dumps({"note": 'a\n"Müller"'}, indent=2),
    ],
)
def test_escapes_in_a_result_hide_nothing(content: str) -> None:
    client = FakeConverse(converse_reply())
    client.stops = {"Müller"}
    assert whole(client, asked(CALL, result(content))).stop_reason == "guardrail_intervened"

    client = FakeConverse(converse_reply())
    client.masks = {"Müller": "{NAME}"}
    whole(client, asked(CALL, result(content)))
    sent = json.dumps(client.calls[-1]["messages"])
    assert "{NAME}" in sent
    assert "00fc" not in sent
