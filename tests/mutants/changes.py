"""What mutmut changed, read from the files that it writes: every function there is, whole, once per mutant.

Of its mutants those are looked at that change a comparison, an operator, a number, a truth value or a keyword such as
`and`. Left out are texts, which are mostly messages, and arguments and values that become None, which types forbid.
"""

import ast
import difflib
import io
import json
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"(.+)__mutmut_(\d+|orig)")
_WORDS: Final = {"and", "or", "not", "in", "is", "True", "False", "break", "continue", "return", "(", ")"}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A mutant: its name, the function that it is of, and the lines that it changes."""

    name: str
    function: str
    was: str
    becomes: str


def read(folder: Path) -> Iterator[Change]:
    """Yield the mutants below a folder of mutmut's that are looked at, module by module and by their names."""
    for meta in sorted(folder.rglob("*.py.meta")):
        source = meta.with_suffix("")
        module = ".".join(source.relative_to(folder).with_suffix("").parts)
        known = set(json.loads(meta.read_text("utf-8"))["exit_code_by_key"])
        for change in sorted(_changes(ast.parse(source.read_text("utf-8")), module), key=lambda change: change.name):
            if change.name in known and _counts(change):
                yield change


def _changes(tree: ast.Module, module: str) -> Iterator[Change]:
    bodies: dict[str, dict[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (found := _NAME.fullmatch(node.name)):
            node.name = "f"
            bodies.setdefault(found[1], {})[found[2]] = ast.unparse(node)
    for mangled, variants in bodies.items():
        original = variants.pop("orig", "")
        for number, text in variants.items():
            was, becomes = _differing(original, text)
            name = f"{module}.{mangled}__mutmut_{number}"
            yield Change(name=name, function=_shown(module, mangled), was=was, becomes=becomes)


def _shown(module: str, mangled: str) -> str:
    """A function as Python names it: mutmut's are x_name and xǁClassǁname."""
    parts = mangled[2:].split("ǁ") if mangled.startswith("xǁ") else [mangled.removeprefix("x_")]
    return ".".join([module, *parts])


def _differing(original: str, text: str) -> tuple[str, str]:
    lines = list(difflib.ndiff(original.splitlines(), text.splitlines()))
    return tuple("\n".join(line[2:].strip() for line in lines if line[0] == mark) for mark in "-+")  # type: ignore[return-value]  # two marks


def _counts(change: Change) -> bool:
    was, becomes = (_tokens(text) for text in (change.was, change.becomes))
    steps = difflib.SequenceMatcher(None, was, becomes, autojunk=False).get_opcodes()
    changed = [token for kind, i, j, k, m in steps if kind != "equal" for token in (*was[i:j], *becomes[k:m])]
    return bool(changed) and all(_simple(token) for token in changed)


def _tokens(text: str) -> list[str]:
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
                found.append(token.string)
    except (tokenize.TokenError, IndentationError):
        found.append(text)  # A part of a statement: not looked at.
    return found


def _simple(token: str) -> bool:
    return token in _WORDS or bool(re.fullmatch(r"[<>=!+\-*/%&|^~]+|[\d_.]+(?:e[+-]?\d+)?", token))
