"""YAML without its traps: plain values only, and no key that is given twice and silently the last one."""

from typing import Any

import yaml


class YamlError(ValueError):
    """The text cannot be used; the message is one line, which begins with the file."""


class _Loader(yaml.CSafeLoader):
    """libyaml's, several times as fast as the one in Python."""

    def __init__(self, text: str | bytes, *, shown: str) -> None:
        super().__init__(text)
        self._shown = shown

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise YamlError(f"{self._shown}: line {line}: {key!r} cannot be a key; keys are words")
            if first := seen.get(key):
                raise YamlError(f"{self._shown}: line {line}: {key!r} is there twice (first in line {first}); keep one")
            seen[key] = line
        return super().construct_mapping(node, deep=deep)


def read_mapping(text: str | bytes, *, shown: str) -> dict[str, Any]:
    """Return the mapping that a text, or a file's bytes, hold; JSON is YAML too.

    Args:
        shown: what the file is called in errors.

    Raises:
        YamlError: it is not YAML, is no mapping, or has a key twice or one that is no word.
    """
    try:
        loader = _Loader(text, shown=shown)
        document = loader.get_single_data()
    except yaml.YAMLError as error:
        raise YamlError(f"{shown}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        found = "nothing" if document is None else type(document).__name__
        raise YamlError(f"{shown}: expected a mapping, found {found}")
    return document
