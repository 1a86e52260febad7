"""What the functions behind the API are told, as text and back; and that nobody else reads the aliases from it."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

import lambdas
from lambdas.api.settings import InferenceSettings
from lambdas.chat.settings import CalledByArn
from lambdas.common.settings import SettingsError
from lambdas.knowledge.settings import LONGEST_PASSAGE
from tests.lambdas.fakes import KNOWLEDGE, NOVA_MICRO, SETTINGS

LAMBDAS = Path(lambdas.__file__).parent


def test_all_of_it_survives_the_way_through_the_environment() -> None:
    tuned = CalledByArn("arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl", NOVA_MICRO)
    told = replace(SETTINGS, aliases={**SETTINGS.aliases, "tuned": (tuned, NOVA_MICRO)})

    assert InferenceSettings.from_env(told.to_env()) == told
    assert InferenceSettings.from_env(replace(told, knowledge=None).to_env()).knowledge is None


def test_ids_are_told_without_what_the_catalogue_knows() -> None:
    assert SETTINGS.to_env()["ALIASES"] == (
        '{"embed":["amazon.titan-embed-text-v2:0"],"fast":["amazon.nova-micro-v1:0","us.amazon.nova-lite-v1:0"],'
        '"smart":["us.anthropic.claude-haiku-4-5-20251001-v1:0"]}'
    )


def test_what_does_not_limit_a_passage_is_left_out() -> None:
    import msgspec

    whole = replace(SETTINGS, knowledge=msgspec.structs.replace(KNOWLEDGE, passage_tokens=LONGEST_PASSAGE))

    assert "passage_tokens" not in whole.to_env()["KNOWLEDGE"]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (
            "ALIASES",
            '{"fast":[{"model_id":"x"}]}',
            r"ALIASES: Expected `str \| array`, got `object` - at `\$\[...\]\[0\]`",
        ),
        ("ALIASES", '{"fast":"x"}', r"ALIASES: Expected `array`, got `str` - at `\$\[...\]`"),
        ("ALIASES", '{"fast":[["arn"]]}', r"ALIASES: .*length 2.* - at `\$\[...\]\[0\]`"),
        ("ALIASES", '{"fast"', "ALIASES: Input data was truncated"),
        ("KNOWLEDGE", "{}", "KNOWLEDGE: Object missing required field `id`"),
        ("KNOWLEDGE", KNOWLEDGE, r"KNOWLEDGE: Invalid enum value 'guess' - at `\$.search`"),
    ],
)
def test_what_is_wrong_inside_a_variable_is_told_with_its_place(variable: str, value: object, said: str) -> None:
    text = value if isinstance(value, str) else SETTINGS.to_env()[variable].replace("{", '{"search":"guess",', 1)

    with pytest.raises(SettingsError, match=f"InferenceSettings: {said}"):
        InferenceSettings.from_env({**SETTINGS.to_env(), variable: text})


def test_the_aliases_are_read_from_the_settings_in_one_place() -> None:
    """Below ``api`` nobody can: what knows chat is not told of them. In ``api`` all others ask ``Aliases``."""
    readers = {
        path.relative_to(LAMBDAS).as_posix()
        for path in LAMBDAS.rglob("*.py")
        if ".aliases" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr == "aliases" and "settings" in ast.unparse(node.value)
    }

    # Tuning's own settings say which aliases may be promoted, and what they call.
    assert readers - {"tuning/asked.py"} == {"api/composition.py"}
