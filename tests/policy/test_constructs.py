"""What holds for every construct: all but scope and id by keyword, few properties, none that the stack knows."""

import importlib
import inspect
import pkgutil
import typing
from typing import Any, Final

import pytest
from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

import stacks
from configuration.config import Config
from stacks.components.dependency_layer import DependencyLayer
from stacks.components.python_function import PythonFunction

# More than a person keeps in mind. Whoever needs another one hands over an object, or splits the construct.
MOST: Final = 7
# What a construct asks EnvironmentStack for.
KNOWN_TO_THE_STACK: Final = (Config, DependencyLayer, RemovalPolicy)


def constructs() -> list[type[Construct]]:
    """Return every class of stacks/ that is a construct and has a constructor of its own."""
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(stacks.__path__, f"{stacks.__name__}.")
    ]
    return [
        one
        for module in modules
        for one in vars(module).values()
        if inspect.isclass(one)
        and issubclass(one, Construct)
        and one.__module__ == module.__name__
        and "__init__" in vars(one)
    ]


def offences(construct: type[Construct]) -> list[str]:
    """Return what is wrong with the constructor's parameters."""
    constructor: Any = construct.__init__
    _, _, _, *properties = inspect.signature(constructor).parameters.values()
    by_keyword = [one for one in properties if one.kind is inspect.Parameter.KEYWORD_ONLY]
    found = [f"{one.name} is not by keyword only" for one in properties if one not in by_keyword]
    if len(properties) > MOST:
        found.append(f"{len(properties)} properties")
    if not issubclass(construct, Stack):
        hints = typing.get_type_hints(constructor)
        found += [f"{one.name} is known to the stack" for one in properties if hints[one.name] in KNOWN_TO_THE_STACK]
    return found


def test_all_constructs_are_found() -> None:
    assert {PythonFunction, DependencyLayer} <= set(constructs())


@pytest.mark.parametrize("construct", constructs(), ids=lambda construct: construct.__name__)
def test_a_construct_is_easy_to_use(construct: type[Construct]) -> None:
    assert offences(construct) == []


class _Crowded(Construct):
    def __init__(
        self, scope: Construct, id_: str, *, a: int, b: int, c: int, d: int, e: int, f: int, g: int, h: int = 0
    ) -> None:
        super().__init__(scope, id_)


class _ByPosition(Construct):
    def __init__(self, scope: Construct, id_: str, table: dynamodb.ITable) -> None:
        super().__init__(scope, id_)


class _Anything(Construct):
    def __init__(self, scope: Construct, id_: str, **properties: Any) -> None:
        super().__init__(scope, id_)


class _HandedThrough(Construct):
    def __init__(
        self, scope: Construct, id_: str, *, settings: Config, layer: DependencyLayer, logs: RemovalPolicy
    ) -> None:
        super().__init__(scope, id_)


@pytest.mark.parametrize(
    ("construct", "found"),
    [
        (_Crowded, ["8 properties"]),
        (_ByPosition, ["table is not by keyword only"]),
        (_Anything, ["properties is not by keyword only"]),
        (_HandedThrough, [f"{name} is known to the stack" for name in ("settings", "layer", "logs")]),
    ],
)
def test_a_construct_that_is_not_is_found(construct: type[Construct], found: list[str]) -> None:
    assert offences(construct) == found
