"""Records of Converse's schema: a system text and messages in turn, of which the last is what the model is to learn."""

from typing import Any

from lambdas.tuning.data_sets.blocks import check_block
from lambdas.tuning.data_sets.record import Record, Wanted, check_keys, check_text, kind_of
from lambdas.tuning.data_sets.tools import check_tools

_SYSTEM = 'write it as [{"text": "…"}], or leave it out'
_CONTENT = 'write it as [{"text": "…"}]'


def check(record: dict[str, Any], wanted: Wanted, into: Record) -> None:
    """Note everything that is wrong with a record."""
    extras = wanted.facts.extras
    if not check_keys(record, wanted, into, besides=("toolConfig",)):
        return
    _check_version(record, wanted, into)
    if record.get("system") is not None:
        _check_system(record["system"], into)
    messages = record["messages"]
    if not isinstance(messages, list):
        into.problem("type", f"messages is {kind_of(messages)}, not an array", f"expected: {wanted.format.example}")
        return
    if messages and all(isinstance(one, dict) and isinstance(one.get("content"), str) for one in messages):
        what = "one of reinforcement" if "reference_answer" in record else "one of OpenAI's chat format"
        into.problem(
            "other-format",
            f"the record is {what}, whose content is a text, and {wanted.base.name} takes blocks of text",
            f"{_CONTENT}, or let `quarry tune convert` do it",
        )
        return
    if not messages:
        into.problem("no-messages", "messages is empty", f"expected: {wanted.format.example}")
        return
    roles = [_check_message(message, f"messages[{index}]", wanted, into) for index, message in enumerate(messages)]
    if None not in roles:
        _check_roles([role for role in roles if role], wanted, into)
    _check_together(into, wanted)
    if "toolConfig" in record and "toolConfig" not in extras:
        into.problem(
            "tools",
            f"toolConfig is there, and {wanted.base.name} is not tuned with tools",
            "remove tools and their uses",
        )
    check_tools(record.get("toolConfig"), messages, wanted, into)


def _check_version(record: dict[str, Any], wanted: Wanted, into: Record) -> None:
    if "schemaVersion" not in record:
        return
    version = record["schemaVersion"]
    needed = wanted.format.schema_version
    if not isinstance(version, str):
        into.problem(
            "schema-version",
            f"schemaVersion is {kind_of(version)}, not a text",
            'write "schemaVersion": "bedrock-conversation-2024"',
        )
    elif needed and version != needed:
        into.problem("schema-version", f"schemaVersion is {version[:40]!r}", f'write "schemaVersion": "{needed}"')


def _check_system(system: Any, into: Record) -> None:
    if not isinstance(system, list):
        into.problem("type", f"system is {kind_of(system)}, not an array", _SYSTEM)
        return
    for index, block in enumerate(system):
        where = f"system[{index}]"
        if not isinstance(block, dict):
            into.problem("type", f"{where} is {kind_of(block)}, not an object", _SYSTEM)
        elif "text" not in block:
            into.problem("block", f"{where} has no text", _SYSTEM)
        else:
            _warn_of_keys(block, ("text",), where, into)
            text = check_text(block["text"], f"{where}.text", into)
            if text is not None:
                into.prompts.append((f"{where}.text", text))


def _check_message(message: Any, where: str, wanted: Wanted, into: Record) -> str | None:
    """Return the message's role if it has one."""
    if not isinstance(message, dict):
        into.problem("type", f"{where} is {kind_of(message)}, not an object", f"expected: {wanted.format.example}")
        return None
    _warn_of_keys(message, ("role", "content"), where, into)
    role = _role(message, where, into)
    if "content" not in message:
        into.problem("missing-key", f"{where} has no content", _CONTENT)
        return role
    content = message["content"]
    if isinstance(content, str):
        into.problem(
            "other-format",
            f"{where}.content is a text, as in OpenAI's chat format, not an array of blocks",
            f"{_CONTENT}, or let `quarry tune convert` do it",
        )
    elif not isinstance(content, list):
        into.problem("type", f"{where}.content is {kind_of(content)}, not an array", _CONTENT)
    elif not content:
        into.problem("empty-text", f"{where}.content is empty", "fill it, or remove the record")
    else:
        kinds = [
            check_block(block, f"{where}.content[{index}]", role or "user", wanted, into)
            for index, block in enumerate(content)
        ]
        if kinds and all(kind == "reasoningContent" for kind in kinds):
            into.problem("block", f"{where}.content has reasoning and no answer", "add a block of text")
    return role


def _role(message: dict[str, Any], where: str, into: Record) -> str | None:
    if "role" not in message:
        into.problem("missing-key", f"{where} has no role", 'write "role": "user" or "role": "assistant"')
        return None
    role = message["role"]
    if isinstance(role, str) and role in ("user", "assistant"):
        return role
    shown = repr(role[:40]) if isinstance(role, str) else kind_of(role)
    fix = 'write "user" or "assistant", in small letters'
    if role == "system":
        fix = 'move it out of messages, to "system": [{"text": "…"}]'
    into.problem("role", f"{where}.role is {shown}", fix)
    return None


def _check_roles(roles: list[str], wanted: Wanted, into: Record) -> None:
    if roles[0] != "user":
        into.problem("first-role", "the first message is the assistant's", "begin with a message of the user")
    for index in range(1, len(roles)):
        if roles[index] == roles[index - 1]:
            into.problem(
                "role-order",
                f"messages[{index - 1}] and messages[{index}] are both the {roles[index]}'s",
                "let user and assistant take turns; join messages of the same role",
            )
            break
    if roles[-1] not in wanted.format.last_roles:
        into.problem(
            "last-role",
            "the last message is the user's: there is no answer to learn",
            "end with a message of the assistant",
        )
    turns, limit = roles.count("user"), wanted.facts.limits.turns
    if limit and turns > limit:
        into.problem(
            "turns",
            f"the record has {turns} user messages; {wanted.base.name} takes {limit} for {wanted.method}",
            "make a record of each question",
        )


def _check_together(into: Record, wanted: Wanted) -> None:
    limits = wanted.facts.media
    for kind, most in (("image", limits.images), ("video", limits.videos), ("document", 1)):
        count = sum(medium.kind == kind for medium in into.media)
        if most and count > most:
            into.problem("media-count", f"the record has {count} {kind}s; {most} at most", "split the record")
    kinds = {medium.kind for medium in into.media}
    if "video" in kinds and len(kinds) > 1:
        (other,) = kinds - {"video"} if len(kinds) == 2 else ("image",)
        into.problem(
            "media-mixed", f"the record has videos and {other}s", f"have either videos or {other}s in a data set"
        )


def _warn_of_keys(value: dict[str, Any], known: tuple[str, ...], where: str, into: Record) -> None:
    for key in value:
        if key not in known:
            into.warn("unknown-key", f"{where} has a key {key[:40]!r}, which Converse does not know there", "remove it")
