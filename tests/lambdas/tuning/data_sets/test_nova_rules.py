"""Nothing is accepted that AWS refuses of data for Nova.

The other side is written anew here from what AWS has published, and knows nothing of our code: the user guide's page
fine-tune-prepare-data-understanding, its table of constraints, and what the checker in aws-samples/amazon-nova-samples
refuses (read in November 2026, not copied). Where that checker is stricter than the guide, ours warns: in answers that
have reserved words, and of fewer than 200 records for Nova 2 Lite.
"""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.lambdas.tuning.data_sets.builders import (
    GOOD,
    LITE,
    LITE_2,
    MICRO,
    assistant,
    conversation,
    image,
    line,
    reasoning,
    record,
    report_of,
    text,
    tool_use,
    user,
    video,
)

RESERVED = ("user:", "bot:", "assistant:", "system:", "thought:", "<image>", "<video>", "<unk>", "[eos]")
FORMATS = {
    LITE: {"image": {"png", "jpeg", "gif", "webp"}, "video": {"mov", "mkv", "mp4", "webm"}},
    LITE_2: {"image": {"png", "jpeg", "gif"}, "video": {"mov", "mkv", "mp4"}},
    MICRO: {"image": set[str](), "video": set[str]()},
}


class RefusedError(Exception):
    """What AWS would say."""


def refuse_if(is_wrong: object, why: str) -> None:
    """End here if something is wrong."""
    if is_wrong:
        raise RefusedError(why)


def refusal(content: bytes, base: str) -> str | None:
    """Why AWS refuses a file, or None."""
    try:
        _file(content, base)
    except RefusedError as error:
        return str(error)
    return None


def _file(content: bytes, base: str) -> None:
    kinds: set[str] = set()
    buckets: set[str] = set()
    try:
        lines = content.decode("utf-8").removesuffix("\n").split("\n")
        records = [json.loads(one) for one in lines]
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RefusedError("not JSON Lines") from error
    refuse_if(not 8 <= len(records) <= 20_000, "8 to 20,000 records")
    for one in records:
        refuse_if(not isinstance(one, dict) or not isinstance(one.get("messages"), list), "a record has messages")
        refuse_if(not isinstance(one.get("schemaVersion"), str | None), "schemaVersion is a text")
        for block in one.get("system") or []:
            refuse_if(not isinstance(block, dict) or not isinstance(block.get("text"), str), "system has texts")
            _prompt(block["text"])
        _messages(one["messages"], base, kinds, buckets)
    refuse_if({"image", "video"} <= kinds, "one kind of media")
    refuse_if(len(buckets) > 1, "media in the bucket of the data set")


def _messages(messages: list[Any], base: str, kinds: set[str], buckets: set[str]) -> None:
    roles = [one.get("role") if isinstance(one, dict) else None for one in messages]
    refuse_if(len(roles) < 2 or len(roles) % 2, "user and assistant in turns")
    refuse_if(roles != ["user", "assistant"] * (len(roles) // 2), "user and assistant in turns")
    counts = {"image": 0, "video": 0}
    for message in messages:
        content = message.get("content")
        refuse_if(not isinstance(content, list), "content is an array")
        _content(content, message["role"], base, buckets, counts)
    refuse_if(counts["image"] > 10, "10 images")
    refuse_if(counts["video"] > 1, "1 video")
    refuse_if(counts["image"] and counts["video"], "one kind of media")
    kinds |= {kind for kind, count in counts.items() if count}


def _content(content: list[Any], role: str, base: str, buckets: set[str], counts: dict[str, int]) -> None:
    said = 0
    for block in content:
        known = {"text", "image", "video", "reasoningContent", "toolUse"}
        refuse_if(not isinstance(block, dict) or not known & block.keys(), "a block has a kind")
        if "text" in block:
            refuse_if(not isinstance(block["text"], str), "a text is a text")
            said += len(block["text"])
            if role == "user":
                _prompt(block["text"])
        for kind in ("image", "video"):
            if kind in block:
                refuse_if(role == "assistant", "media are the user's")
                _medium(block[kind], FORMATS[base][kind], buckets)
                counts[kind] += 1
        if "reasoningContent" in block:
            refuse_if(base != LITE_2 or role != "assistant", "reasoning is Nova 2's")
        if "toolUse" in block:
            refuse_if(base != LITE_2 or role == "user", "tools are Nova 2's")
    has_other = any({"image", "video", "toolUse"} & block.keys() for block in content)
    refuse_if(not said and not has_other, "an empty message")


def _medium(medium: Any, formats: set[str], buckets: set[str]) -> None:
    refuse_if(not isinstance(medium, dict) or str(medium.get("format")).lower() not in formats, "a format")
    location = medium["source"].get("s3Location") if isinstance(medium.get("source"), dict) else None
    uri = location.get("uri") if isinstance(location, dict) else None
    refuse_if(not isinstance(uri, str) or not re.fullmatch(r"s3://[A-Za-z0-9_\-/.]+", uri), "an S3 URI")
    buckets.add(str(uri).split("/")[2])


def _prompt(said: str) -> None:
    refuse_if(any(word in said.lower() for word in RESERVED), "a reserved word")


SAID = st.one_of(
    st.sampled_from(["", "a", "User: hi", "BOT: x", "see <image>", "[EOS]", "thought: x", "<unk>", "user", "12:30"]),
    st.text(max_size=8),
)
MEDIA = st.one_of(
    st.builds(image, st.sampled_from(["s3://data/a.png", "s3://b/a.png", "https://x/y", "s3://data/a b"])),
    st.builds(lambda form: image(form=form), st.sampled_from(["png", "jpg", "webp", "JPEG"])),
    st.builds(lambda form: video(form=form), st.sampled_from(["mp4", "webm", "avi"])),
    st.sampled_from(
        [{"image": None}, {"image": {"format": "png"}}, {"video": {"format": "mp4", "source": "s3://a/b"}}]
    ),
)
BLOCK = st.one_of(SAID.map(text), SAID.map(text), MEDIA, st.sampled_from([{}, "a", None, reasoning(), tool_use()]))
CONTENT: st.SearchStrategy[Any] = st.one_of(st.lists(BLOCK, max_size=3), st.sampled_from(["a", None, {}]))
MESSAGE = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "assistant", "system", "User", None]),
    CONTENT,
)
TURNS = st.lists(st.tuples(SAID, SAID), min_size=1, max_size=3).map(
    lambda turns: [message for asked, said in turns for message in (user(text(asked)), assistant(text(said)))]
)
WITH_MEDIA = st.lists(MEDIA, min_size=1, max_size=12).map(lambda media: [user(text("a"), *media), assistant(text("b"))])
RECORD = st.one_of(
    TURNS.map(lambda messages: record(*messages)),
    WITH_MEDIA.map(lambda messages: record(*messages)),
    st.lists(MESSAGE, max_size=4).map(lambda messages: record(*messages)),
    SAID.map(lambda said: {**conversation(), "system": [text(said)]}),
    st.sampled_from([{}, {"messages": None}, {**conversation(), "schemaVersion": 1}, [], "a", 1]),
)
LINE = st.one_of(RECORD.map(line), st.sampled_from([b"", b"x", b'{"messages": [}', b"\xff", b"{}{}"]))


@examples(400)
@given(st.sampled_from([MICRO, LITE, LITE_2]), st.lists(LINE, min_size=1, max_size=3), st.integers(0, 8))
def test_nothing_is_accepted_that_aws_refuses(base: str, lines: list[bytes], good: int) -> None:
    content = b"\n".join([*GOOD[:good], *lines])

    why = refusal(content, base)

    assert why is None or not report_of(content, base=base).valid, why


@pytest.mark.parametrize("base", [MICRO, LITE, LITE_2])
def test_the_other_side_refuses_and_accepts(base: str) -> None:
    whole = b"\n".join(GOOD[:8])

    assert refusal(whole, base) is None
    assert report_of(whole, base=base).valid
    assert refusal(b"\n".join(GOOD[:7]), base) == "8 to 20,000 records"
    assert refusal(whole + b"\n" + line(conversation(asked="user: x")), base) == "a reserved word"
    assert refusal(whole + b"\n" + line(record(user(text("a")))), base) == "user and assistant in turns"


@examples(100)
@given(st.lists(TURNS, min_size=8, max_size=12), st.sampled_from([MICRO, LITE]))
def test_of_plain_conversations_what_aws_takes_is_accepted(records: list[list[Any]], base: str) -> None:
    content = b"\n".join(line(record(*messages)) for messages in records)
    blank = any(not block["text"].strip() for one in records for message in one for block in message["content"])
    nul = "\\u0000" in json.dumps(records)

    assert report_of(content, base=base).valid == (refusal(content, base) is None and not blank and not nul)
