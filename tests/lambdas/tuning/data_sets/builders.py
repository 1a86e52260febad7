"""Records and files to put mistakes into, and what validation says of them."""

import json
from typing import Any

from lambdas.catalogue.customization import find
from lambdas.tuning.data_sets.report import Report
from lambdas.tuning.data_sets.source import DataSet
from lambdas.tuning.data_sets.validation import validate

MICRO, LITE, LITE_2 = "amazon.nova-micro-v1:0", "amazon.nova-lite-v1:0", "amazon.nova-2-lite-v1:0"
LLAMA_3_1 = "meta.llama3-1-8b-instruct-v1:0"
VERSION = "bedrock-conversation-2024"
TOOL = {"toolSpec": {"name": "w", "description": "Weather", "inputSchema": {"json": {"type": "object"}}}}

Json = dict[str, Any]


def text(said: str) -> Json:
    """A block of text."""
    return {"text": said}


def user(*blocks: Any) -> Json:
    """A message of the user."""
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Any) -> Json:
    """A message of the assistant."""
    return {"role": "assistant", "content": list(blocks)}


def record(*messages: Any, **others: Any) -> Json:
    """A record of Converse's schema."""
    return {**others, "messages": list(messages)}


def conversation(number: int = 0, *, asked: str | None = None, answered: str = "Yes.") -> Json:
    """A record without mistakes."""
    asked = asked or f"Question {number}?"
    return record(user(text(asked)), assistant(text(answered)), schemaVersion=VERSION, system=[text("Answer.")])


def image(uri: str = "s3://data/a.png", form: str = "png", **location: Any) -> Json:
    """A block of an image."""
    return {"image": {"format": form, "source": {"s3Location": {"uri": uri, **location}}}}


def video(uri: str = "s3://data/a.mp4", form: str = "mp4") -> Json:
    """A block of a video."""
    return {"video": {"format": form, "source": {"s3Location": {"uri": uri}}}}


def reasoning(said: str = "r") -> Json:
    """A block of reasoning."""
    return {"reasoningContent": {"reasoningText": {"text": said}}}


def tool_use(id_: str = "1", name: str = "w", given: Any = None) -> Json:
    """A block in which the model uses a tool."""
    return {"toolUse": {"toolUseId": id_, "name": name, "input": {} if given is None else given}}


def tool_result(id_: str = "1", content: Any = None) -> Json:
    """A block with what a tool has answered."""
    return {"toolResult": {"toolUseId": id_, "content": [{"text": "x"}] if content is None else content}}


def line(value: Any) -> bytes:
    """A line of JSON, or bytes as they are."""
    return value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()


GOOD = [line(conversation(number)) for number in range(100)]
PAIRS = [line({"prompt": f"Prompt {number}", "completion": "c"}) for number in range(130)]
GRADED = [
    line({"messages": [{"role": "user", "content": f"Prompt {number}"}], "reference_answer": str(number)})
    for number in range(130)
]
PROMPTS = [line(record(user(text(f"Prompt {number}")), schemaVersion=VERSION)) for number in range(130)]


def with_bad(value: Any, *, among: list[bytes] | None = None, after: tuple[Any, ...] = ()) -> bytes:
    """A file whose fourth line is the value; ``after`` are more lines at its end."""
    good = GOOD if among is None else among
    return b"\n".join([*good[:3], line(value), *good[3:-1], *map(line, after)]) + b"\n"


def report_of(
    content: bytes,
    *,
    base: str = MICRO,
    method: str = "fine_tuning",
    key: str = "train.jsonl",
    bucket: str | None = None,
    validation: bytes | None = None,
    piece: int | None = None,
) -> Report:
    """What is said of a file, read in pieces of so many bytes."""

    def data_set(name: str, content: bytes) -> DataSet:
        size = piece or max(len(content), 1)
        pieces = [content[start : start + size] for start in range(0, len(content), size)]
        return DataSet(name=name, key=name, pieces=pieces, bucket=bucket)

    second = None if validation is None else data_set("validation.jsonl", validation)
    return validate(data_set(key, content), base=find(base), method=method, validation=second)


def problems_of(content: bytes, **options: Any) -> list[tuple[int, str, str]]:
    """The problems as (line, rule, message)."""
    return [(problem.line, problem.rule, problem.message) for problem in report_of(content, **options).problems]
