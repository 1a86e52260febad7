"""Settings survive the way through environment variables, and complain precisely."""

from dataclasses import dataclass, replace

import pytest
from aws_cdk import Token

from lambdas.common.settings import EnvSettings, SettingsError


@dataclass(frozen=True, kw_only=True)
class Example(EnvSettings):
    name: str
    count: int
    share: float
    active: bool
    table: dict[str, dict[str, str | int]]
    options: dict[str, int | None] | None


EXAMPLE = Example(name="a b", count=3, share=0.5, active=False, table={"x": {"y": 1, "z": "é"}}, options={"a": None})


def test_a_round_trip_changes_nothing() -> None:
    environ = EXAMPLE.to_env()

    assert set(environ) == {"NAME", "COUNT", "SHARE", "ACTIVE", "TABLE", "OPTIONS"}
    assert Example.from_env(environ) == EXAMPLE


def test_what_there_is_none_of_comes_back_as_none() -> None:
    environ = replace(EXAMPLE, options=None).to_env()

    assert environ["OPTIONS"] == "null"
    assert Example.from_env(environ).options is None


def test_tokens_pass_through() -> None:
    token = Token.as_string({"Ref": "Table"})

    environ = Example(name=token, count=1, share=1.0, active=True, table={}, options=None).to_env()

    assert environ["NAME"] == token


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(SettingsError, match="Example: missing environment variables: COUNT, ACTIVE"):
        Example.from_env({"NAME": "a", "SHARE": "1", "TABLE": "{}", "OPTIONS": "{}"})


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
