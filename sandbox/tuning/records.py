"""Records of data sets: whether one is as AWS wants it, and what a model learns from it.

Sources: Bedrock user guide, "Prepare data for fine-tuning", "Nova fine-tuning data", "Distillation", "Reinforcement
fine-tuning"; AWS's own checker of Nova's data sets. Where AWS is not known, this is stricter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.model.errors import Json
from sandbox.model.tuned import Example

FORBIDDEN = ("User:", "Bot:", "Assistant:", "System:", "Thought:", "<image>", "<video>", "<unk>", "[EOS]")
"""What the user's and the system's texts of Nova's data may not hold anywhere."""

MOST_IMAGES = 10
MOST_VIDEOS = 1
_CHARACTERS_PER_TOKEN = 6  # as AWS plans
_MEDIA = {"image": ("png", "jpeg", "gif", "webp"), "video": ("mov", "mkv", "mp4", "webm")}
_MEDIA_URI = re.compile(r"s3://([^/]+)/([A-Za-z0-9_\-/.]+)")
_DISTILLATION = "bedrock-conversation-2024"
_LINE_BYTES = 16 * 1024  # of a distillation prompt


@dataclass(frozen=True)
class Rules:
    """What a base model takes: modalities, formats of media, tokens per record; and the bucket that media lie in."""

    modalities: tuple[str, ...]
    formats: tuple[str, ...]
    tokens: int
    bucket: str
    is_nova: bool


class RecordError(ValueError):
    """A record is not as it has to be; the text says why."""


Reader = Callable[[Json, Rules], list[Example]]


def read(line: bytes, reader: Reader, rules: Rules) -> list[Example]:
    """Return what one line teaches.

    Raises:
        RecordError: it is not as it has to be.
    """
    try:
        record = json.loads(line)
    except ValueError as error:
        raise RecordError("the record is not valid JSON") from error
    if not isinstance(record, dict):
        raise RecordError("the record must be a JSON object")
    return reader(record, rules)


def conversation(record: Json, rules: Rules, *, answered: bool = True) -> list[Example]:
    """A conversation in Converse's schema: the assistant's turns are learned."""
    if not isinstance(record.get("schemaVersion", ""), str):
        raise RecordError("schemaVersion must be a text")
    _only(record, "schemaVersion", "system", "messages")
    system = _texts(record.get("system", []), "system")
    _without_forbidden(system, "system", rules)
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RecordError("messages must be a list that is not empty")
    examples, asked, media = [], "", {"image": 0, "video": 0}
    total = sum(map(len, system))
    for place, message in enumerate(messages):
        role = "assistant" if place % 2 else "user"
        if not isinstance(message, dict) or message.get("role") != role:
            raise RecordError(f"messages.{place}: the role must be {role}; the user begins, and roles alternate")
        _only(message, "role", "content")
        text = _content(message.get("content"), f"messages.{place}.content", role, rules, media)
        total += len(text)
        if role == "user":
            asked = text
        else:
            examples.append(Example(asked, text))
    if answered and len(messages) % 2:
        raise RecordError("the last message must be the assistant's")
    if media["image"] > MOST_IMAGES or media["video"] > MOST_VIDEOS or all(media.values()):
        raise RecordError(f"a record has at most {MOST_IMAGES} images or {MOST_VIDEOS} video")
    _within(total, rules)
    return examples or [Example(asked, "")]


def completion(record: Json, rules: Rules) -> list[Example]:
    """A prompt and its completion."""
    _only(record, "prompt", "completion")
    prompt, answer = _text(record.get("prompt"), "prompt"), _text(record.get("completion"), "completion")
    _within(len(prompt) + len(answer), rules)
    return [Example(prompt, answer)]


def prompt(record: Json, rules: Rules) -> list[Example]:
    """A prompt of distillation, with or without a golden answer."""
    if len(json.dumps(record, ensure_ascii=False).encode()) > _LINE_BYTES:
        raise RecordError("the record is longer than 16 KB")
    if record.get("schemaVersion") != _DISTILLATION:
        raise RecordError(f"schemaVersion must be {_DISTILLATION}")
    return [example for example in conversation(record, rules, answered=False) if example.answer]


def reference(record: Json, rules: Rules) -> list[Example]:
    """Messages in OpenAI's form with a reference answer, for reinforcement fine-tuning."""
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RecordError("messages must be a list that is not empty")
    asked = ""
    for place, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("system", "developer", "user", "assistant"):
            raise RecordError(f"messages.{place}: the role must be system, developer, user or assistant")
        text = _text(message.get("content"), f"messages.{place}.content")
        asked = text if message["role"] == "user" else asked
    if messages[-1]["role"] != "user":
        raise RecordError("the last message must be the user's")
    answer = record.get("reference_answer")
    if answer in (None, "", {}):
        raise RecordError("reference_answer is missing")
    _within(sum(len(message["content"]) for message in messages), rules)
    return [Example(asked, answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))]


def _content(blocks: Any, path: str, role: str, rules: Rules, media: dict[str, int]) -> str:
    if not isinstance(blocks, list) or not blocks:
        raise RecordError(f"{path} must be a list that is not empty")
    texts = []
    for place, block in enumerate(blocks):
        if not isinstance(block, dict) or len(block) != 1:
            raise RecordError(f"{path}.{place} must have exactly one member")
        (kind,) = block
        if kind == "text":
            texts.append(_text(block["text"], f"{path}.{place}.text"))
        elif kind in _MEDIA and role == "user" and kind.upper() in rules.modalities:
            _check_media(block[kind], kind, f"{path}.{place}.{kind}", rules)
            media[kind] += 1
        else:
            raise RecordError(f"{path}.{place}: {kind} is not supported for the {role} of this model")
    if not texts and role == "assistant":
        raise RecordError(f"{path}: the assistant's message has no text")
    if role == "user":
        _without_forbidden(texts, path, rules)
    return "\n".join(texts)


def _check_media(value: Any, kind: str, path: str, rules: Rules) -> None:
    formats = [name for name in _MEDIA[kind] if name in rules.formats]
    source = (value.get("source") or {}).get("s3Location") if isinstance(value, dict) else None
    if not isinstance(source, dict) or value.get("format") not in formats:
        raise RecordError(f"{path} needs a format of {', '.join(formats)} and source.s3Location.uri")
    found = _MEDIA_URI.fullmatch(str(source.get("uri")))
    if found is None or found[1] != rules.bucket:
        raise RecordError(f"{path}.source.s3Location.uri must name an object in the bucket of the training data")


def media_keys(record: Json) -> Iterator[str]:
    """Return the keys of the objects that a conversation names."""
    for message in record["messages"]:
        for block in message["content"]:
            for kind in _MEDIA:
                if kind in block:
                    yield block[kind]["source"]["s3Location"]["uri"].split("/", 3)[3]


def _texts(blocks: Any, path: str) -> list[str]:
    if not isinstance(blocks, list):
        raise RecordError(f"{path} must be a list")
    found = []
    for place, block in enumerate(blocks):
        if not isinstance(block, dict) or set(block) != {"text"}:
            raise RecordError(f"{path}.{place} must have a text and nothing else")
        found.append(_text(block["text"], f"{path}.{place}.text"))
    return found


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RecordError(f"{path} must be a text that is not empty")
    return value


def _without_forbidden(texts: list[str], path: str, rules: Rules) -> None:
    if not rules.is_nova:
        return
    for text in texts:
        for word in FORBIDDEN:
            if word in text:
                raise RecordError(f"{path} holds {word!r}, which is not allowed")


def _only(record: Json, *names: str) -> None:
    if unknown := sorted(set(record) - set(names)):
        raise RecordError(f"unknown {', '.join(unknown)}")


def _within(characters: int, rules: Rules) -> None:
    if characters / _CHARACTERS_PER_TOKEN > rules.tokens:
        raise RecordError(f"the record is longer than {rules.tokens} tokens")
