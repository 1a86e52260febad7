"""Settings survive the way through environment variables, and complain precisely."""

from dataclasses import dataclass, fields, replace
from datetime import date

import pytest
from aws_cdk import Token
from msgspec import Struct

from lambdas.common.settings import EnvSettings, SettingsError


class Part(Struct, frozen=True):
    name: str
    size: int = 1


class Pair(Struct, frozen=True, array_like=True):
    first: str
    second: str


@dataclass(frozen=True, kw_only=True)
class Example(EnvSettings):
    name: str
    count: int
    share: float
    active: bool
    table: dict[str, dict[str, str | int]]
    options: dict[str, int | None] | None
    parts: dict[str, tuple[str | Pair, ...]]
    part: Part | None
    last_day: date | None


EXAMPLE = Example(
    name="a b",
    count=3,
    share=0.5,
    active=False,
    table={"x": {"y": 1, "z": "é"}},
    options={"a": None},
    parts={"b": ("text", Pair("x", "y")), "a": ()},
    part=Part("p"),
    last_day=date(2026, 12, 31),
)


def test_a_round_trip_changes_nothing() -> None:
    environ = EXAMPLE.to_env()

    assert set(environ) == {"NAME", "COUNT", "SHARE", "ACTIVE", "TABLE", "OPTIONS", "PARTS", "PART", "LAST_DAY"}
    assert Example.from_env(environ) == EXAMPLE


def test_the_text_is_the_same_whatever_the_order() -> None:
    assert EXAMPLE.to_env()["PARTS"] == '{"a":[],"b":["text",["x","y"]]}'
    assert EXAMPLE.to_env()["LAST_DAY"] == '"2026-12-31"'


def test_what_there_is_none_of_comes_back_as_none() -> None:
    environ = replace(EXAMPLE, options=None).to_env()

    assert environ["OPTIONS"] == "null"
    assert Example.from_env(environ).options is None


@dataclass(frozen=True, kw_only=True)
class WithDefault(Example):
    path: str | None = None


def test_a_field_has_no_variable_where_it_has_its_default() -> None:
    plain = WithDefault(**{one.name: getattr(EXAMPLE, one.name) for one in fields(EXAMPLE)})

    assert "PATH" not in plain.to_env()
    assert WithDefault.from_env(plain.to_env()) == plain

    other = replace(plain, path="/x")
    assert other.to_env()["PATH"] == '"/x"'
    assert WithDefault.from_env(other.to_env()) == other


def test_tokens_pass_through() -> None:
    token = Token.as_string({"Ref": "Table"})

    environ = replace(EXAMPLE, name=token, parts={"a": (Pair(token, token), token)}, part=Part(token)).to_env()

    assert environ["NAME"] == token
    assert environ["PARTS"] == f'{{"a":[["{token}","{token}"],"{token}"]}}'
    assert environ["PART"] == f'{{"name":"{token}","size":1}}'


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"Example: missing environment variables: COUNT, ACTIVE$"):
        Example.from_env({name: text for name, text in EXAMPLE.to_env().items() if name not in ("COUNT", "ACTIVE")})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("COUNT", "three"),
        ("COUNT", "1.5"),
        ("COUNT", "true"),
        ("ACTIVE", "1"),
        ("ACTIVE", "False"),
        ("SHARE", '"x"'),
        ("TABLE", "[]"),
        ("TABLE", "null"),
        ("OPTIONS", "[]"),
        ("OPTIONS", "3"),
        ("PARTS", '{"a": [1]}'),
        ("PARTS", '{"a": [["x"]]}'),
        ("PART", '{"name": "x", "size": "y"}'),
        ("LAST_DAY", '"tomorrow"'),
        ("LAST_DAY", ""),
    ],
)
def test_an_ill_typed_variable_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        Example.from_env(EXAMPLE.to_env() | {variable: value})


def test_a_whole_number_is_a_float_too() -> None:
    assert Example.from_env(EXAMPLE.to_env() | {"SHARE": "2"}).share == 2.0


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in EXAMPLE.to_env().items():
        monkeypatch.setenv(name, value)

    assert Example.from_env() == EXAMPLE


def test_all_that_is_ill_typed_is_named_at_once_with_its_place() -> None:
    with pytest.raises(SettingsError) as told:
        Example.from_env(EXAMPLE.to_env() | {"COUNT": "x", "PART": '{"name": "x", "size": "y"}'})

    assert str(told.value) == (
        "Example: COUNT: JSON is malformed: invalid character (byte 0); PART: Expected `int`, got `str` - at `$.size`"
    )
