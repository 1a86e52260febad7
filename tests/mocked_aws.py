"""AWS in memory: clients for whose calls moto answers, inside of ``mock_aws()`` and nowhere else.

Making a client takes longer than most tests, so that all tests of a process share them. What a test changes in one it
puts back.
"""

import copy
import inspect
import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, BinaryIO

import boto3
import msgspec
from botocore import hooks, loaders, useragent
from moto import mock_aws  # its import comes first: only clients that are made later ask it
from moto.core import DEFAULT_ACCOUNT_ID, models, responses, serialize
from moto.dynamodb import dynamodb_backends

__all__ = ["client", "create_table", "mock_aws"]

REGION = "us-east-1"

# For which the calls of the library requests are answered too: none here, instead of a thousand patterns per account.
models.RESPONSES_METHODS.clear()

# With each call they find the same anew.
for module, name in (
    (responses, "method_names_from_class"),
    (useragent, "sanitize_user_agent_string_component"),
):
    setattr(module, name, cache(getattr(module, name)))


def _accepts_kwargs(function: Callable[..., Any], whole: Callable[..., Any] = hooks.accepts_kwargs) -> bool:
    """Return what botocore finds in a signature, of which each client that is made takes a hundred apart."""
    code = getattr(function, "__code__", None)
    return bool(code.co_flags & inspect.CO_VARKEYWORDS if code else whole(function))


hooks.accepts_kwargs = _accepts_kwargs  # type: ignore[assignment]


def _load_file(_: Any, path: str, opened: Callable[..., BinaryIO]) -> Any:
    """Return what botocore knows of a service or of regions, in a quarter of the time."""
    try:
        with opened(path, "rb") as file:
            return msgspec.json.decode(file.read())
    except FileNotFoundError:
        return None


loaders.JSONFileLoader._load_file = _load_file  # type: ignore[attr-defined]


def _found_once(picker: Any) -> None:
    """Have a picker of moto's look only once for the names that a member of an answer may have in an object."""
    whole: Callable[..., Iterable[str]] = picker.get_possible_keys
    known: dict[Any, list[str]] = {}

    def possible_keys(self: Any, context: Any) -> Iterable[str]:
        if self.alias_providers is not serialize.DEFAULT_ALIAS_PROVIDERS:
            return whole(self, context)
        # All that those providers look at.
        key = type(context.obj), context.key, context.shape
        if key not in known:
            known[key] = list(dict.fromkeys(whole(self, context)))
        return known[key]

    picker.get_possible_keys = possible_keys


for picker in (serialize.AttributePicker, serialize.XFormedAttributePicker):
    _found_once(picker)


@cache
def client(service: str) -> Any:
    """Return this process's client of a service."""
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]  # a name, not a literal


# A request for a table -> the table that moto made of it, empty.
_made: dict[str, Any] = {}


def create_table(**request: Any) -> None:
    """Create a table of DynamoDB: for the first test that asks for it as moto does, for others a copy of that."""
    tables = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables
    key = json.dumps(request)
    if key not in _made:
        client("dynamodb").create_table(**request)
        _made[key] = copy.deepcopy(tables[request["TableName"]])
    else:
        assert request["TableName"] not in tables
        tables[request["TableName"]] = copy.deepcopy(_made[key])
