"""Tools in a record: whether uses, results and definitions belong together."""

from collections.abc import Iterator
from typing import Any

from lambdas.tuning.data_sets.record import Record, Wanted, kind_of

_SPEC = 'expected {"toolSpec": {"name", "description", "inputSchema": {"json": {"type": "object", …}}}}'


def check_tools(config: Any, messages: list[Any], wanted: Wanted, into: Record) -> None:
    """Note what does not belong together; only for families that are tuned with tools at all."""
    if "toolConfig" not in wanted.facts.extras:
        return
    names: set[str] | None = None
    if config is not None:
        into.warn("tools", f"toolConfig: {wanted.facts.extras['toolConfig']}", "leave it out where you can")
        names = _check_config(config, into)
    used: set[str] = set()
    answered: set[str] = set()
    for where, kind, value in _uses(messages):
        id_ = value.get("toolUseId")
        if not isinstance(id_, str) or not id_.strip():
            into.problem("tools", f"{where} has no toolUseId", "give each use an id, and its result the same")
            continue
        if kind == "toolUse":
            _check_use(value, where, names, into)
            if id_ in used:
                into.problem(
                    "tools", f"{where}.toolUseId {id_[:40]!r} is there twice", "give each use an id of its own"
                )
            used.add(id_)
        else:
            _check_result(value, where, into)
            if id_ not in used:
                into.problem("tools", f"{where}.toolUseId {id_[:40]!r} is no use's before it", "name a use's id")
            elif id_ in answered:
                into.problem("tools", f"{where}.toolUseId {id_[:40]!r} has a result already", "have one result per use")
            answered.add(id_)


def _check_config(config: Any, into: Record) -> set[str] | None:
    tools = config.get("tools") if isinstance(config, dict) else None
    if not isinstance(tools, list) or not tools:
        into.problem("tools", "toolConfig has no tools", _SPEC)
        return None
    names: set[str] = set()
    for index, tool in enumerate(tools):
        where = f"toolConfig.tools[{index}]"
        spec = tool.get("toolSpec") if isinstance(tool, dict) else None
        if not isinstance(spec, dict):
            into.problem("tools", f"{where} has no toolSpec", _SPEC)
            continue
        for key in ("name", "description"):
            if not isinstance(spec.get(key), str) or not spec[key].strip():
                into.problem("tools", f"{where}.toolSpec has no {key}", _SPEC)
        schema = spec.get("inputSchema")
        schema = schema.get("json") if isinstance(schema, dict) else None
        if not isinstance(schema, dict) or "type" not in schema:
            into.problem("tools", f"{where}.toolSpec.inputSchema.json has no type", _SPEC)
        name = spec.get("name")
        if isinstance(name, str) and name in names:
            into.problem("tools", f"{where}: there is a tool {name[:40]!r} already", "give each tool a name of its own")
        if isinstance(name, str):
            names.add(name)
    return names


def _check_use(value: dict[str, Any], where: str, names: set[str] | None, into: Record) -> None:
    name = value.get("name")
    if not isinstance(name, str) or not name.strip():
        into.problem("tools", f"{where} has no name", "name the tool")
    elif names is not None and name not in names:
        into.problem("tools", f"{where}: toolConfig has no tool {name[:40]!r}", "define it in toolConfig")
    if not isinstance(value.get("input"), dict):
        into.problem("tools", f"{where}.input is {kind_of(value.get('input'))}, not an object", 'write "input": {…}')


def _check_result(value: dict[str, Any], where: str, into: Record) -> None:
    content = value.get("content")
    if not isinstance(content, list) or not content:
        into.problem("tools", f"{where} has no content", 'write "content": [{"text": "…"}]')
        return
    for index, item in enumerate(content):
        has = [key for key in ("text", "json") if isinstance(item, dict) and item.get(key) is not None]
        if len(has) != 1:
            into.problem("tools", f"{where}.content[{index}] has not exactly one of text and json", "have one of them")


def _uses(messages: list[Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for number, message in enumerate(messages):
        content = message.get("content") if isinstance(message, dict) else None
        for index, block in enumerate(content if isinstance(content, list) else ()):
            for kind in ("toolUse", "toolResult"):
                if isinstance(block, dict) and isinstance(block.get(kind), dict):
                    yield f"messages[{number}].content[{index}].{kind}", kind, block[kind]
