"""Records of data sets, each as AWS wants it or with what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.model.tuned import Example
from sandbox.tuning import records
from sandbox.tuning.records import RecordError, Rules
from tests.sandbox.tuning.conftest import tweet

_FORMATS = ("png", "jpeg", "gif", "mov", "mp4")
NOVA = Rules(("TEXT", "IMAGE", "VIDEO"), _FORMATS, 32_000, "data", is_nova=True)
LLAMA = Rules(("TEXT",), (), 16_000, "data", is_nova=False)


def _read(record: Any, reader: records.Reader = records.conversation, rules: Rules = NOVA) -> list[Example]:
    return records.read(json.dumps(record).encode(), reader, rules)


def _says(*roles: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": role, "content": [{"text": f"{role} {place}"}]} for place, role in enumerate(roles)]
    return {"schemaVersion": "bedrock-conversation-2024", "messages": messages, **more}


def _image(uri: str = "s3://data/images/a.png", kind: str = "image", form: str = "png") -> dict[str, Any]:
    record = tweet("look", "a cat")
    record["messages"][0]["content"].append({kind: {"format": form, "source": {"s3Location": {"uri": uri}}}})
    return record


def test_every_turn_of_the_assistant_is_learned() -> None:
    assert _read(_says("user", "assistant", "user", "assistant")) == [
        Example("user 0", "assistant 1"),
        Example("user 2", "assistant 3"),
    ]
    assert _read({"prompt": "a", "completion": "b"}, records.completion, LLAMA) == [Example("a", "b")]
    asked = {"messages": [{"role": "user", "content": "a"}], "reference_answer": {"sum": 1}}
    assert _read(asked, records.reference) == [Example("a", '{"sum": 1}')]
    assert _read(_says("user"), records.prompt) == []
    assert _read(_says("user", "assistant"), records.prompt) == [Example("user 0", "assistant 1")]


def test_pictures_and_films_of_the_same_bucket_are_taken() -> None:
    record = _image()
    assert _read(record) == [Example("look", "a cat")]
    assert list(records.media_keys(record)) == ["images/a.png"]
    assert _read(_image("s3://data/a.mp4", "video", "mp4"))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ([], "the record must be a JSON object"),
        ({}, "messages must be a list that is not empty"),
        (_says("assistant", "user"), "messages.0: the role must be user"),
        (_says("user", "user"), "messages.1: the role must be assistant"),
        (_says("user", "assistant", "user"), "the last message must be the assistant's"),
        (_says("user", "assistant", schemaVersion=1), "schemaVersion must be a text"),
        (_says("user", "assistant", more=1), "unknown more"),
        (_says("user", "assistant", system="be kind"), "system must be a list"),
        (_says("user", "assistant", system=[{"text": " "}]), "system.0.text must be a text that is not empty"),
        (_says("user", "assistant", system=[{"text": "System: be kind"}]), "system holds 'System:'"),
        (tweet("see <image>", "x"), "messages.0.content holds '<image>'"),
        (tweet("", "x"), "messages.0.content.0.text must be a text that is not empty"),
        (tweet("a" * 200_000, "x"), "the record is longer than 32000 tokens"),
        (_image("s3://other/a.png"), "must name an object in the bucket of the training data"),
        (_image("s3://data/a(1).png"), "must name an object in the bucket of the training data"),
        (_image(form="webp"), "needs a format of png, jpeg, gif"),
        (_image(kind="audio"), "messages.0.content.1: audio is not supported for the user of this model"),
    ],
)
def test_a_wrong_conversation_is_refused(record: Any, words: str) -> None:
    with pytest.raises(RecordError) as refused:
        _read(record)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("record", "reader", "words"),
    [
        ({"prompt": "a"}, records.completion, "completion must be a text that is not empty"),
        ({"prompt": "a", "completion": 1}, records.completion, "completion must be a text that is not empty"),
        ({"prompt": "a", "completion": "b", "c": 1}, records.completion, "unknown c"),
        ({"messages": [{"role": "user", "content": "a"}]}, records.reference, "reference_answer is missing"),
        ({"messages": [{"role": "tool", "content": "a"}]}, records.reference, "messages.0: the role must be"),
        (_says("user", schemaVersion="2023"), records.prompt, "schemaVersion must be bedrock-conversation-2024"),
        (_says("user", system=[{"text": "a" * 17_000}]), records.prompt, "longer than 16 KB"),
        (_image(), records.conversation, "image is not supported for the user of this model"),
    ],
)
def test_other_wrong_records_are_refused(record: Any, reader: records.Reader, words: str) -> None:
    with pytest.raises(RecordError) as refused:
        _read(record, reader, LLAMA)
    assert words in str(refused.value)


def test_other_families_may_have_what_nova_forbids_and_answers_may_too() -> None:
    assert _read(tweet("User: hello", "x"), rules=LLAMA)
    assert _read(tweet("hello", "Bot: hello"))
