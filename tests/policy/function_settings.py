"""Which variables a function's code reads: the fields of its settings classes."""

import ast
import importlib
import inspect
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path

import grimp

from lambdas.common.settings import EnvSettings
from tests import structure
from tests.structure import PROJECT


def served(script: Path) -> str:
    """Return what the script serves, as ``module:name``: the last word of its last command."""
    return script.read_text(encoding="utf-8").split()[-1]


def module_of(handler: str) -> str:
    """Return the module of a handler's path, or that of what a script serves."""
    if handler.endswith(".sh"):
        return served(PROJECT / handler).rpartition(":")[0]
    return handler.rpartition(".")[0]


def variables_of(module: str) -> tuple[set[str], set[str]]:
    """Return the variables of the settings classes that the module reads, or any of ours that it needs.

    Returns:
        All of them, and those that have to be there: whose fields have no default.
    """
    graph = _graph()
    if module not in graph.modules:
        return set(), set()
    needed = {module, *graph.find_upstream_modules(module)}
    read = {name: required for one in sorted(needed) for name, required in _variables_read(one).items()}
    return set(read), {name for name, required in read.items() if required}


@cache
def _graph() -> grimp.ImportGraph:
    return structure.graph("lambdas")


@cache
def _variables_read(name: str) -> dict[str, bool]:
    """Return the variables of every settings class for which a module calls from_env: name -> whether it has to be."""
    module = importlib.import_module(name)
    called = {
        node.func.value.id
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "from_env"
        and isinstance(node.func.value, ast.Name)
    }
    classes = [getattr(module, one) for one in called]
    return {
        one.name.upper(): one.default is MISSING
        for cls in classes
        if issubclass(cls, EnvSettings)
        for one in fields(cls)
    }
