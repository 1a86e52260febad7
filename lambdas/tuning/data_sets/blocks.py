"""The blocks of a message's content: text, images, videos, and what only some families take."""

import re
from typing import Any, Final

from lambdas.tuning.data_sets.record import Medium, Record, Wanted, check_text, kind_of

KINDS: Final = ("text", "image", "video", "reasoningContent", "toolUse", "toolResult", "document")
# Blocks of Converse that no model is tuned with.
_OTHERS: Final = ("audio", "cachePoint", "guardContent", "citationsContent", "searchResult")
_URI: Final = re.compile(r"s3://([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])/([\w\-/.]+)", re.ASCII)
_SOURCE: Final = '"source": {"s3Location": {"uri": "s3://BUCKET/KEY"}}'
# What stands in whose messages.
_ASSISTANTS: Final = ("reasoningContent", "toolUse")


def check_block(block: Any, where: str, role: str, wanted: Wanted, into: Record) -> str | None:
    """Note everything that is wrong with a block; return its kind."""
    if not isinstance(block, dict):
        into.problem("type", f"{where} is {kind_of(block)}, not an object", 'write it as {"text": "…"}')
        return None
    kinds = [kind for kind in KINDS if block.get(kind) is not None]
    if not kinds:
        other = next((kind for kind in _OTHERS if kind in block), None)
        said = f"is {other}, which no model is tuned with" if other else f"has none of {', '.join(KINDS[:3])}"
        into.problem("block", f"{where} {said}", 'write it as {"text": "…"}, or remove it')
        return None
    if len(kinds) > 1:
        into.problem("block", f"{where} has {' and '.join(kinds)}", "make a block of each")
        return kinds[0]
    kind = kinds[0]
    for key in block:
        if key != kind:
            into.warn("unknown-key", f"{where} has a key {key[:40]!r}, which Converse does not know there", "remove it")
    if kind == "text":
        text = check_text(block["text"], f"{where}.text", into)
        if text is not None:
            (into.prompts if role == "user" else into.answers).append((f"{where}.text", text))
    elif kind in ("image", "video"):
        _check_medium(kind, block[kind], f"{where}.{kind}", role, wanted, into)
    else:
        _check_extra(kind, block[kind], f"{where}.{kind}", role, wanted, into)
    return kind


def _check_medium(kind: str, value: Any, where: str, role: str, wanted: Wanted, into: Record) -> None:
    media = wanted.facts.media
    accepted = media.image_formats if kind == "image" else media.video_formats
    if not accepted:
        into.problem(
            "media", f"{where}: {wanted.base.name} is not tuned with {kind}s", "remove it, or take another base"
        )
        return
    if role == "assistant":
        into.problem("media", f"{where} is in a message of the assistant", f"put {kind}s into messages of the user")
        return
    if not isinstance(value, dict):
        into.problem("type", f"{where} is {kind_of(value)}, not an object", f'expected "format" and {_SOURCE}')
        return
    given = value.get("format")
    if not isinstance(given, str) or given.lower() not in accepted:
        shown = repr(given[:40]) if isinstance(given, str) else kind_of(given)
        hint = "write jpeg" if given in ("jpg", "JPG") else f"{wanted.base.name} takes {', '.join(accepted)}"
        into.problem("media-format", f"{where}.format is {shown}", hint)
    _check_location(value.get("source"), kind, where, into)


def _check_location(source: Any, kind: str, where: str, into: Record) -> None:
    if isinstance(source, dict) and "bytes" in source:
        into.problem("media-source", f"{where}.source has its bytes", f"upload the {kind} to S3: {_SOURCE}")
        return
    location = source.get("s3Location") if isinstance(source, dict) else None
    uri = location.get("uri") if isinstance(location, dict) else None
    if not isinstance(location, dict) or not isinstance(uri, str):
        into.problem("media-source", f"{where} has no source.s3Location.uri", f"expected {_SOURCE}")
        return
    found = _URI.fullmatch(uri)
    if not found:
        into.problem(
            "media-uri",
            f"{where}.source.s3Location.uri is {uri[:80]!r}",
            "expected s3://BUCKET/KEY with letters, digits, and _ - / . in the key",
        )
    owner = location.get("bucketOwner")
    if owner is not None and not (isinstance(owner, str) and re.fullmatch(r"\d{12}", owner, re.ASCII)):
        into.problem(
            "media-source",
            f"{where}.source.s3Location.bucketOwner is no account id",
            'expected 12 digits in quotes: "…"',
        )
    into.media.append(Medium(kind, found.group(1) if found else "", where))


def _check_extra(kind: str, value: Any, where: str, role: str, wanted: Wanted, into: Record) -> None:
    why = wanted.facts.extras.get(kind)
    if why is None:
        into.problem(
            "block", f"{where}: {wanted.base.name} is not tuned with {kind}", "remove it, or take another base"
        )
        return
    if (role == "assistant") != (kind in _ASSISTANTS):
        whose = "the assistant" if kind in _ASSISTANTS else "the user"
        into.problem("block", f"{where} is in a message of the {role}", f"put it into a message of {whose}")
        return
    if not isinstance(value, dict):
        into.problem("type", f"{where} is {kind_of(value)}, not an object", "write it as Converse has it")
        return
    if kind == "reasoningContent":
        reasoning = value.get("reasoningText")
        text = check_text(
            reasoning.get("text") if isinstance(reasoning, dict) else None, f"{where}.reasoningText.text", into
        )
        if text is not None:
            into.answers.append((f"{where}.reasoningText.text", text))
        return
    if kind == "document":
        _check_document(value, where, into)
    into.warn(kind, f"{where}: {why}", "leave it out where you can")


def _check_document(value: dict[str, Any], where: str, into: Record) -> None:
    given = value.get("format")
    if not isinstance(given, str) or given.lower() != "pdf":
        shown = repr(given[:40]) if isinstance(given, str) else kind_of(given)
        into.problem("media-format", f"{where}.format is {shown}", "only pdf is taken")
    _check_location(value.get("source"), "document", where, into)
